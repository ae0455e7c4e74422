#include "analyzer/advisor/selection_search.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace pgsieve::internal {

namespace {

constexpr double kUnknownBytes = 1 << 20;
// The first round may spend this much of the questions, so that something is left to choose with.
constexpr double kFirstRoundShare = 0.7;

}  // namespace

SelectionSearch::SelectionSearch(const SelectionProblem& problem, WhatIfPlanner& planner)
    : problem_(problem), planner_(planner), first_call_(planner.calls()) {
  result_.candidates = problem.candidates;
  result_.bytes = problem.bytes;
  for (size_t id = 0; id < result_.candidates.size(); ++id) ids_[definition_key(result_.candidates[id])] = id;
  for (const SelectionStatement& statement : problem.statements) {
    StatementCosts& costs = statements_.emplace_back();
    costs.weight = statement.weight_ms;
    costs.relevant = statement.candidates;
    if (costs.relevant.size() > kMaxRelevant) costs.relevant.resize(kMaxRelevant);
    costs.books.resize(statement.literals.size());
    for (const LiteralStatement& literal : statement.literals) costs.shares.push_back(literal.share);
  }
  result_.best.resize(statements_.size());
}

// ---- questions

bool SelectionSearch::may_ask() {
  if (questions() < problem_.max_plans) return true;
  result_.exhausted = true;
  return false;
}

bool SelectionSearch::learn(StatementCosts& statement, size_t literal, const std::string& text,
                            IndexMask mask) {
  CostBook& book = statement.books[literal];
  if (book.refused()) return false;
  if (book.find(mask) != nullptr) return true;
  if (!may_ask()) return false;
  std::vector<IndexDefinition> offered;
  for (size_t bit = 0; bit < statement.relevant.size(); ++bit)
    if ((mask >> bit & 1U) != 0) offered.push_back(result_.candidates[statement.relevant[bit]]);
  Result<PlanAnswer> answer = planner_.plan(text, offered);
  if (!answer) {
    book.error = answer.error().message;
    return false;
  }
  book.add(mask, std::move(*answer));
  return true;
}

bool SelectionSearch::learn(size_t statement, IndexMask mask) {
  StatementCosts& costs = statements_[statement];
  for (size_t i = 0; i < costs.searched; ++i)
    if (!learn(costs, i, problem_.statements[statement].literals[i].text, mask)) return false;
  return true;
}

bool SelectionSearch::reaches(const IndexSet& set, const std::vector<size_t>& statements, double limit) {
  while (true) {
    size_t uncertain = std::string::npos;
    if (least_total(set, statements, &uncertain) > limit) return false;
    if (uncertain == std::string::npos) return true;
    if (!learn(uncertain, statements_[uncertain].mask_of(set))) return false;
  }
}

// What a set costs, or the least it can; `uncertain` is the statement with the most to find out about.
double SelectionSearch::least_total(const IndexSet& set, const std::vector<size_t>& statements,
                                    size_t* uncertain) const {
  double sum = write_cost(set);
  double most = 0;
  for (const size_t at : statements) {
    const StatementCosts& statement = statements_[at];
    bool exact = false;
    const double least = statement.least_time(statement.mask_of(set), &exact);
    sum += least;
    if (exact || statement.books[0].refused()) continue;
    const double room = statement.weight - least;
    if (*uncertain == std::string::npos || room > most) {
      *uncertain = at;
      most = room;
    }
  }
  return sum;
}

// ---- the first round

void SelectionSearch::plan_best_sets() {
  const auto limit = static_cast<uint64_t>(static_cast<double>(problem_.max_plans) * kFirstRoundShare);
  for (size_t at = 0; at < statements_.size(); ++at) {
    if (questions() + 2 > std::max<uint64_t>(limit, 2)) {
      result_.exhausted = true;
      break;
    }
    plan_best_set(at);
  }
  update_least_gain();
}

void SelectionSearch::plan_best_set(size_t at) {
  StatementCosts& statement = statements_[at];
  const IndexMask all = statement.all_relevant();
  std::vector<double> ratios;
  for (size_t i = 0; i < statement.books.size(); ++i) {
    const std::string& text = problem_.statements[at].literals[i].text;
    if (!learn(statement, i, text, 0) || !learn(statement, i, text, all)) break;
    const double base = statement.books[i].find(0)->answer.cost;
    ratios.push_back(base > 0 ? statement.books[i].find(all)->answer.cost / base : 1);
  }
  if (ratios.empty()) return;
  statement.search_literals(ratios);
  statement.base = *statement.cost(0);
  statement.usable = statement.base > 0;
  if (problem_.statements[at].weight_ms <= 0)
    statement.weight = problem_.statements[at].calls * statement.base * kMsPerCostUnit;
  std::vector<size_t>& best = result_.best[at];
  for (size_t i = 0; i < statement.searched; ++i) {
    const CostBook::Entry* entry = statement.books[i].find(all);
    for (const size_t bit : entry->answer.used) best.push_back(statement.relevant[bit]);
  }
  std::ranges::sort(best);
  best.erase(std::unique(best.begin(), best.end()), best.end());
}

// ---- indexes

bool SelectionSearch::is_known(const IndexDefinition& definition) const {
  return ids_.contains(definition_key(definition));
}

size_t SelectionSearch::id_of(const IndexDefinition& definition) {
  const auto [found, fresh] = ids_.try_emplace(definition_key(definition), result_.candidates.size());
  if (fresh) {
    result_.candidates.push_back(definition);
    result_.bytes.push_back(planner_.size_bytes(definition));
  }
  return found->second;
}

double SelectionSearch::bytes_of(size_t id) const {
  return result_.bytes[id] > 0 ? result_.bytes[id] : kUnknownBytes;
}

double SelectionSearch::bytes_of(const IndexSet& set) const {
  double sum = 0;
  for (const size_t id : set) sum += bytes_of(id);
  return sum;
}

bool SelectionSearch::fits(const IndexSet& set) const {
  return !problem_.budget_bytes || bytes_of(set) <= *problem_.budget_bytes;
}

// ---- what is chosen

void SelectionSearch::take(const std::vector<size_t>& ids) {
  for (const size_t id : ids)
    if (chosen_.insert(id).second) result_.chosen.push_back(id);
  update_least_gain();
}

void SelectionSearch::replace(const IndexSet& set) {
  chosen_ = set;
  std::erase_if(result_.chosen, [&set](size_t id) { return !set.contains(id); });
  for (const size_t id : set)
    if (std::ranges::find(result_.chosen, id) == result_.chosen.end()) result_.chosen.push_back(id);
}

void SelectionSearch::update_least_gain() {
  double total = 0;
  double left = 0;
  for (const StatementCosts& statement : statements_) {
    total += statement.weight;
    left += statement.usable ? time_now(statement) : statement.weight;
  }
  min_gain_ = least_worthwhile_gain(problem_.min_gain, total, left);
  strict_gain_ = std::max(problem_.min_gain.ms, problem_.min_gain.share * total);
}

// ---- times

double SelectionSearch::time_now(const StatementCosts& statement) const {
  return statement.known_time(statement.mask_of(chosen_));
}

double SelectionSearch::write_cost(const IndexSet& set) const {
  if (!problem_.write_cost_ms) return 0;
  std::vector<const IndexDefinition*> definitions;
  for (const size_t id : set) definitions.push_back(&result_.candidates[id]);
  return problem_.write_cost_ms(definitions);
}

double SelectionSearch::total_now(const std::vector<size_t>& statements) const {
  double sum = write_cost(chosen_);
  for (const size_t at : statements) sum += time_now(statements_[at]);
  return sum;
}

std::vector<size_t> SelectionSearch::touched_by(const IndexSet& ids) const {
  std::vector<size_t> found;
  for (size_t at = 0; at < statements_.size(); ++at) {
    const StatementCosts& statement = statements_[at];
    if (statement.usable &&
        std::ranges::any_of(statement.relevant, [&ids](size_t id) { return ids.contains(id); }))
      found.push_back(at);
  }
  return found;
}

double SelectionSearch::least_loss(const std::vector<size_t>& ids) const {
  IndexSet without = chosen_;
  for (const size_t id : ids) without.erase(id);
  double loss = 0;
  for (const size_t at : touched_by(IndexSet(ids.begin(), ids.end()))) {
    const StatementCosts& statement = statements_[at];
    bool exact = false;
    loss += std::max(0.0, statement.least_time(statement.mask_of(without), &exact) - time_now(statement));
  }
  return loss;
}

// ---- the result

SelectionResult SelectionSearch::finish() {
  for (size_t at = 0; at < statements_.size(); ++at) {
    StatementCosts& statement = statements_[at];
    std::vector<PlannedLiteral>& planned = result_.planned.emplace_back();
    const IndexMask mask = statement.mask_of(chosen_);
    for (size_t i = 0; i < statement.books.size(); ++i) {
      PlannedLiteral& literal = planned.emplace_back();
      if (statement.usable) learn(statement, i, problem_.statements[at].literals[i].text, mask);
      literal.error = statement.books[i].error;
      if (const CostBook::Entry* entry = statement.books[i].find(0)) literal.before = entry->answer;
      if (const CostBook::Entry* entry = statement.books[i].find(mask)) {
        literal.after = entry->answer;
        for (size_t& bit : literal.after->used) bit = statement.relevant[bit];
      }
    }
    result_.weight_ms.push_back(statement.weight);
  }
  result_.plans = questions();
  return std::move(result_);
}

}  // namespace pgsieve::internal
