#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "analyzer/advisor/selection_passes.h"

namespace pgsieve::internal {

namespace {

// Bounds on an exchange round, so that a large workload does not spend its time on hopeless trials.
constexpr size_t kMaxWeak = 12;
constexpr size_t kMaxTrials = 3000;
constexpr int kRounds = 12;

struct Departure {
  std::vector<size_t> ids;  // none, one or two
  double loss;              // ms, at least
};

struct Trial {
  double promise;  // ms
  const Move* move;
  std::vector<size_t> out;
};

// The chosen ones that would be missed least for their size.
std::vector<size_t> weakest(const SelectionSearch& search, const std::map<size_t, double>& loss) {
  std::vector<size_t> order(search.chosen().begin(), search.chosen().end());
  std::ranges::stable_sort(order, [&](size_t left, size_t right) {
    return loss.at(left) / search.bytes_of(left) < loss.at(right) / search.bytes_of(right);
  });
  if (order.size() > kMaxWeak) order.resize(kMaxWeak);
  return order;
}

std::vector<Departure> departures(const SelectionSearch& search) {
  std::map<size_t, double> loss;
  for (const size_t id : search.chosen()) loss[id] = search.least_loss({id});
  const std::vector<size_t> weak = weakest(search, loss);
  std::vector<Departure> found = {{{}, 0}};
  for (size_t first = 0; first < weak.size(); ++first) {
    found.push_back({{weak[first]}, loss[weak[first]]});
    for (size_t second = first + 1; second < weak.size(); ++second)
      found.push_back({{weak[first], weak[second]}, search.least_loss({weak[first], weak[second]})});
  }
  return found;
}

// Every move with every departure that makes room for it and may leave a gain; the most promising first.
std::vector<Trial> trials_of(const SelectionSearch& search, SelectionMoves& moves) {
  const std::vector<Departure> outs = departures(search);
  std::vector<Trial> trials;
  for (const Move& move : moves.all()) {
    if (move.bound <= moves.least_gain(move) || moves.with(move).size() == search.chosen().size()) continue;
    for (const auto& [out, lost] : outs) {
      const bool overlap = std::ranges::any_of(
          out, [&move](size_t id) { return std::ranges::find(move.ids, id) != move.ids.end(); });
      if (overlap || move.bound - lost <= moves.least_gain(move)) continue;
      IndexSet set = moves.with(move);
      for (const size_t id : out) set.erase(id);
      if (search.fits(set)) trials.push_back({move.bound - lost, &move, out});
    }
  }
  std::ranges::stable_sort(trials, [](const Trial& left, const Trial& right) {
    return std::pair(-left.promise, left.out.size()) < std::pair(-right.promise, right.out.size());
  });
  if (trials.size() > kMaxTrials) trials.resize(kMaxTrials);
  return trials;
}

bool try_exchange(SelectionSearch& search, const SelectionMoves& moves, const Trial& trial) {
  IndexSet set = moves.with(*trial.move);
  IndexSet changed(trial.move->ids.begin(), trial.move->ids.end());
  for (const size_t id : trial.out) {
    set.erase(id);
    changed.insert(id);
  }
  const std::vector<size_t> statements = search.touched_by(changed);
  const double limit = search.total_now(statements) - moves.least_gain(*trial.move);
  if (!search.reaches(set, statements, limit)) return false;
  search.replace(set);
  return true;
}

bool exchange_once(SelectionSearch& search, SelectionMoves& moves, uint64_t question_limit) {
  moves.refresh_all();
  for (const Trial& trial : trials_of(search, moves)) {
    if (search.questions() > question_limit) return false;
    if (try_exchange(search, moves, trial)) return true;
  }
  return false;
}

}  // namespace

void exchange(SelectionSearch& search, SelectionMoves& moves) {
  const uint64_t question_limit = 2 * search.questions();  // as many again as it took to get here
  for (int round = 0; round < kRounds && exchange_once(search, moves, question_limit); ++round) {
  }
}

}  // namespace pgsieve::internal
