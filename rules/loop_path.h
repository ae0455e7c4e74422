// The statements that lead to a loop: from the list at the start of the chain to the one whose rows the loop
// follows.
#pragma once

#include <vector>

#include "rules/loop_verdict.h"

namespace pgsieve {

// Root first, the loop's own statement left out; one statement when the loop follows a plain list, none
// without a parent. Where facts don't tell how root and parent hang together, only those two are named.
std::vector<PatternKey> path_above(const RuleContext& context, const LoopVerdict& verdict);

}  // namespace pgsieve
