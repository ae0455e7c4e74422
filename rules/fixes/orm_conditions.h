// Conditions in an ORM's own language, to stand behind the one for the keys. Values are variables named after
// the column: what was asked for in the loop is the program's to know, and often no one else's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/fixes/plan.h"

namespace pgsieve {

// What loads the rows: the model, which may add conditions of its own (soft deletion, single-table
// inheritance), or a relation of the list's model, which also adds the type of a polymorphic one.
enum class AskedBy : uint8_t { kModel, kRelation };

// The plan's constant conditions that the model or relation does not add by itself.
bool has_conditions(Orm orm, const FixPlan& plan, AskedBy by);

// Columns of further conditions that the ORM's form has no room for: of two on one column an object holds
// one.
std::vector<std::string> columns_left_out(Orm orm, const FixPlan& plan);

// Written to be appended to a condition: .filter(status=status), " AND x.status = :status",
// ", status: status". "" when there are none. `subject` is the model or alias that the fields belong to.
std::string conditions_after(Orm orm, const FixPlan& plan, std::string_view subject,
                             AskedBy by = AskedBy::kModel);
// The same to stand alone: without what ties them to a condition before.
std::string conditions_alone(Orm orm, const FixPlan& plan, std::string_view subject,
                             AskedBy by = AskedBy::kRelation);

// Django's Q objects, for aggregates over a relation: Q(posts__status=status) & ~Q(posts__kind=kind).
std::string django_q(const FixPlan& plan, std::string_view relation);
// A raw condition with named values, and those: {"x.status = :status", "{ status }"}, for TypeORM's query
// builder.
struct NamedCondition {
  std::string text, values;
};
NamedCondition typeorm_condition(const FixPlan& plan, std::string_view alias, AskedBy by);
// Several of Drizzle's conditions in one: and(inArray(…), eq(…)); `first` alone where there are no others.
std::string drizzle_where(const std::string& first, const std::string& rest);
// Among the options of a relation: "where: eq(comments.status, status)"; "" when it has none.
std::string drizzle_relation_where(const FixPlan& plan);
// GORM's preload conditions: "status = ? AND age >= ?", status, minAge.
std::string gorm_condition(const FixPlan& plan);

}  // namespace pgsieve
