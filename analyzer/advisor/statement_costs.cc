#include "analyzer/advisor/statement_costs.h"

#include <algorithm>

namespace pgsieve::internal {

namespace {

// Literals whose ratios of best to base lie this close are told apart by the final check only.
constexpr double kSameRatio = 0.2;

}  // namespace

IndexMask StatementCosts::mask_of(const IndexSet& set) const {
  IndexMask mask = 0;
  for (size_t bit = 0; bit < relevant.size(); ++bit)
    if (set.contains(relevant[bit])) mask |= IndexMask{1} << bit;
  return mask;
}

IndexMask StatementCosts::all_relevant() const {
  return relevant.size() >= kMaxRelevant ? ~IndexMask{0} : (IndexMask{1} << relevant.size()) - 1;
}

std::optional<double> StatementCosts::cost(IndexMask mask) const {
  double sum = 0;
  for (size_t i = 0; i < searched; ++i) {
    const CostBook::Entry* entry = books[i].find(mask);
    if (entry == nullptr) return std::nullopt;
    sum += shares[i] * entry->answer.cost;
  }
  return sum;
}

double StatementCosts::least_time(IndexMask mask, bool* exact) const {
  const std::optional<double> known = cost(mask);
  *exact = known.has_value();
  double value = known.value_or(0);
  if (!known)
    for (size_t i = 0; i < searched; ++i) value += shares[i] * books[i].at_least(mask);
  return base > 0 ? weight * value / base : 0;
}

double StatementCosts::known_time(IndexMask mask) const {
  double sum = 0;
  for (size_t i = 0; i < searched; ++i)
    sum += shares[i] * std::min(books[i].at_most(mask), books[i].at_most(0));
  return base > 0 ? weight * sum / base : 0;
}

void StatementCosts::search_literals(const std::vector<double>& ratios) {
  const auto [low, high] = std::ranges::minmax_element(ratios);
  searched = *high - *low <= kSameRatio ? 1 : ratios.size();
  double sum = 0;
  for (size_t i = 0; i < searched; ++i) sum += shares[i];
  for (size_t i = 0; i < searched; ++i)
    shares[i] = sum > 0 ? shares[i] / sum : 1.0 / static_cast<double>(searched);
}

}  // namespace pgsieve::internal
