// What batch_rewrite() has to know of a loop: which slots of the statement vary, and the types of their
// values.
#pragma once

#include <cstdint>
#include <vector>

#include "analyzer/sql/rewrite.h"
#include "rules/rule.h"

namespace pgsieve {

// The slots of the child that vary from turn to turn and say which row; never LIMIT or OFFSET.
std::vector<uint32_t> varying_slots(const Pattern& child, const LoopExample& example);

// Refers to `child`, which must outlive it. Nothing varies in it where no batched form can hold what does.
BatchRequest batch_request(const RuleContext& context, const Pattern& child, const LoopExample& example);

}  // namespace pgsieve
