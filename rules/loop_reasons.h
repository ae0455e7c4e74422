// Why a loop is taken for one, in words for whoever reads the finding. All numbers are those of the scope
// that decided.
#pragma once

#include <string>

#include "rules/loop_verdict.h"

namespace pgsieve {

// What ties the child to its parent.
void explain_parent(const LoopExample& example, const Link& link, LoopVerdict& verdict);

// How its turns follow each other. `verdict` knows its loop.
void explain_loop(const LoopExample& example, LoopVerdict& verdict);

// That a list explains all executions of the child.
std::string explain_in_all(const Pattern& child);

// Why turns whose single pauses the log's clock does not show may be no loop; see dense_turns().
std::string untimed_doubt(Microseconds at_most);

}  // namespace pgsieve
