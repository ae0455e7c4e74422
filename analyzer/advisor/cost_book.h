// CostBook: what the planner has said about one statement, and what follows from it without asking again.
//
// Sets of indexes are bit masks over the statement's own list of relevant indexes (at most 64). Internal to
// the selection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/advisor/planner.h"

namespace pgsieve::internal {

using IndexMask = uint64_t;
inline constexpr size_t kMaxRelevant = 64;

class CostBook {
 public:
  struct Entry {
    IndexMask offered = 0, used = 0;
    PlanAnswer answer;
  };

  // The answer for a set: the very one, or one of which it follows (see selection.h). nullptr: not known.
  const Entry* find(IndexMask set) const;
  void add(IndexMask offered, PlanAnswer answer);

  // The cost of `set` is at least this: what the planner found with more to choose from; where it never had
  // more, the least it ever found. 0: nothing known.
  double at_least(IndexMask set) const;
  // And at most this: the cheapest plan known that needs nothing beyond `set`. Infinite: nothing known.
  double at_most(IndexMask set) const;
  const Entry* cheapest(IndexMask set) const;  // that plan; nullptr: nothing known

  bool refused() const { return !error.empty(); }
  std::string error;  // the planner's refusal

 private:
  std::vector<Entry> entries_;
};

}  // namespace pgsieve::internal
