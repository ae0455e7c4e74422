// How sure a loop over rows is: with a list whose rows can have supplied the values, and without one.
#pragma once

#include "rules/loop_verdict.h"

namespace pgsieve {

// How a statement follows a list in all of the traffic (loop_habit.h).
struct ListHabit {
  bool once_per_row = false;  // as often as all executions of the list have rows
  bool rule = false;          // nearly all of them, and seldom else
  bool nowhere_else = false;  // after the few there are, nearly each time it ran
};

// Nothing before it could have supplied the values: they come from outside the database, or from another
// statement whose names don't tell.
void grade_alone(const LoopExample& example, const LoopOptions& options, LoopVerdict& verdict);

// As if there were no parent.
void judge_alone(const LoopExample& example, const LoopOptions& options, LoopVerdict& verdict);

// With a parent whose rows can have supplied the values.
void grade_linked(const LoopExample& example, const LoopOptions& options, bool with_schema,
                  const ListHabit& habit, LoopVerdict& verdict);

}  // namespace pgsieve
