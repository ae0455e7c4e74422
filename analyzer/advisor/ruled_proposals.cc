#include "analyzer/advisor/ruled_proposals.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "analyzer/advisor/index_size.h"

namespace pgsieve::internal {

namespace {

// What an index the planner can't judge is taken to save of a statement's time.
constexpr double kRuleSaves = 0.9;
// Rules that go by the clock ask for at least so much per call.
constexpr double kRuleMs = 1;
// A search that returns more of the table than this is not served by an inverted index.
constexpr double kUnselectiveShare = 0.2;

}  // namespace

double RuledProposals::least_gain() const {
  double total = 0;
  double left = 0;
  for (const AdvisedStatement& statement : statements_) {
    total += statement.weight_ms;
    double ratio = 1;
    if (statement.selected != std::string::npos)
      if (const auto mean = mean_cost(statement.literals, input_.result.planned[statement.selected]))
        ratio = share_left(statement, *mean, input_.ms_per_cost);
    if (statement.proposed && ratio > kRuleSaves) ratio = 1 - kRuleSaves;
    left += statement.weight_ms * ratio;
  }
  return least_worthwhile_gain({input_.options.min_saved_ms, input_.options.min_saved_share}, total, left);
}

void RuledProposals::propose_observed() {
  for (AdvisedStatement& statement : statements_) {
    if (statement.proposed || statement.selected == std::string::npos ||
        !is_read(statement.pattern->shape->kind))
      continue;
    const std::vector<PlannedLiteral>& planned = input_.result.planned[statement.selected];
    if (planned.empty() || !planned[0].before || planned[0].before->scanned.empty()) continue;
    if (!clock_disagrees(statement, planned[0].before->cost, input_.ms_per_cost)) continue;
    const Candidate* best = nullptr;
    for (const Candidate& candidate : statement.found.candidates) {
      const bool scanned = std::ranges::find(planned[0].before->scanned, candidate.index.table) !=
                           planned[0].before->scanned.end();
      if (!candidate.complete || candidate.kind != Candidate::Kind::kBtree || !scanned ||
          !candidate.index.include.empty())
        continue;
      if (best == nullptr || candidate.index.keys.size() < best->index.keys.size()) best = &candidate;
    }
    if (best != nullptr) take_ruled(*best, statement, statement.observed_ms * kRuleSaves, planned);
  }
}

void RuledProposals::propose_unplanned() {
  for (AdvisedStatement& statement : statements_) {
    if (statement.proposed || statement.ruled.empty()) continue;
    std::vector<PlannedLiteral> planned;
    if (input_.planner.is_server() && !statement.literals.empty() &&
        input_.planner.calls() < input_.options.max_plans) {
      Result<PlanAnswer> answer = input_.planner.plan(statement.literals[0].text, {});
      planned.emplace_back();
      if (answer.ok()) planned.back().before = std::move(*answer);
    }
    const bool timed = statement.observed_ms > 0 && !input_.options.weigh_by_cost;
    if (!timed && !planned.empty() && planned[0].before)
      statement.weight_ms =
          static_cast<double>(statement.pattern->calls) * planned[0].before->cost * kMsPerCostUnit;
    for (const Candidate& candidate : statement.ruled) {
      statement.turned_down = refusal(statement, candidate, planned);
      if (!statement.turned_down.empty()) continue;
      take_ruled(candidate, statement, statement.weight_ms * kRuleSaves, planned);
      break;
    }
  }
}

// Why an inverted index would not help; "": it may.
std::string RuledProposals::refusal(const AdvisedStatement& statement, const Candidate& candidate,
                                    const std::vector<PlannedLiteral>& planned) const {
  const Table* table = input_.schema.schema.find(candidate.index.schema, candidate.index.table);
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
    return fmt::format("it returns {:.0f} of {:.0f} rows: reading the table is the way to do that", returned,
                       rows);
  if (!planned.empty() && planned[0].before && rows > 0 && planned[0].before->rows > kUnselectiveShare * rows)
    return fmt::format("the planner expects {:.0f} of {:.0f} rows: reading the table is the way to do that",
                       planned[0].before->rows, rows);
  return {};
}

void RuledProposals::take_ruled(const Candidate& candidate, AdvisedStatement& statement, double saved_ms,
                                const std::vector<PlannedLiteral>& planned) {
  const double net = saved_ms - input_.writes.cost_ms({&candidate.index});
  if (net < least_gain()) {
    statement.turned_down = fmt::format("{} would save about {:.0f} ms over the capture, too little",
                                        create_index_sql(candidate.index), std::max(net, 0.0));
    return;
  }
  const std::string id = definition_id(candidate.index);
  const auto known = std::ranges::find(proposals_, id, &Proposal::id);
  if (known != proposals_.end()) return maker_.add_statement(*known, statement, saved_ms, planned);
  Proposal proposal = maker_.ruled(candidate, statement, saved_ms, planned);
  double used = proposal.build.size_bytes;
  for (const Proposal& each : proposals_)
    used += std::max(each.build.planner_size_bytes, each.build.size_bytes);
  if (input_.budget_bytes && used > *input_.budget_bytes) {
    statement.proposed = false;
    statement.turned_down = fmt::format("{} does not fit the budget", create_index_sql(candidate.index));
    return;
  }
  ids_.push_back(proposal.id);
  proposals_.push_back(std::move(proposal));
}

void RuledProposals::propose_references() {
  for (AdvisedStatement& statement : statements_) {
    const StatementShape& shape = *statement.pattern->shape;
    if (shape.kind != StatementKind::kDelete) continue;
    for (const Relation& relation : shape.relations) {
      const Table* parent =
          relation.dml_target ? input_.schema.schema.find(relation.schema, relation.name) : nullptr;
      if (parent == nullptr) continue;
      for (const Candidate& candidate : reference_candidates(input_.schema.schema, *parent))
        propose_reference(candidate, statement);
    }
  }
}

void RuledProposals::propose_reference(const Candidate& candidate, AdvisedStatement& statement) {
  const Table* child = input_.schema.schema.find(candidate.index.schema, candidate.index.table);
  if (child == nullptr || (child->rows && table_rows(*child) < kMinRuleRows)) return;
  const auto serving = std::ranges::find_if(
      proposals_, [&](const Proposal& each) { return covers(each.index, candidate.index); });
  if (serving != proposals_.end()) {
    serving->reasons.push_back(candidate.why);
    return;
  }
  if (statement.observed_ms > 0 && statement.mean_ms() < kRuleMs) return;
  take_ruled(candidate, statement, statement.weight_ms * kRuleSaves, {});
  if (statement.proposed && !proposals_.empty() && proposals_.back().id == definition_id(candidate.index))
    proposals_.back().reasons.push_back(candidate.why);
}

}  // namespace pgsieve::internal
