// EXPLAIN (FORMAT JSON) output → what the advisor needs of a plan, and the plan as people read it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "analyzer/advisor/planner.h"
#include "analyzer/base/error.h"

namespace pgsieve {

// Called for every index a plan names; gives the name to print.
using NameIndex = std::function<std::string(std::string_view name)>;

// Fills cost, rows, scanned and plan; `used` and `existing` are the caller's, from what `name_index` sees.
// Error: not a plan.
Result<PlanAnswer> read_plan(std::string_view json, const NameIndex& name_index);

}  // namespace pgsieve
