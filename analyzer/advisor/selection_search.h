// SelectionSearch: one selection while it goes on. What is chosen so far, what the planner has said, and what
// a set of indexes costs by that; the passes (selection_passes.h) choose by it and ask where it does not know
// enough.
//
// It owns the answers and the result; problem and planner are the caller's and outlive it. Indexes are named
// by id, their position in SelectionResult::candidates. Internal to the selection; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analyzer/advisor/planner.h"
#include "analyzer/advisor/selection.h"
#include "analyzer/advisor/statement_costs.h"

namespace pgsieve::internal {

class SelectionSearch {
 public:
  SelectionSearch(const SelectionProblem& problem, WhatIfPlanner& planner);

  // Plans every statement without any and with all of its candidates, the heaviest first, as far as the
  // questions go. To be called once, first.
  void plan_best_sets();
  // Plans every statement under what was chosen and hands the result over. The last thing to call.
  SelectionResult finish();

  const SelectionProblem& problem() const { return problem_; }
  const std::vector<StatementCosts>& statements() const { return statements_; }
  const std::vector<std::vector<size_t>>& best_sets() const { return result_.best; }  // per statement
  uint64_t questions() const { return planner_.calls() - first_call_; }

  // ---- indexes
  const IndexDefinition& definition(size_t id) const { return result_.candidates[id]; }
  bool is_known(const IndexDefinition& definition) const;
  size_t id_of(const IndexDefinition& definition);  // a new one is added
  void add_relevant(size_t statement, size_t id) { statements_[statement].relevant.push_back(id); }
  double bytes_of(size_t id) const;
  double bytes_of(const IndexSet& set) const;
  bool fits(const IndexSet& set) const;  // the budget

  // ---- what is chosen
  const IndexSet& chosen() const { return chosen_; }
  const std::vector<size_t>& in_order_taken() const { return result_.chosen; }
  void take(const std::vector<size_t>& ids);           // the least gains change with it
  void replace(const IndexSet& set);                   // they stay
  double min_gain() const { return min_gain_; }        // ms; see least_worthwhile_gain
  double strict_gain() const { return strict_gain_; }  // likewise, counted among all

  // ---- times, in ms
  double time_now(const StatementCosts& statement) const;
  double write_cost(const IndexSet& set) const;
  double total_now(const std::vector<size_t>& statements) const;  // of these, and all writes
  std::vector<size_t> touched_by(const IndexSet& ids) const;      // statements that may use one of them
  // The least the chosen set's cost can rise by when these go, writes not counted.
  double least_loss(const std::vector<size_t>& ids) const;

  // ---- questions
  // Makes the cost of a statement known. False: no questions left, or the planner refuses the statement.
  bool learn(size_t statement, IndexMask mask);
  // Asks as long as these statements and all writes may still come out at or below `limit` under `set`; true
  // when they do.
  bool reaches(const IndexSet& set, const std::vector<size_t>& statements, double limit);

 private:
  bool may_ask();
  bool learn(StatementCosts& statement, size_t literal, const std::string& text, IndexMask mask);
  void plan_best_set(size_t at);
  void update_least_gain();
  double least_total(const IndexSet& set, const std::vector<size_t>& statements, size_t* uncertain) const;

  const SelectionProblem& problem_;
  WhatIfPlanner& planner_;
  uint64_t first_call_;
  double min_gain_ = 0;
  double strict_gain_ = 0;
  SelectionResult result_;
  std::map<std::string, size_t> ids_;  // by definition_key
  std::vector<StatementCosts> statements_;
  IndexSet chosen_;
};

}  // namespace pgsieve::internal
