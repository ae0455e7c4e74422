// The call in an ORM's own language that a plan amounts to. Empty where the ORM has none: then SQL is the
// answer.
#pragma once

#include <string>

#include "rules/fixes/plan.h"

namespace pgsieve {

// prefetch_related("posts__comments"), .includes(posts: :comments), …: the relations of plan.path, loaded
// with the list.
std::string eager_call(Orm orm, const FixPlan& plan);
// The loop had conditions that no call for a relation of this ORM can hold: eager_call() reads by key then,
// and where that does not pick the rows (a join table does), it loads the relation without them.
bool eager_call_lacks_conditions(Orm orm, const FixPlan& plan);

// By class, where the path alone does not say it.
std::string count_call(Orm orm, const FixPlan& plan);
std::string exists_call(Orm orm, const FixPlan& plan);
std::string top_call(Orm orm, const FixPlan& plan);
std::string get_call(Orm orm, const FixPlan& plan);
std::string lock_call(Orm orm, const FixPlan& plan);
std::string deferred_call(Orm orm, const FixPlan& plan);

// One value for all rows, or one for each.
bool updates_alike(const FixPlan& plan);

std::string insert_call(Orm orm, const FixPlan& plan);
std::string update_call(Orm orm, const FixPlan& plan);
std::string delete_call(Orm orm, const FixPlan& plan);
std::string upsert_call(Orm orm, const FixPlan& plan);

// Whether that is eager_call().
bool orm_call_is_eager(const FixPlan& plan);
// The one of the above that fits plan.kind.
std::string orm_call(Orm orm, const FixPlan& plan);

}  // namespace pgsieve
