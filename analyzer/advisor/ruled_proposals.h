// Proposals by rule, for what no planner's cost speaks for: what the observed times or a foreign key ask
// for, and indexes the planner can't imagine. A rule takes such an index to save most of a statement's
// time; it must be worth its writes and fit the budget like any other.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analyzer/advisor/advised_statement.h"
#include "analyzer/advisor/advisor.h"
#include "analyzer/advisor/proposal_maker.h"
#include "analyzer/advisor/selection.h"
#include "analyzer/advisor/workload_schema.h"
#include "analyzer/advisor/write_model.h"

namespace pgsieve::internal {

// Rules do not ask for indexes on tables with fewer rows.
inline constexpr double kMinRuleRows = 2000;

class RuledProposals {
 public:
  // All of it outlives the proposals.
  struct Input {
    const WorkloadSchema& schema;
    const WriteModel& writes;
    const AdvisorOptions& options;
    const SelectionResult& result;
    WhatIfPlanner& planner;
    std::optional<double> budget_bytes;
    double ms_per_cost;
  };
  // What they find is added to `proposals`; the statements are told what became of them.
  RuledProposals(const Input& input, ProposalMaker& maker, std::vector<AdvisedStatement>& statements,
                 std::vector<Proposal>& proposals)
      : input_(input), maker_(maker), statements_(statements), proposals_(proposals) {}

  // By observation: the statement takes long, its plan reads the whole table, and a candidate holds all its
  // conditions; but the planner finds the scan cheap (LIMIT after a condition it knows nothing about) and
  // would not say so.
  void propose_observed();
  // Indexes the planner can't imagine, inverted ones first of all.
  void propose_unplanned();
  // Deleting parents scans each child that has no index on its foreign key.
  void propose_references();

  const std::vector<std::string>& ids() const { return ids_; }  // of the proposals added

 private:
  double least_gain() const;
  std::string refusal(const AdvisedStatement& statement, const Candidate& candidate,
                      const std::vector<PlannedLiteral>& planned) const;
  void take_ruled(const Candidate& candidate, AdvisedStatement& statement, double saved_ms,
                  const std::vector<PlannedLiteral>& planned);
  void propose_reference(const Candidate& candidate, AdvisedStatement& statement);

  Input input_;
  ProposalMaker& maker_;
  std::vector<AdvisedStatement>& statements_;
  std::vector<Proposal>& proposals_;
  std::vector<std::string> ids_;
};

}  // namespace pgsieve::internal
