// Selection: which of the candidates to build, within a budget of bytes and of questions to the planner.
//
//   1. Each statement is planned twice: as things are, and with all of its candidates at once. The second
//      plan names the indexes it uses, the statement's best set; the pool is the union of these sets and
//      their prefixes.
//   2. Lazy greedy (Minoux 1978; "CELF", Leskovec et al. 2007): the moves are single indexes and whole best
//      sets, taken by gain per byte. A move's gain only shrinks as the set grows, so that its last known
//      gain bounds it from above, as does what is left between a statement's cost now and its best cost.
//      Most moves are therefore never costed.
//   3. Under a budget, an exchange pass: something left out comes in for one or two of the least useful that
//      are in.
//   4. A drop pass: what the others have made superfluous goes, as does what gains less than its writes
//      cost. Then each index that is left may give way to one with more keys, which costs no further entry.
//
// Answers are kept by (statement, indexes offered). One that used U of what was offered, O, is the answer for
// every set between U and O, too: a planner that did not want an index when it was there does not miss it.
//
// The gain of a statement is its observed time × (1 − cost with / cost without); writes are charged per index
// entry.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/advisor/literals.h"
#include "analyzer/advisor/planner.h"

namespace pgsieve {

struct SelectionStatement {
  double weight_ms = 0;  // observed, in total; 0: unknown, then `calls` × cost stands in
  double calls = 0;
  std::vector<LiteralStatement> literals;
  std::vector<size_t> candidates;  // positions in SelectionProblem::candidates
};

// What makes an index worth a word: `ms`, and `share` of all statements' time; or, once the large gains are
// in, five times that share of the time that is left, so that one statement of enormous weight does not hide
// all others.
struct LeastGain {
  double ms = 0;
  double share = 0;
};
double least_worthwhile_gain(const LeastGain& least, double total_ms, double left_ms);

struct SelectionProblem {
  std::vector<IndexDefinition> candidates;
  std::vector<double> bytes;                   // parallel; 0: unknown
  std::vector<SelectionStatement> statements;  // heaviest first: they are planned first
  std::optional<double> budget_bytes;
  uint64_t max_plans = 0;
  LeastGain min_gain;  // a chosen index must gain more
  // Price in ms of the writes of a set of candidates; the set names SelectionResult::candidates by
  // definition.
  std::function<double(const std::vector<const IndexDefinition*>&)> write_cost_ms;
  // True when an index that exists covers the definition.
  std::function<bool(const IndexDefinition&)> exists;
};

// One statement with one literal, before and after.
struct PlannedLiteral {
  std::optional<PlanAnswer> before, after;  // used: positions in SelectionResult::candidates
  std::string error;                        // the planner refused
};

struct SelectionResult {
  std::vector<IndexDefinition> candidates;  // the problem's, then prefixes the search added
  std::vector<double> bytes;
  std::vector<size_t> chosen;                        // in the order they were taken
  std::vector<std::vector<PlannedLiteral>> planned;  // per statement, per literal
  std::vector<std::vector<size_t>> best;             // per statement: its best set on its own
  std::vector<double> weight_ms;                     // per statement, estimated ones filled in
  uint64_t plans = 0;
  bool exhausted = false;
};

// What one cost unit takes, where a statement's time is not known: a sequential page from memory.
inline constexpr double kMsPerCostUnit = 0.01;

SelectionResult select_indexes(const SelectionProblem& problem, WhatIfPlanner& planner);

}  // namespace pgsieve
