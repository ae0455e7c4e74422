#include "rules/fixes/orm_calls.h"

namespace pgsieve {

bool orm_call_is_eager(const FixPlan& plan) {
  return plan.kind == FixClass::kHasMany || plan.kind == FixClass::kBelongsTo ||
         plan.kind == FixClass::kManyToMany || plan.kind == FixClass::kThrough ||
         plan.kind == FixClass::kPolymorphic;
}

std::string orm_call(Orm orm, const FixPlan& plan) {
  if (orm == Orm::kUnknown || plan.table.empty()) return {};
  if (orm_call_is_eager(plan)) {
    std::string call = eager_call(orm, plan);
    return call.empty() ? get_call(orm, plan) : call;
  }
  switch (plan.kind) {
    case FixClass::kCount:
      return count_call(orm, plan);
    case FixClass::kExists:
      return exists_call(orm, plan);
    case FixClass::kTopN:
      return top_call(orm, plan);
    case FixClass::kGet:
      return get_call(orm, plan);
    case FixClass::kLock:
      return lock_call(orm, plan);
    case FixClass::kDeferred:
      return deferred_call(orm, plan);
    case FixClass::kInsert:
      return insert_call(orm, plan);
    case FixClass::kUpdate:
      return update_call(orm, plan);
    case FixClass::kDelete:
      return delete_call(orm, plan);
    case FixClass::kUpsert:
      return upsert_call(orm, plan);
    default:
      break;
  }
  return {};
}

}  // namespace pgsieve
