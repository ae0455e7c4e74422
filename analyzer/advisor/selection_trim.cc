// The passes that end a selection: what is superfluous goes, what stays may get more keys.
#include <algorithm>
#include <vector>

#include "analyzer/advisor/selection_passes.h"

namespace pgsieve::internal {

namespace {

// A chosen index is widened when that takes so much off what its statements still cost.
constexpr double kWorthWidening = 0.2;

// Whether the best plan known of a statement has the index.
bool uses(const SelectionSearch& search, size_t at, size_t id) {
  const StatementCosts& statement = search.statements()[at];
  const IndexMask mask = statement.mask_of(search.chosen());
  const CostBook::Entry* entry = statement.books[0].cheapest(mask);
  const auto bit = std::ranges::find(statement.relevant, id);
  return entry != nullptr && bit != statement.relevant.end() &&
         (entry->used >> (bit - statement.relevant.begin()) & 1U) != 0;
}

bool try_widening(SelectionSearch& search, size_t id, size_t wide, const std::vector<size_t>& users,
                  double left) {
  IndexSet set = search.chosen();
  set.erase(id);
  set.insert(wide);
  const double worth = std::max(search.problem().min_gain.ms, kWorthWidening * left);
  if (!search.fits(set) || !search.reaches(set, users, search.total_now(users) - worth)) return false;
  search.replace(set);
  return true;
}

}  // namespace

void drop(SelectionSearch& search) {
  std::vector<size_t> order = search.in_order_taken();
  std::ranges::stable_sort(order, [&search](size_t left, size_t right) {
    return search.least_loss({left}) / search.bytes_of(left) <
           search.least_loss({right}) / search.bytes_of(right);
  });
  for (const size_t id : order) {
    IndexSet set = search.chosen();
    set.erase(id);
    const std::vector<size_t> statements = search.touched_by({id});
    if (search.reaches(set, statements, search.total_now(statements) + search.min_gain()))
      search.replace(set);
  }
}

// One more key in an index that is built anyway costs no further entry, only bytes.
void widen(SelectionSearch& search, const IndexSet& pool) {
  for (const size_t id : std::vector<size_t>(search.in_order_taken())) {
    std::vector<size_t> users;
    double left = 0;
    for (size_t at = 0; at < search.statements().size(); ++at) {
      if (!search.statements()[at].usable || !uses(search, at, id)) continue;
      users.push_back(at);
      left += search.time_now(search.statements()[at]);
    }
    for (const size_t wide : pool) {
      const IndexDefinition& more = search.definition(wide);
      const bool wider = wide != id && more.include.empty() && !search.chosen().contains(wide) &&
                         covers(more, search.definition(id));
      if (wider && try_widening(search, id, wide, users, left)) break;
    }
  }
}

}  // namespace pgsieve::internal
