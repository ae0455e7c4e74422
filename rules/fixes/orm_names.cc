#include "rules/fixes/orm_names.h"

namespace pgsieve {

CallNames call_names(Orm orm, const FixPlan& plan) {
  CallNames names;
  if (!plan.path.empty()) {
    names.parent = model_name(orm, plan.path.back().from_table);
    names.relation = member_name(orm, plan.path.back().words);
  }
  names.child = model_name(orm, plan.table);
  names.key = field_name(orm, plan.key_column.empty() ? "id" : plan.key_column);
  names.order = field_name(orm, plan.order_column.empty() ? "id" : plan.order_column);
  return names;
}

std::string queried_name(Orm orm, const FixPlan& plan) {
  const bool aliased =
      orm == Orm::kDoctrine || orm == Orm::kHibernate || orm == Orm::kEcto || orm == Orm::kEfCore;
  return aliased ? std::string("x") : model_name(orm, plan.table);
}

bool by_key(const FixPlan& plan) {
  return !plan.key_column.empty() && plan.key_table == plan.table;
}

}  // namespace pgsieve
