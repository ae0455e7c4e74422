#include "analyzer/advisor/advisor.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "analyzer/advisor/advised_statement.h"
#include "analyzer/advisor/cost_model.h"
#include "analyzer/advisor/extended_statistics.h"
#include "analyzer/advisor/index_size.h"
#include "analyzer/advisor/proposal_maker.h"
#include "analyzer/advisor/redundant.h"
#include "analyzer/advisor/why_not.h"
#include "analyzer/advisor/workload_schema.h"
#include "analyzer/advisor/write_model.h"
#include "analyzer/schema/resolve_columns.h"

namespace pgsieve {

namespace {

using internal::AdvisedStatement;

constexpr double kPage = 8192;
// What an index the planner can't judge is taken to save of a statement's time.
constexpr double kRuleSaves = 0.9;
// Rules that go by the clock ask for at least so much per call.
constexpr double kRuleMs = 1;
// A search that returns more of the table than this is not served by an inverted index.
constexpr double kUnselectiveShare = 0.2;
constexpr double kMinRuleRows = 2000;

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
    propose_observed(maker);
    propose_ruled(maker);
    propose_references(maker);
    finish(maker);
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

  double least_gain() const {
    double total = 0;
    double left = 0;
    for (const AdvisedStatement& statement : statements_) {
      total += statement.weight_ms;
      double ratio = 1;
      if (statement.selected != std::string::npos)
        if (const auto mean = internal::mean_cost(statement.literals, result_.planned[statement.selected]))
          ratio = internal::share_left(statement, *mean, ms_per_cost_);
      if (statement.proposed && ratio > kRuleSaves) ratio = 1 - kRuleSaves;
      left += statement.weight_ms * ratio;
    }
    return least_worthwhile_gain({options_.min_saved_ms, options_.min_saved_share}, total, left);
  }

  // By observation: the statement takes long, its plan reads the whole table, and a candidate holds all its
  // conditions; but the planner finds the scan cheap (LIMIT after a condition it knows nothing about) and
  // would not say so.
  void propose_observed(internal::ProposalMaker& maker) {
    if (!planner_->is_server()) return;
    for (AdvisedStatement& statement : statements_) {
      if (statement.proposed || statement.selected == std::string::npos ||
          !is_read(statement.pattern->shape->kind))
        continue;
      const std::vector<PlannedLiteral>& planned = result_.planned[statement.selected];
      if (planned.empty() || !planned[0].before || planned[0].before->scanned.empty()) continue;
      if (!internal::clock_disagrees(statement, planned[0].before->cost, ms_per_cost_)) continue;
      const Candidate* best = nullptr;
      for (const Candidate& candidate : statement.found.candidates) {
        const bool scanned = std::ranges::find(planned[0].before->scanned, candidate.index.table) !=
                             planned[0].before->scanned.end();
        if (!candidate.complete || candidate.kind != Candidate::Kind::kBtree || !scanned ||
            !candidate.index.include.empty())
          continue;
        if (best == nullptr || candidate.index.keys.size() < best->index.keys.size()) best = &candidate;
      }
      if (best != nullptr) take_ruled(maker, *best, statement, statement.observed_ms * kRuleSaves, planned);
    }
  }

  void propose_ruled(internal::ProposalMaker& maker) {
    for (AdvisedStatement& statement : statements_) {
      if (statement.proposed || statement.ruled.empty()) continue;
      std::vector<PlannedLiteral> planned;
      if (planner_->is_server() && !statement.literals.empty() && planner_->calls() < options_.max_plans) {
        Result<PlanAnswer> answer = planner_->plan(statement.literals[0].text, {});
        planned.emplace_back();
        if (answer.ok()) planned.back().before = std::move(*answer);
      }
      const bool timed = statement.observed_ms > 0 && !options_.weigh_by_cost;
      if (!timed && !planned.empty() && planned[0].before)
        statement.weight_ms =
            static_cast<double>(statement.pattern->calls) * planned[0].before->cost * kMsPerCostUnit;
      for (const Candidate& candidate : statement.ruled) {
        statement.turned_down = refusal(statement, candidate, planned);
        if (!statement.turned_down.empty()) continue;
        take_ruled(maker, candidate, statement, statement.weight_ms * kRuleSaves, planned);
        break;
      }
    }
  }

  // Why an inverted index would not help; "": it may.
  std::string refusal(const AdvisedStatement& statement, const Candidate& candidate,
                      const std::vector<PlannedLiteral>& planned) const {
    const Table* table = schema_.schema.find(candidate.index.schema, candidate.index.table);
    const double rows = table == nullptr ? 0 : table_rows(*table);
    const std::string sql = create_index_sql(candidate.index);
    if (table != nullptr && table->rows && rows < kMinRuleRows)
      return fmt::format("{} is small enough to be read whole", table->name);
    if (statement.observed_ms > 0 && statement.mean_ms() < kRuleMs)
      return fmt::format("{} would save little: a call takes {:.2g} ms", sql, statement.mean_ms());
    const Pattern& pattern = *statement.pattern;
    const double returned = pattern.rows_calls == 0 ? 0
                                                    : static_cast<double>(pattern.rows_total) /
                                                          static_cast<double>(pattern.rows_calls);
    if (rows > 0 && returned > kUnselectiveShare * rows)
      return fmt::format("it returns {:.0f} of {:.0f} rows: reading the table is the way to do that",
                         returned, rows);
    if (!planned.empty() && planned[0].before && rows > 0 &&
        planned[0].before->rows > kUnselectiveShare * rows)
      return fmt::format("the planner expects {:.0f} of {:.0f} rows: reading the table is the way to do that",
                         planned[0].before->rows, rows);
    return {};
  }

  void take_ruled(internal::ProposalMaker& maker, const Candidate& candidate, AdvisedStatement& statement,
                  double saved_ms, const std::vector<PlannedLiteral>& planned) {
    const double net = saved_ms - writes_.cost_ms({&candidate.index});
    if (net < least_gain()) {
      statement.turned_down = fmt::format("{} would save about {:.0f} ms over the capture, too little",
                                          create_index_sql(candidate.index), std::max(net, 0.0));
      return;
    }
    const std::string id = definition_id(candidate.index);
    const auto known = std::ranges::find(advice_.proposals, id, &Proposal::id);
    if (known != advice_.proposals.end()) return maker.add_statement(*known, statement, saved_ms, planned);
    Proposal proposal = maker.ruled(candidate, statement, saved_ms, planned);
    double used = proposal.build.size_bytes;
    for (const Proposal& each : advice_.proposals)
      used += std::max(each.build.planner_size_bytes, each.build.size_bytes);
    if (problem_.budget_bytes && used > *problem_.budget_bytes) {
      statement.proposed = false;
      statement.turned_down = fmt::format("{} does not fit the budget", create_index_sql(candidate.index));
      return;
    }
    by_rule_.push_back(proposal.id);
    advice_.proposals.push_back(std::move(proposal));
  }

  // Deleting parents scans each child that has no index on its foreign key.
  void propose_references(internal::ProposalMaker& maker) {
    if (schema_.inferred) return;
    for (AdvisedStatement& statement : statements_) {
      const StatementShape& shape = *statement.pattern->shape;
      if (shape.kind != StatementKind::kDelete) continue;
      for (const Relation& relation : shape.relations) {
        const Table* parent =
            relation.dml_target ? schema_.schema.find(relation.schema, relation.name) : nullptr;
        if (parent == nullptr) continue;
        for (const Candidate& candidate : reference_candidates(schema_.schema, *parent))
          propose_reference(maker, candidate, statement);
      }
    }
  }

  void propose_reference(internal::ProposalMaker& maker, const Candidate& candidate,
                         AdvisedStatement& statement) {
    const Table* child = schema_.schema.find(candidate.index.schema, candidate.index.table);
    if (child == nullptr || (child->rows && table_rows(*child) < kMinRuleRows)) return;
    const auto serving = std::ranges::find_if(
        advice_.proposals, [&](const Proposal& each) { return covers(each.index, candidate.index); });
    if (serving != advice_.proposals.end()) {
      serving->reasons.push_back(candidate.why);
      return;
    }
    if (statement.observed_ms > 0 && statement.mean_ms() < kRuleMs) return;
    take_ruled(maker, candidate, statement, statement.weight_ms * kRuleSaves, {});
    if (statement.proposed && !advice_.proposals.empty() &&
        advice_.proposals.back().id == definition_id(candidate.index))
      advice_.proposals.back().reasons.push_back(candidate.why);
  }

  // ---- the rest

  void finish(internal::ProposalMaker& maker) {
    for (Proposal& proposal : advice_.proposals)
      maker.complete(proposal, std::ranges::find(by_rule_, proposal.id) != by_rule_.end());
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
    add_notes();
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

  void add_notes() {
    if (schema_.inferred)
      advice_.notes.emplace_back(
          "no schema was given: proposals are questions, since such indexes may exist (--schema FILE or --db "
          "URL)");
    if (!writes_.any_writes())
      advice_.notes.emplace_back(
          "writes are not visible in this capture: what indexes cost them is not counted");
    if (advice_.observed_ms <= 0)
      advice_.notes.emplace_back("the capture has no durations: statements are weighed by calls and cost");
    if (!planner_->is_server())
      advice_.notes.push_back(statistics_.empty() ? "costs are those of a small model with assumed "
                                                    "selectivities; --stats, --db or a twin give better ones"
                                                  : "costs are those of a small model over the tables' "
                                                    "statistics; --db or a twin give PostgreSQL's own");
    if (result_.exhausted)
      advice_.notes.push_back(fmt::format(
          "the search was cut off after {} planner calls; --max-plans allows more", advice_.planner_calls));
    std::string unindexed;
    for (const Table& parent : schema_.schema.tables())
      for (const Candidate& candidate :
           schema_.inferred ? std::vector<Candidate>{} : reference_candidates(schema_.schema, parent)) {
        const bool proposed = std::ranges::any_of(
            advice_.proposals, [&](const Proposal& each) { return covers(each.index, candidate.index); });
        const Table* child = schema_.schema.find(candidate.index.schema, candidate.index.table);
        if (proposed || (child->rows && table_rows(*child) < kMinRuleRows)) continue;
        unindexed += fmt::format("{}{} ({})", unindexed.empty() ? "" : ", ", candidate.index.table,
                                 candidate.index.keys.front().column);
      }
    if (!unindexed.empty())
      advice_.notes.push_back(
          "foreign keys without an index, which matter when rows they reference are deleted; this capture "
          "shows no need: " +
          unindexed);
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
  std::vector<std::string> by_rule_;
  Advice advice_;
};

}  // namespace

Advice advise(const Workload& workload, const Schema& schema, const Statistics& statistics,
              WhatIfPlanner* planner, const AdvisorOptions& options) {
  const Workload resolved = with_resolved_columns(workload, schema);
  return Advisor(resolved, schema, statistics, planner, options).run();
}

}  // namespace pgsieve
