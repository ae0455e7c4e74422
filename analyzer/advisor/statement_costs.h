// StatementCosts: what one statement costs under the sets of indexes a selection looks at, as far as it is
// known.
//
// A statement is planned with each of its literals; its cost is their mean, weighted by their shares. Times
// are its observed time × (cost with the set / cost without any). Internal to the selection.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <vector>

#include "analyzer/advisor/cost_book.h"

namespace pgsieve::internal {

using IndexSet = std::set<size_t>;  // ids: positions in SelectionResult::candidates

struct StatementCosts {
  double weight = 0;             // ms without any index, in total
  std::vector<size_t> relevant;  // ids; the position is the bit in the masks. Grows at its end only
  std::vector<CostBook> books;   // one per literal
  std::vector<double> shares;    // parallel; of the first `searched`, they add up to 1 once `usable`
  size_t searched = 0;           // the first so many literals take part in the search
  double base = 0;               // cost without any
  bool usable = false;           // planned without any and with all: the search may count on it

  IndexMask mask_of(const IndexSet& set) const;
  IndexMask all_relevant() const;

  // Mean cost over the literals; nothing when some answer is missing.
  std::optional<double> cost(IndexMask mask) const;
  // Time under a set, or the least it can be.
  double least_time(IndexMask mask, bool* exact) const;
  // Time under a set by the best plan known: an index nobody has tried with this statement may do better.
  double known_time(IndexMask mask) const;

  // How many literals the search has to plan, from the ratio of best cost to base of each: one, where they
  // are alike. The shares of those are made to add up to 1.
  void search_literals(const std::vector<double>& ratios);
};

}  // namespace pgsieve::internal
