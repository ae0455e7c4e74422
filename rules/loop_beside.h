// Two loops in one: a turn that asks one table for a value, and then another for the same value.
//
//   SELECT id, title FROM act LIMIT 15                              the list
//   SELECT slot FROM performance WHERE act_id = $1                  each turn: this,
//   SELECT value FROM attribute WHERE entity_id = $1                … and this, with the same value
//
// No name links attribute.entity_id to any list. What the turn asked for just before does: its list is the
// list of both.
#pragma once

#include <functional>

#include "rules/loop_verdict.h"

namespace pgsieve {

// Judges a loop of another statement, without looking beside it in turn.
using JudgeLoop = std::function<LoopVerdict(const Loop& loop, const Pattern& child, const Pattern* parent)>;

// When no name links `verdict` to a list, and a linked loop runs beside it:
// takes over that one's list, with what is sure of it, and says so. True: it did. `verdict` has its loop,
// example and link; `parent` is that of its loop, or null.
bool use_loop_beside(const RuleContext& context, const Pattern& child, const Pattern* parent,
                     const LoopOptions& options, const JudgeLoop& judge, LoopVerdict& verdict);

}  // namespace pgsieve
