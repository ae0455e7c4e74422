#include "analyzer/advisor/cost_book.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace pgsieve::internal {

const CostBook::Entry* CostBook::find(IndexMask set) const {
  for (const Entry& entry : entries_)
    if ((entry.used & ~set) == 0 && (set & ~entry.offered) == 0) return &entry;
  return nullptr;
}

void CostBook::add(IndexMask offered, PlanAnswer answer) {
  IndexMask used = 0;
  std::vector<size_t> positions;
  for (size_t bit = 0; bit < kMaxRelevant; ++bit)
    if ((offered >> bit & 1U) != 0) positions.push_back(bit);
  for (size_t& at : answer.used) {
    if (at >= positions.size()) continue;
    at = positions[at];  // from "position among the offered" to "position in the statement's list"
    used |= IndexMask{1} << at;
  }
  entries_.push_back({.offered = offered, .used = used, .answer = std::move(answer)});
}

double CostBook::at_least(IndexMask set) const {
  double bound = 0;
  double least = std::numeric_limits<double>::infinity();
  for (const Entry& entry : entries_) {
    if ((set & ~entry.offered) == 0) bound = std::max(bound, entry.answer.cost);
    least = std::min(least, entry.answer.cost);
  }
  return bound > 0 || entries_.empty() ? bound : least;
}

const CostBook::Entry* CostBook::cheapest(IndexMask set) const {
  const Entry* found = nullptr;
  for (const Entry& entry : entries_)
    if ((entry.used & ~set) == 0 && (found == nullptr || entry.answer.cost < found->answer.cost))
      found = &entry;
  return found;
}

double CostBook::at_most(IndexMask set) const {
  const Entry* entry = cheapest(set);
  return entry == nullptr ? std::numeric_limits<double>::infinity() : entry->answer.cost;
}

}  // namespace pgsieve::internal
