#include "analyzer/advisor/selection.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "analyzer/advisor/cost_book.h"

namespace pgsieve {

namespace {

using internal::CostBook;
using internal::IndexMask;
using internal::kMaxRelevant;

constexpr double kUnknownBytes = 1 << 20;
constexpr double kLeftFactor = 5;  // see LeastGain
// A chosen index is widened when that takes so much off what its statements still cost.
constexpr double kWorthWidening = 0.2;
// Literals whose ratios of best to base lie this close are told apart by the final check only.
constexpr double kSameRatio = 0.2;
// Bounds on an exchange round, so that a large workload does not spend its time on hopeless trials.
constexpr size_t kMaxWeak = 12;
constexpr size_t kMaxTrials = 3000;
// The first round may spend this much of the questions, so that something is left to choose with.
constexpr double kFirstRoundShare = 0.7;

using Set = std::set<size_t>;

// One statement during the search.
struct State {
  double weight = 0;
  std::vector<size_t> relevant;  // ids; position is the bit in its masks
  std::vector<CostBook> books;   // one per literal
  std::vector<double> shares;
  size_t searched = 0;  // the first so many literals take part in the search
  double base = 0;      // cost without any
  bool usable = false;

  IndexMask mask_of(const Set& set) const {
    IndexMask mask = 0;
    for (size_t bit = 0; bit < relevant.size(); ++bit)
      if (set.contains(relevant[bit])) mask |= IndexMask{1} << bit;
    return mask;
  }
};

// Adding some indexes together.
struct Move {
  std::vector<size_t> ids;
  std::vector<size_t> statements;      // it may help
  std::map<size_t, double> last_gain;  // per statement: known from a smaller set, so a bound
  double bound = 0;                    // of its gain, writes subtracted
};

bool same_first_key(const IndexDefinition& left, const IndexDefinition& right) {
  return left.schema == right.schema && left.table == right.table && left.method == right.method &&
         !left.keys.empty() && !right.keys.empty() && left.keys.front().column == right.keys.front().column &&
         left.keys.front().expression == right.keys.front().expression &&
         left.keys.front().opclass == right.keys.front().opclass;
}

class Search {
 public:
  Search(const SelectionProblem& problem, WhatIfPlanner& planner)
      : problem_(problem), planner_(planner), first_call_(planner.calls()) {
    result_.candidates = problem.candidates;
    result_.bytes = problem.bytes;
    for (size_t id = 0; id < result_.candidates.size(); ++id)
      ids_[definition_key(result_.candidates[id])] = id;
  }

  SelectionResult run() {
    prepare();
    first_round();
    update_least_gain();
    make_pool();
    greedy();
    if (problem_.budget_bytes) exchange();
    drop();
    widen();
    if (problem_.budget_bytes) greedy();  // what the drops have made room for
    finish();
    return std::move(result_);
  }

 private:
  // ---- questions

  bool may_ask() {
    if (planner_.calls() - first_call_ < problem_.max_plans) return true;
    result_.exhausted = true;
    return false;
  }

  // Makes the answer for one literal known. False: no questions left, or the planner refuses the statement.
  bool learn(State& state, size_t literal, const std::string& text, IndexMask mask) {
    CostBook& book = state.books[literal];
    if (book.refused()) return false;
    if (book.find(mask) != nullptr) return true;
    if (!may_ask()) return false;
    std::vector<IndexDefinition> offered;
    for (size_t bit = 0; bit < state.relevant.size(); ++bit)
      if ((mask >> bit & 1U) != 0) offered.push_back(result_.candidates[state.relevant[bit]]);
    Result<PlanAnswer> answer = planner_.plan(text, offered);
    if (!answer) {
      book.error = answer.error().message;
      return false;
    }
    book.add(mask, std::move(*answer));
    return true;
  }

  bool learn(size_t statement, IndexMask mask) {
    State& state = states_[statement];
    for (size_t i = 0; i < state.searched; ++i)
      if (!learn(state, i, problem_.statements[statement].literals[i].text, mask)) return false;
    return true;
  }

  // Mean cost over the literals; nothing when some answer is missing.
  static std::optional<double> cost(const State& state, IndexMask mask) {
    double sum = 0;
    for (size_t i = 0; i < state.searched; ++i) {
      const CostBook::Entry* entry = state.books[i].find(mask);
      if (entry == nullptr) return std::nullopt;
      sum += state.shares[i] * entry->answer.cost;
    }
    return sum;
  }

  static double cost_at_least(const State& state, IndexMask mask) {
    double sum = 0;
    for (size_t i = 0; i < state.searched; ++i) sum += state.shares[i] * state.books[i].at_least(mask);
    return sum;
  }

  // Time of a statement under a set, or the least it can be.
  static double least_time(const State& state, IndexMask mask, bool* exact) {
    const std::optional<double> known = cost(state, mask);
    *exact = known.has_value();
    const double value = known ? *known : cost_at_least(state, mask);
    return state.base > 0 ? state.weight * value / state.base : 0;
  }

  // Time under a set by the best plan known: an index nobody has tried with this statement may do better.
  static double known_time(const State& state, IndexMask mask) {
    double sum = 0;
    for (size_t i = 0; i < state.searched; ++i)
      sum += state.shares[i] * std::min(state.books[i].at_most(mask), state.books[i].at_most(0));
    return state.base > 0 ? state.weight * sum / state.base : 0;
  }
  double time_now(const State& state) const { return known_time(state, state.mask_of(chosen_)); }

  void update_least_gain() {
    double total = 0;
    double left = 0;
    for (const State& state : states_) {
      total += state.weight;
      left += state.usable ? time_now(state) : state.weight;
    }
    min_gain_ = least_worthwhile_gain(problem_.min_gain, total, left);
    strict_gain_ = std::max(problem_.min_gain.ms, problem_.min_gain.share * total);
  }

  double write_cost(const Set& set) const {
    if (!problem_.write_cost_ms) return 0;
    std::vector<const IndexDefinition*> definitions;
    for (const size_t id : set) definitions.push_back(&result_.candidates[id]);
    return problem_.write_cost_ms(definitions);
  }

  double bytes_of(size_t id) const { return result_.bytes[id] > 0 ? result_.bytes[id] : kUnknownBytes; }
  double bytes_of(const Set& set) const {
    double sum = 0;
    for (const size_t id : set) sum += bytes_of(id);
    return sum;
  }
  bool fits(const Set& set) const {
    return !problem_.budget_bytes || bytes_of(set) <= *problem_.budget_bytes;
  }

  // ---- the first round

  void prepare() {
    states_.resize(problem_.statements.size());
    for (size_t at = 0; at < states_.size(); ++at) {
      const SelectionStatement& statement = problem_.statements[at];
      State& state = states_[at];
      state.weight = statement.weight_ms;
      state.relevant = statement.candidates;
      if (state.relevant.size() > kMaxRelevant) state.relevant.resize(kMaxRelevant);
      state.books.resize(statement.literals.size());
      for (const LiteralStatement& literal : statement.literals) state.shares.push_back(literal.share);
    }
    result_.best.resize(states_.size());
  }

  void first_round() {
    const auto limit = static_cast<uint64_t>(static_cast<double>(problem_.max_plans) * kFirstRoundShare);
    for (size_t at = 0; at < states_.size(); ++at) {
      if (planner_.calls() - first_call_ + 2 > std::max<uint64_t>(limit, 2)) {
        result_.exhausted = true;
        break;
      }
      plan_whole(at);
    }
  }

  // Without any and with all candidates, for every literal.
  void plan_whole(size_t at) {
    State& state = states_[at];
    const IndexMask all =
        state.relevant.size() >= kMaxRelevant ? ~IndexMask{0} : (IndexMask{1} << state.relevant.size()) - 1;
    std::vector<double> ratios;
    for (size_t i = 0; i < state.books.size(); ++i) {
      const std::string& text = problem_.statements[at].literals[i].text;
      if (!learn(state, i, text, 0) || !learn(state, i, text, all)) break;
      const double base = state.books[i].find(0)->answer.cost;
      ratios.push_back(base > 0 ? state.books[i].find(all)->answer.cost / base : 1);
    }
    if (ratios.empty()) return;
    const auto [low, high] = std::ranges::minmax_element(ratios);
    state.searched = *high - *low <= kSameRatio ? 1 : ratios.size();
    normalise_shares(state);
    state.base = *cost(state, 0);
    state.usable = state.base > 0;
    if (problem_.statements[at].weight_ms <= 0)
      state.weight = problem_.statements[at].calls * state.base * kMsPerCostUnit;
    for (size_t i = 0; i < state.searched; ++i) {
      const CostBook::Entry* entry = state.books[i].find(all);
      for (const size_t bit : entry->answer.used) result_.best[at].push_back(state.relevant[bit]);
    }
    std::ranges::sort(result_.best[at]);
    result_.best[at].erase(std::unique(result_.best[at].begin(), result_.best[at].end()),
                           result_.best[at].end());
  }

  static void normalise_shares(State& state) {
    double sum = 0;
    for (size_t i = 0; i < state.searched; ++i) sum += state.shares[i];
    for (size_t i = 0; i < state.searched; ++i)
      state.shares[i] = sum > 0 ? state.shares[i] / sum : 1.0 / static_cast<double>(state.searched);
  }

  // ---- the pool

  size_t id_of(const IndexDefinition& definition) {
    const auto [found, fresh] = ids_.try_emplace(definition_key(definition), result_.candidates.size());
    if (fresh) {
      result_.candidates.push_back(definition);
      result_.bytes.push_back(planner_.size_bytes(definition));
    }
    return found->second;
  }

  void make_pool() {
    for (const std::vector<size_t>& best : result_.best) {
      for (const size_t id : best) {
        pool_.insert(id);
        IndexDefinition narrow = result_.candidates[id];
        narrow.include.clear();
        if (narrow.method != "btree") continue;
        for (; !narrow.keys.empty(); narrow.keys.pop_back())
          if (is_new_to_schema(narrow)) pool_.insert(id_of(narrow));
      }
    }
    for (State& state : states_) {
      if (!state.usable) continue;
      for (const size_t id : pool_)
        if (state.relevant.size() < kMaxRelevant &&
            std::ranges::find(state.relevant, id) == state.relevant.end() && is_relevant(state, id))
          state.relevant.push_back(id);
    }
    make_moves();
  }

  // A prefix that was no candidate of anybody was taken out because it exists.
  bool is_new_to_schema(const IndexDefinition& definition) const {
    return ids_.contains(definition_key(definition)) || !problem_.exists || !problem_.exists(definition);
  }

  bool is_relevant(const State& state, size_t id) const {
    const IndexDefinition& wanted = result_.candidates[id];
    return std::ranges::any_of(state.relevant, [&](size_t own) {
      const IndexDefinition& each = result_.candidates[own];
      return same_first_key(each, wanted) && (wanted.predicate.empty() || wanted.predicate == each.predicate);
    });
  }

  void make_moves() {
    std::set<std::vector<size_t>> known;
    const auto add = [&](std::vector<size_t> ids) {
      if (ids.empty() || !known.insert(ids).second) return;
      Move move;
      move.ids = std::move(ids);
      for (size_t at = 0; at < states_.size(); ++at) {
        const std::vector<size_t>& relevant = states_[at].relevant;
        const bool any = states_[at].usable && std::ranges::any_of(move.ids, [&relevant](size_t id) {
                           return std::ranges::find(relevant, id) != relevant.end();
                         });
        if (any) move.statements.push_back(at);
      }
      moves_.push_back(std::move(move));
    };
    for (const size_t id : pool_) add({id});
    for (const std::vector<size_t>& best : result_.best)
      if (best.size() > 1) add(best);
  }

  // ---- greedy

  Set with(const Move& move) const {
    Set set = chosen_;
    set.insert(move.ids.begin(), move.ids.end());
    return set;
  }

  double bound_of(const Move& move, size_t at, const Set& set, bool* exact) const {
    const State& state = states_[at];
    const double gain = time_now(state) - least_time(state, state.mask_of(set), exact);
    if (*exact) return gain;
    const auto last = move.last_gain.find(at);
    return last == move.last_gain.end() ? gain : std::min(gain, last->second);
  }

  void refresh(Move& move) {
    const Set set = with(move);
    move.bound = write_cost(chosen_) - write_cost(set);
    for (const size_t at : move.statements) {
      bool exact = false;
      move.bound += bound_of(move, at, set, &exact);
    }
  }

  // After a move was taken: those that may help a statement it touches.
  void refresh_around(const Move& taken) {
    std::vector<bool> touched(states_.size(), false);
    for (const size_t at : taken.statements) touched[at] = true;
    for (Move& move : moves_)
      if (std::ranges::any_of(move.statements, [&touched](size_t at) { return touched[at]; })) refresh(move);
  }

  // The statement of a move whose gain is the largest unknown; npos: all are known.
  size_t most_uncertain(const Move& move) const {
    const Set set = with(move);
    size_t found = std::string::npos;
    double most = 0;
    for (const size_t at : move.statements) {
      bool exact = false;
      const double gain = bound_of(move, at, set, &exact);
      if (exact || states_[at].books[0].refused()) continue;
      if (found != std::string::npos && gain <= most) continue;
      found = at;
      most = gain;
    }
    // A gain this small changes nothing.
    return most > min_gain_ / 10 ? found : std::string::npos;
  }

  double added_bytes(const Move& move) const {
    double bytes = 0;
    for (const size_t id : move.ids)
      if (!chosen_.contains(id)) bytes += bytes_of(id);
    return bytes;
  }

  void greedy() {
    for (Move& move : moves_) refresh(move);
    std::set<const Move*> given_up;
    while (true) {
      Move* top = nullptr;
      double most = 0;
      const double used = bytes_of(chosen_);
      for (Move& move : moves_) {
        if (move.bound <= least_gain(move) || given_up.contains(&move)) continue;
        const double bytes = added_bytes(move);
        if (bytes <= 0 || (problem_.budget_bytes && used + bytes > *problem_.budget_bytes)) continue;
        if (top != nullptr && move.bound / (1 + bytes) <= most) continue;
        top = &move;
        most = move.bound / (1 + bytes);
      }
      if (top == nullptr) return;
      const size_t at = most_uncertain(*top);
      if (at == std::string::npos) {
        take(*top);
        refresh_around(*top);
        continue;
      }
      if (!learn(at, states_[at].mask_of(with(*top)))) {
        given_up.insert(top);  // no questions left, or a refusal
        continue;
      }
      bool exact = false;
      top->last_gain[at] = bound_of(*top, at, with(*top), &exact);
      for (Move& move : moves_)
        if (std::ranges::find(move.statements, at) != move.statements.end()) refresh(move);
    }
  }

  // Included columns make an index wide and stand in the way of HOT updates: they have to save something that
  // counts among all.
  double least_gain(const Move& move) const {
    const bool wide = std::ranges::any_of(move.ids, [this](size_t id) {
      return !chosen_.contains(id) && !result_.candidates[id].include.empty();
    });
    return wide ? std::max(min_gain_, strict_gain_) : min_gain_;
  }

  void take(const Move& move) {
    for (const size_t id : move.ids)
      if (chosen_.insert(id).second) result_.chosen.push_back(id);
    update_least_gain();
  }

  // ---- exchange and drop

  // What a set costs in all, or the least it can, changes limited to the given statements.
  double total(const Set& set, const std::vector<size_t>& statements, size_t* uncertain) const {
    double sum = write_cost(set);
    double most = 0;
    for (const size_t at : statements) {
      const State& state = states_[at];
      bool exact = false;
      const double least = least_time(state, state.mask_of(set), &exact);
      sum += least;
      if (exact || state.books[0].refused()) continue;
      const double room = state.weight - least;
      if (*uncertain == std::string::npos || room > most) {
        *uncertain = at;
        most = room;
      }
    }
    return sum;
  }

  double total_now(const std::vector<size_t>& statements) const {
    double sum = write_cost(chosen_);
    for (const size_t at : statements) sum += time_now(states_[at]);
    return sum;
  }

  // Asks as long as `set` may still come out at or below `limit`; true when it does.
  bool reaches(const Set& set, const std::vector<size_t>& statements, double limit) {
    while (true) {
      size_t uncertain = std::string::npos;
      if (total(set, statements, &uncertain) > limit) return false;
      if (uncertain == std::string::npos) return true;
      if (!learn(uncertain, states_[uncertain].mask_of(set))) return false;
    }
  }

  std::vector<size_t> touched_by(const Set& ids) const {
    std::vector<size_t> found;
    for (size_t at = 0; at < states_.size(); ++at) {
      const State& state = states_[at];
      if (state.usable && std::ranges::any_of(state.relevant, [&ids](size_t id) { return ids.contains(id); }))
        found.push_back(at);
    }
    return found;
  }

  void replace(const Set& set) {
    chosen_ = set;
    std::erase_if(result_.chosen, [&set](size_t id) { return !set.contains(id); });
    for (const size_t id : set)
      if (std::ranges::find(result_.chosen, id) == result_.chosen.end()) result_.chosen.push_back(id);
  }

  // The least the set's cost can rise by when these go, writes not counted.
  double least_loss(const std::vector<size_t>& ids) const {
    Set without = chosen_;
    for (const size_t id : ids) without.erase(id);
    double loss = 0;
    for (const size_t at : touched_by(Set(ids.begin(), ids.end()))) {
      const State& state = states_[at];
      bool exact = false;
      loss += std::max(0.0, least_time(state, state.mask_of(without), &exact) - time_now(state));
    }
    return loss;
  }

  // Brings in one index for up to two others, as long as that helps.
  void exchange() {
    constexpr int kRounds = 12;
    exchange_limit_ = 2 * (planner_.calls() - first_call_);  // as many questions again as it took to get here
    for (int round = 0; round < kRounds && exchange_once(); ++round) {
    }
  }

  bool exchange_once() {
    for (Move& move : moves_) refresh(move);
    struct Trial {
      double promise;
      const Move* move;
      std::vector<size_t> out;
    };
    std::vector<Trial> trials;
    std::map<size_t, double> loss;
    for (const size_t id : chosen_) loss[id] = least_loss({id});
    const std::vector<size_t> weak = weakest(loss);
    std::vector<std::pair<std::vector<size_t>, double>> outs = {{{}, 0}};
    for (size_t first = 0; first < weak.size(); ++first) {
      outs.push_back({{weak[first]}, loss[weak[first]]});
      for (size_t second = first + 1; second < weak.size(); ++second)
        outs.push_back({{weak[first], weak[second]}, least_loss({weak[first], weak[second]})});
    }
    for (const Move& move : moves_) {
      if (move.bound <= least_gain(move) || with(move).size() == chosen_.size()) continue;
      for (const auto& [out, lost] : outs) {
        const bool overlap = std::ranges::any_of(
            out, [&move](size_t id) { return std::ranges::find(move.ids, id) != move.ids.end(); });
        if (overlap || move.bound - lost <= least_gain(move)) continue;
        Set set = with(move);
        for (const size_t id : out) set.erase(id);
        if (fits(set)) trials.push_back({move.bound - lost, &move, out});
      }
    }
    std::ranges::stable_sort(trials, [](const Trial& left, const Trial& right) {
      return std::pair(-left.promise, left.out.size()) < std::pair(-right.promise, right.out.size());
    });
    if (trials.size() > kMaxTrials) trials.resize(kMaxTrials);
    for (const Trial& trial : trials) {
      if (planner_.calls() - first_call_ > exchange_limit_) return false;
      if (try_exchange(*trial.move, trial.out)) return true;
    }
    return false;
  }

  // The chosen ones that would be missed least for their size.
  std::vector<size_t> weakest(const std::map<size_t, double>& loss) const {
    std::vector<size_t> order(chosen_.begin(), chosen_.end());
    std::ranges::stable_sort(order, [&](size_t left, size_t right) {
      return loss.at(left) / bytes_of(left) < loss.at(right) / bytes_of(right);
    });
    if (order.size() > kMaxWeak) order.resize(kMaxWeak);
    return order;
  }

  bool try_exchange(const Move& move, const std::vector<size_t>& out) {
    Set set = with(move);
    Set changed(move.ids.begin(), move.ids.end());
    for (const size_t id : out) {
      set.erase(id);
      changed.insert(id);
    }
    const std::vector<size_t> statements = touched_by(changed);
    if (!reaches(set, statements, total_now(statements) - least_gain(move))) return false;
    replace(set);
    return true;
  }

  void drop() {
    std::vector<size_t> order = result_.chosen;
    std::ranges::stable_sort(order, [this](size_t left, size_t right) {
      return least_loss({left}) / bytes_of(left) < least_loss({right}) / bytes_of(right);
    });
    for (const size_t id : order) {
      Set set = chosen_;
      set.erase(id);
      const std::vector<size_t> statements = touched_by({id});
      if (reaches(set, statements, total_now(statements) + min_gain_)) replace(set);
    }
  }

  // One more key in an index that is built anyway costs no further entry, only bytes: taken where it spares
  // its statements a sort or a filter.
  void widen() {
    for (const size_t id : std::vector<size_t>(result_.chosen)) {
      std::vector<size_t> users;
      double left = 0;
      for (size_t at = 0; at < states_.size(); ++at) {
        if (!states_[at].usable || !uses(at, id)) continue;
        users.push_back(at);
        left += time_now(states_[at]);
      }
      for (const size_t wide : pool_) {
        const IndexDefinition& more = result_.candidates[wide];
        const bool wider = wide != id && more.include.empty() && !chosen_.contains(wide) &&
                           covers(more, result_.candidates[id]);
        if (wider && try_widening(id, wide, users, left)) break;
      }
    }
  }

  bool uses(size_t at, size_t id) const {
    const State& state = states_[at];
    const IndexMask mask = state.mask_of(chosen_);
    const CostBook::Entry* entry = state.books[0].cheapest(mask);
    const auto bit = std::ranges::find(state.relevant, id);
    return entry != nullptr && bit != state.relevant.end() &&
           (entry->used >> (bit - state.relevant.begin()) & 1U) != 0;
  }

  bool try_widening(size_t id, size_t wide, const std::vector<size_t>& users, double left) {
    Set set = chosen_;
    set.erase(id);
    set.insert(wide);
    if (!fits(set) ||
        !reaches(set, users, total_now(users) - std::max(problem_.min_gain.ms, kWorthWidening * left)))
      return false;
    replace(set);
    return true;
  }

  // ---- the result

  void finish() {
    for (size_t at = 0; at < states_.size(); ++at) {
      State& state = states_[at];
      std::vector<PlannedLiteral>& planned = result_.planned.emplace_back();
      const IndexMask mask = state.mask_of(chosen_);
      for (size_t i = 0; i < state.books.size(); ++i) {
        PlannedLiteral& literal = planned.emplace_back();
        if (state.usable) learn(state, i, problem_.statements[at].literals[i].text, mask);
        literal.error = state.books[i].error;
        if (const CostBook::Entry* entry = state.books[i].find(0)) literal.before = entry->answer;
        if (const CostBook::Entry* entry = state.books[i].find(mask)) {
          literal.after = entry->answer;
          for (size_t& bit : literal.after->used) bit = state.relevant[bit];
        }
      }
      result_.weight_ms.push_back(state.weight);
    }
    result_.plans = planner_.calls() - first_call_;
  }

  const SelectionProblem& problem_;
  WhatIfPlanner& planner_;
  uint64_t first_call_;
  double min_gain_ = 0;
  double strict_gain_ = 0;
  uint64_t exchange_limit_ = 0;
  SelectionResult result_;
  std::map<std::string, size_t> ids_;
  std::vector<State> states_;
  std::set<size_t> pool_;
  std::vector<Move> moves_;
  Set chosen_;
};

}  // namespace

double least_worthwhile_gain(const LeastGain& least, double total_ms, double left_ms) {
  return std::max(least.ms, std::min(least.share * total_ms, kLeftFactor * least.share * left_ms));
}

SelectionResult select_indexes(const SelectionProblem& problem, WhatIfPlanner& planner) {
  return Search(problem, planner).run();
}

}  // namespace pgsieve
