// Latent loops: a statement that ran once after each execution of a list that had one row to give. With the
// data of production it would run once per row.
#pragma once

#include <vector>

#include "rules/loop_verdict.h"

namespace pgsieve {

// Appends hints of low confidence, never more: for a pair that nothing but its single row keeps from being a
// loop, when the statement is reported as a loop after another list, or when a test's database is known to
// hold one row of the list. `findings` holds what n-plus-one has reported so far.
void add_latent_loops(const RuleContext& context, std::vector<Finding>& findings);

}  // namespace pgsieve
