// The passes of a selection, in the order selection.h tells them: each looks at what is chosen, asks the
// planner what it must know, and leaves a chosen set that is no worse. Internal to the selection.
#pragma once

#include "analyzer/advisor/selection_moves.h"
#include "analyzer/advisor/selection_search.h"

namespace pgsieve::internal {

// Adds what gains most per byte, as long as something gains enough and fits.
void choose_greedily(SelectionSearch& search, SelectionMoves& moves);
// Under a budget: brings in what was left out for up to two that are in, as long as that helps.
void exchange(SelectionSearch& search, SelectionMoves& moves);
// Takes out what the others have made superfluous, or what gains less than its writes cost.
void drop(SelectionSearch& search);
// Gives what is left more keys where that spares its statements a sort or a filter.
void widen(SelectionSearch& search, const IndexSet& pool);

}  // namespace pgsieve::internal
