#include <set>

#include "analyzer/advisor/selection_passes.h"

namespace pgsieve::internal {

namespace {

// The move that may gain most per byte, of those that may gain enough and fit; nullptr: none.
Move* most_promising(const SelectionSearch& search, SelectionMoves& moves,
                     const std::set<const Move*>& given_up) {
  Move* top = nullptr;
  double most = 0;
  const double used = search.bytes_of(search.chosen());
  const auto& budget = search.problem().budget_bytes;
  for (Move& move : moves.all()) {
    if (move.bound <= moves.least_gain(move) || given_up.contains(&move)) continue;
    const double bytes = moves.added_bytes(move);
    if (bytes <= 0 || (budget && used + bytes > *budget)) continue;
    if (top != nullptr && move.bound / (1 + bytes) <= most) continue;
    top = &move;
    most = move.bound / (1 + bytes);
  }
  return top;
}

}  // namespace

// A bound that is not yet a gain is settled by a question about the statement that is most in doubt, and then
// compared again; a move still on top when nothing about it is in doubt is the best there is.
void choose_greedily(SelectionSearch& search, SelectionMoves& moves) {
  moves.refresh_all();
  std::set<const Move*> given_up;
  while (Move* top = most_promising(search, moves, given_up)) {
    const size_t at = moves.most_uncertain(*top);
    if (at == std::string::npos) {
      search.take(top->ids);
      moves.refresh_around(*top);
      continue;
    }
    if (!search.learn(at, search.statements()[at].mask_of(moves.with(*top)))) {
      given_up.insert(top);  // no questions left, or a refusal
      continue;
    }
    bool exact = false;
    top->last_gain[at] = moves.bound_of(*top, at, moves.with(*top), &exact);
    moves.refresh_for(at);
  }
}

}  // namespace pgsieve::internal
