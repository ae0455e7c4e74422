#include "analyzer/advisor/selection_moves.h"

#include <algorithm>
#include <set>
#include <utility>

namespace pgsieve::internal {

namespace {

bool same_first_key(const IndexDefinition& left, const IndexDefinition& right) {
  return left.schema == right.schema && left.table == right.table && left.method == right.method &&
         !left.keys.empty() && !right.keys.empty() && left.keys.front().column == right.keys.front().column &&
         left.keys.front().expression == right.keys.front().expression &&
         left.keys.front().opclass == right.keys.front().opclass;
}

}  // namespace

SelectionMoves::SelectionMoves(SelectionSearch& search) : search_(search) {
  make_pool();
  extend_relevant();
  make_moves();
}

// ---- the pool

void SelectionMoves::make_pool() {
  for (const std::vector<size_t>& best : search_.best_sets()) {
    for (const size_t id : best) {
      pool_.insert(id);
      IndexDefinition narrow = search_.definition(id);
      narrow.include.clear();
      if (narrow.method != "btree") continue;
      for (; !narrow.keys.empty(); narrow.keys.pop_back())
        if (is_new_to_schema(narrow)) pool_.insert(search_.id_of(narrow));
    }
  }
}

// A prefix that was no candidate of anybody was taken out because it exists.
bool SelectionMoves::is_new_to_schema(const IndexDefinition& definition) const {
  const SelectionProblem& problem = search_.problem();
  return search_.is_known(definition) || !problem.exists || !problem.exists(definition);
}

// What others brought into the pool may serve a statement, too.
void SelectionMoves::extend_relevant() {
  for (size_t at = 0; at < search_.statements().size(); ++at) {
    const StatementCosts& statement = search_.statements()[at];
    if (!statement.usable) continue;
    for (const size_t id : pool_)
      if (statement.relevant.size() < kMaxRelevant &&
          std::ranges::find(statement.relevant, id) == statement.relevant.end() && is_relevant(statement, id))
        search_.add_relevant(at, id);
  }
}

bool SelectionMoves::is_relevant(const StatementCosts& statement, size_t id) const {
  const IndexDefinition& wanted = search_.definition(id);
  return std::ranges::any_of(statement.relevant, [&](size_t own) {
    const IndexDefinition& each = search_.definition(own);
    return same_first_key(each, wanted) && (wanted.predicate.empty() || wanted.predicate == each.predicate);
  });
}

void SelectionMoves::make_moves() {
  std::set<std::vector<size_t>> known;
  const auto add = [&](std::vector<size_t> ids) {
    if (ids.empty() || !known.insert(ids).second) return;
    Move move;
    move.statements = search_.touched_by(IndexSet(ids.begin(), ids.end()));
    move.ids = std::move(ids);
    moves_.push_back(std::move(move));
  };
  for (const size_t id : pool_) add({id});
  for (const std::vector<size_t>& best : search_.best_sets())
    if (best.size() > 1) add(best);
}

// ---- what a move does

IndexSet SelectionMoves::with(const Move& move) const {
  IndexSet set = search_.chosen();
  set.insert(move.ids.begin(), move.ids.end());
  return set;
}

double SelectionMoves::added_bytes(const Move& move) const {
  double bytes = 0;
  for (const size_t id : move.ids)
    if (!search_.chosen().contains(id)) bytes += search_.bytes_of(id);
  return bytes;
}

// Included columns make an index wide and stand in the way of HOT updates: they have to save something that
// counts among all.
double SelectionMoves::least_gain(const Move& move) const {
  const bool wide = std::ranges::any_of(move.ids, [this](size_t id) {
    return !search_.chosen().contains(id) && !search_.definition(id).include.empty();
  });
  return wide ? std::max(search_.min_gain(), search_.strict_gain()) : search_.min_gain();
}

// ---- bounds

double SelectionMoves::bound_of(const Move& move, size_t at, const IndexSet& set, bool* exact) const {
  const StatementCosts& statement = search_.statements()[at];
  const double gain = search_.time_now(statement) - statement.least_time(statement.mask_of(set), exact);
  if (*exact) return gain;
  const auto last = move.last_gain.find(at);
  return last == move.last_gain.end() ? gain : std::min(gain, last->second);
}

void SelectionMoves::refresh(Move& move) {
  const IndexSet set = with(move);
  move.bound = search_.write_cost(search_.chosen()) - search_.write_cost(set);
  for (const size_t at : move.statements) {
    bool exact = false;
    move.bound += bound_of(move, at, set, &exact);
  }
}

void SelectionMoves::refresh_all() {
  for (Move& move : moves_) refresh(move);
}

void SelectionMoves::refresh_around(const Move& taken) {
  std::vector<bool> touched(search_.statements().size(), false);
  for (const size_t at : taken.statements) touched[at] = true;
  for (Move& move : moves_)
    if (std::ranges::any_of(move.statements, [&touched](size_t at) { return touched[at]; })) refresh(move);
}

void SelectionMoves::refresh_for(size_t statement) {
  for (Move& move : moves_)
    if (std::ranges::find(move.statements, statement) != move.statements.end()) refresh(move);
}

size_t SelectionMoves::most_uncertain(const Move& move) const {
  const IndexSet set = with(move);
  size_t found = std::string::npos;
  double most = 0;
  for (const size_t at : move.statements) {
    bool exact = false;
    const double gain = bound_of(move, at, set, &exact);
    if (exact || search_.statements()[at].books[0].refused()) continue;
    if (found != std::string::npos && gain <= most) continue;
    found = at;
    most = gain;
  }
  // A gain this small changes nothing.
  return most > search_.min_gain() / 10 ? found : std::string::npos;
}

}  // namespace pgsieve::internal
