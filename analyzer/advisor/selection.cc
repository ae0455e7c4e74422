#include "analyzer/advisor/selection.h"

#include <algorithm>

#include "analyzer/advisor/selection_moves.h"
#include "analyzer/advisor/selection_passes.h"
#include "analyzer/advisor/selection_search.h"

namespace pgsieve {

namespace {

constexpr double kLeftFactor = 5;  // see LeastGain

}  // namespace

double least_worthwhile_gain(const LeastGain& least, double total_ms, double left_ms) {
  return std::max(least.ms, std::min(least.share * total_ms, kLeftFactor * least.share * left_ms));
}

SelectionResult select_indexes(const SelectionProblem& problem, WhatIfPlanner& planner) {
  internal::SelectionSearch search(problem, planner);
  search.plan_best_sets();
  internal::SelectionMoves moves(search);
  internal::choose_greedily(search, moves);
  if (problem.budget_bytes) internal::exchange(search, moves);
  internal::drop(search);
  internal::widen(search, moves.pool());
  if (problem.budget_bytes) internal::choose_greedily(search, moves);  // what the drops have made room for
  return search.finish();
}

}  // namespace pgsieve
