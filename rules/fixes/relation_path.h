// The relations that lead from a list to what a loop read for its rows, as the statements' names tell.
#pragma once

#include <vector>

#include "rules/fixes/plan.h"

namespace pgsieve {

// Empty where no name ties the two. `above`: the list; null: there is none. `to_one`: each of its rows refers
// to one of plan.table's.
std::vector<RelationStep> relation_path(const RuleContext& context, const LoopVerdict& verdict,
                                        const Pattern* above, bool to_one, const FixPlan& plan);

}  // namespace pgsieve
