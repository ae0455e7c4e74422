// What keeps a loop's grade down whatever else speaks for it: each limit lowers the verdict's ceiling and
// puts its doubt first.
#pragma once

#include <string>

#include "rules/loop_verdict.h"

namespace pgsieve {

// `doubt`: of the loop itself; may be empty. `between`: how sure the loop over the rows that bring the values
// is, where there is one.
void limit_doubtful(std::string doubt, Confidence between, LoopVerdict& verdict);

// Turns whose values the capture has not.
void limit_unseen(LoopVerdict& verdict);

// Turns that ask for a few values over and over, as what the program does not remember does as well as a list
// of rows that share them.
void limit_repeated(LoopVerdict& verdict);

// Turns that may go over the rows of one of several lists; `doubt` names them.
void limit_between(std::string doubt, LoopVerdict& verdict);

// What a driver sent as one batch is no loop that waits for each row. Of writes that is all there is to say;
// reads still ask for rows one by one. Writes come in batches often, reads seldom: what a log can't tell is a
// doubt about writes only.
void limit_batch(const Pattern& child, LoopVerdict& verdict);

}  // namespace pgsieve
