#include "analyzer/advisor/advisor.h"

#include <algorithm>
#include <map>
#include <memory>

#include "analyzer/advisor/advice_notes.h"
#include "analyzer/advisor/advised_statement.h"
#include "analyzer/advisor/cost_model.h"
#include "analyzer/advisor/extended_statistics.h"
#include "analyzer/advisor/proposal_maker.h"
#include "analyzer/advisor/redundant.h"
#include "analyzer/advisor/ruled_proposals.h"
#include "analyzer/advisor/why_not.h"
#include "analyzer/advisor/workload_schema.h"
#include "analyzer/advisor/write_model.h"
#include "analyzer/schema/resolve_columns.h"

namespace pgsieve {

namespace {

using internal::AdvisedStatement;

constexpr double kPage = 8192;

// The patterns, their columns placed by the schema.
Workload with_resolved_columns(const Workload& workload, const Schema& schema) {
  Workload resolved;
  resolved.patterns = workload.patterns;
  resolved.tables = workload.tables;
  resolved.first = workload.first;
  resolved.last = workload.last;
  for (auto& [key, pattern] : resolved.patterns)
    pattern.shape = std::make_shared<const StatementShape>(resolve_columns(*pattern.shape, schema));
  return resolved;
}

class Advisor {
 public:
  Advisor(const Workload& workload, const Schema& schema, const Statistics& statistics,
          WhatIfPlanner* planner, const AdvisorOptions& options)
      : workload_(workload),
        statistics_(statistics),
        options_(options),
        schema_(schema_of(workload, schema, statistics)),
        context_{.schema = schema_.schema, .statistics = statistics, .c_collation = options.c_collation},
        writes_(workload, schema_.schema, options.write_entry_ms) {
    if (planner == nullptr)
      model_ = std::make_unique<CostModel>(schema_.schema, statistics_, options.c_collation);
    planner_ = planner == nullptr ? model_.get() : planner;
  }

  Advice run() {
    gather();
    find_all_candidates();
    result_ = select_indexes(problem_, *planner_);
    take_weights();
    if (planner_->is_server()) ms_per_cost_ = calibrate();
    internal::ProposalMaker maker({.schema = schema_,
                                   .statistics = statistics_,
                                   .writes = writes_,
                                   .options = options_,
                                   .server = planner_->is_server(),
                                   .ms_per_cost = ms_per_cost_});
    propose_chosen(maker);
    internal::RuledProposals ruled({.schema = schema_,
                                    .writes = writes_,
                                    .options = options_,
                                    .result = result_,
                                    .planner = *planner_,
                                    .budget_bytes = problem_.budget_bytes,
                                    .ms_per_cost = ms_per_cost_},
                                   maker, statements_, advice_.proposals);
    if (planner_->is_server()) ruled.propose_observed();
    ruled.propose_unplanned();
    if (!schema_.inferred) ruled.propose_references();
    finish(maker, ruled.ids());
    return std::move(advice_);
  }

 private:
  // ---- statements

  void gather() {
    for (const auto& [key, pattern] : workload_.patterns) {
      if (pattern.calls == 0) continue;
      AdvisedStatement statement;
      statement.pattern = &pattern;
      if (pattern.timed_calls > 0)
        statement.observed_ms = pattern.total_ms() * static_cast<double>(pattern.calls) /
                                static_cast<double>(std::max<uint64_t>(pattern.timed_calls, 1));
      statement.weight_ms = options_.weigh_by_cost ? 0 : statement.observed_ms;
      statements_.push_back(std::move(statement));
    }
    std::ranges::stable_sort(statements_, [](const AdvisedStatement& left, const AdvisedStatement& right) {
      return std::pair(left.weight_ms, left.pattern->calls) >
             std::pair(right.weight_ms, right.pattern->calls);
    });
  }

  void find_all_candidates() {
    ColumnPopularity popularity;
    for (const AdvisedStatement& statement : statements_)
      count_popularity(*statement.pattern, context_,
                       std::max(statement.observed_ms, static_cast<double>(statement.pattern->calls) * 1e-3),
                       popularity);
    std::map<std::string, size_t> known;
    const CandidateOptions wanted{// A model knows too little of index-only scans to pay for wider indexes.
                                  .include_columns = options_.include_columns && planner_->is_server(),
                                  .max_keys = options_.max_keys,
                                  .min_pages = options_.min_pages};
    for (AdvisedStatement& statement : statements_) {
      statement.found = find_candidates(*statement.pattern, context_, popularity, wanted);
      advice_.statements +=
          is_read(statement.pattern->shape->kind) || is_write(statement.pattern->shape->kind) ? 1 : 0;
      if (statement.found.candidates.empty()) continue;
      for (const Candidate& candidate : statement.found.candidates) {
        const auto [place, fresh] =
            known.try_emplace(definition_key(candidate.index), problem_.candidates.size());
        if (candidate.kind == Candidate::Kind::kInverted ||
            (fresh && !planner_->can_imagine(candidate.index))) {
          if (fresh) known.erase(place);
          statement.ruled.push_back(candidate);
          continue;
        }
        if (fresh) {
          problem_.candidates.push_back(candidate.index);
          problem_.bytes.push_back(planner_->size_bytes(candidate.index));
        }
        statement.plannable.push_back(place->second);
      }
      statement.literals = literal_statements(*statement.pattern);
      if (statement.literals.empty())
        statement.literals.push_back({.which = "generic", .text = statement.pattern->reference_text});
      if (!statement.plannable.empty()) add_to_problem(statement);
    }
    advice_.candidates = problem_.candidates.size();
    problem_.budget_bytes = budget();
    problem_.max_plans = options_.max_plans;
    problem_.min_gain = {options_.min_saved_ms, options_.min_saved_share};
    problem_.write_cost_ms = [this](const std::vector<const IndexDefinition*>& added) {
      return writes_.cost_ms(added);
    };
    problem_.exists = [this](const IndexDefinition& definition) {
      const Table* table = schema_.schema.find(definition.schema, definition.table);
      return table != nullptr && std::ranges::any_of(table->indexes, [&](const Index& index) {
               return covers(definition_of(*table, index), definition);
             });
    };
  }

  void add_to_problem(AdvisedStatement& statement) {
    statement.selected = problem_.statements.size();
    problem_.statements.push_back({.weight_ms = statement.weight_ms,
                                   .calls = static_cast<double>(statement.pattern->calls),
                                   .literals = statement.literals,
                                   .candidates = statement.plannable});
  }

  std::optional<double> budget() const {
    std::optional<double> bytes = options_.budget_bytes;
    if (!options_.budget_share) return bytes;
    double tables = 0;
    for (const Table& table : schema_.schema.tables()) tables += table.pages.value_or(0) * kPage;
    if (tables <= 0) return bytes;
    const double share = tables * *options_.budget_share;
    return bytes ? std::min(*bytes, share) : share;
  }

  void take_weights() {
    for (AdvisedStatement& statement : statements_)
      if (statement.selected != std::string::npos && statement.weight_ms <= 0)
        statement.weight_ms = result_.weight_ms[statement.selected];
  }

  // Milliseconds per cost unit: the median over the statements whose time and cost are known.
  double calibrate() const {
    std::vector<double> ratios;
    for (const AdvisedStatement& statement : statements_) {
      if (statement.selected == std::string::npos || statement.observed_ms <= 0) continue;
      const std::optional<internal::MeanCost> mean =
          internal::mean_cost(statement.literals, result_.planned[statement.selected]);
      if (mean && mean->before > 0) ratios.push_back(statement.mean_ms() / mean->before);
    }
    if (ratios.empty()) return kMsPerCostUnit;
    std::ranges::sort(ratios);
    return ratios[ratios.size() / 2];
  }

  // ---- proposals

  void propose_chosen(internal::ProposalMaker& maker) {
    for (const size_t id : result_.chosen) {
      Proposal proposal = maker.chosen(id, result_, statements_);
      if (!proposal.statements.empty()) advice_.proposals.push_back(std::move(proposal));
    }
  }

  // ---- the rest

  void finish(internal::ProposalMaker& maker, const std::vector<std::string>& by_rule) {
    for (Proposal& proposal : advice_.proposals)
      maker.complete(proposal, std::ranges::find(by_rule, proposal.id) != by_rule.end());
    std::ranges::stable_sort(advice_.proposals, [](const Proposal& left, const Proposal& right) {
      return left.saved_ms > right.saved_ms;
    });
    if (!schema_.inferred)
      advice_.drops = find_redundant(schema_.schema, statistics_, writes_, advice_.proposals);
    for (const AdvisedStatement& statement : statements_) {
      if (statement.selected == std::string::npos || !planner_->is_server()) continue;
      const std::vector<PlannedLiteral>& planned = result_.planned[statement.selected];
      if (planned.empty() || !planned[0].before) continue;
      if (std::optional<StatisticsAdvice> advice =
              statistics_advice(*statement.pattern, schema_.schema, *planned[0].before))
        add_advice(advice_.statistics, std::move(*advice));
    }
    advice_.why_not = internal::explain_slow_statements(
        statements_, {.schema = schema_.schema, .result = result_, .problem = problem_});
    add_totals();
    advice_.notes = internal::advice_notes(advice_, schema_, statistics_, writes_, *planner_);
  }

  void add_totals() {
    advice_.planner = planner_->describe();
    advice_.planner_calls = planner_->calls();
    advice_.plans_exhausted = result_.exhausted;
    double before = 0;
    double after = 0;
    for (const AdvisedStatement& statement : statements_) {
      advice_.observed_ms += statement.observed_ms;
      if (statement.selected == std::string::npos) continue;
      const std::optional<internal::MeanCost> mean =
          internal::mean_cost(statement.literals, result_.planned[statement.selected]);
      if (!mean) continue;
      before += mean->before * static_cast<double>(statement.pattern->calls);
      after += mean->after * static_cast<double>(statement.pattern->calls);
    }
    if (before > 0) {
      advice_.cost_before = before;
      advice_.cost_after = after;
    }
    for (const Proposal& proposal : advice_.proposals) advice_.size_bytes += proposal.build.size_bytes;
  }

  const Workload& workload_;
  const Statistics& statistics_;
  const AdvisorOptions& options_;
  WorkloadSchema schema_;
  ConditionContext context_;
  WriteModel writes_;
  std::unique_ptr<CostModel> model_;
  WhatIfPlanner* planner_ = nullptr;
  std::vector<AdvisedStatement> statements_;
  SelectionProblem problem_;
  SelectionResult result_;
  double ms_per_cost_ = 0;  // of a server's costs, by this capture's times
  Advice advice_;
};

}  // namespace

Advice advise(const Workload& workload, const Schema& schema, const Statistics& statistics,
              WhatIfPlanner* planner, const AdvisorOptions& options) {
  const Workload resolved = with_resolved_columns(workload, schema);
  return Advisor(resolved, schema, statistics, planner, options).run();
}

}  // namespace pgsieve
