#include "analyzer/advisor/proposal_maker.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/advisor/grade.h"
#include "analyzer/advisor/index_size.h"

namespace pgsieve::internal {

namespace {

constexpr double kPage = 8192;
constexpr double kDisagreement = 10;   // observed over expected time
constexpr double kDisagreementMs = 1;  // and at least so long
constexpr size_t kMaxCompetitors = 5;

std::string columns_of(const IndexDefinition& definition) {
  std::string text;
  for (const IndexKey& key : definition.keys) text += (text.empty() ? "" : ", ") + key_sql(key);
  return text;
}

// How executed plans read the table: rows looked at and rows kept, per execution, of the costliest scan.
void add_plan_facts(const Pattern& pattern, const std::string& table, StatementEvidence& evidence) {
  for (const PlanFact& fact : pattern.plans) {
    const bool reads = fact.access == PlanFact::Access::kSeqScan ||
                       fact.access == PlanFact::Access::kIndexScan ||
                       fact.access == PlanFact::Access::kBitmapScan;
    if (!reads || fact.relation != table || fact.executions == 0) continue;
    const double scanned = (fact.rows + fact.rows_removed) / static_cast<double>(fact.executions);
    if (evidence.rows_scanned && *evidence.rows_scanned >= scanned) continue;
    evidence.rows_scanned = scanned;
    evidence.rows_kept = fact.rows / static_cast<double>(fact.executions);
  }
}

}  // namespace

std::optional<MeanCost> mean_cost(const std::vector<LiteralStatement>& literals,
                                  const std::vector<PlannedLiteral>& planned) {
  MeanCost mean;
  double shares = 0;
  for (size_t i = 0; i < planned.size() && i < literals.size(); ++i) {
    if (!planned[i].before) continue;
    const double after = planned[i].after ? planned[i].after->cost : planned[i].before->cost;
    mean.before += literals[i].share * planned[i].before->cost;
    mean.after += literals[i].share * after;
    shares += literals[i].share;
  }
  if (shares <= 0) return std::nullopt;
  mean.before /= shares;
  mean.after /= shares;
  return mean;
}

bool clock_disagrees(const AdvisedStatement& statement, double cost, double ms_per_cost) {
  if (ms_per_cost <= 0 || statement.observed_ms <= 0) return false;
  const double mean = statement.mean_ms();
  return mean >= kDisagreementMs && mean > kDisagreement * cost * ms_per_cost;
}

double share_left(const AdvisedStatement& statement, const MeanCost& mean, double ms_per_cost) {
  if (!clock_disagrees(statement, mean.before, ms_per_cost)) return std::min(mean.ratio(), 1.0);
  return std::min(mean.ratio(), mean.after * ms_per_cost / statement.mean_ms());
}

ProposalMaker::ProposalMaker(const MakerContext& context) : context_(context) {
  for (const Table& table : context.schema.schema.tables())
    for (const Index& index : table.indexes) taken_.push_back(index.name);
}

Proposal ProposalMaker::start(const IndexDefinition& index, const std::string& extension) {
  Proposal proposal;
  proposal.index = index;
  proposal.id = definition_id(index);
  proposal.name = index_name(index, taken_);
  taken_.push_back(proposal.name);
  proposal.extension = extension;
  proposal.writes = context_.writes.of(index);
  add_build(proposal);
  add_overlaps(proposal);
  return proposal;
}

StatementEvidence ProposalMaker::evidence_of(const AdvisedStatement& statement, const IndexDefinition& index,
                                             const std::vector<PlannedLiteral>* planned) const {
  StatementEvidence evidence;
  evidence.pattern = statement.pattern->key;
  evidence.query = statement.pattern->query;
  evidence.calls = statement.pattern->calls;
  evidence.observed_ms = statement.observed_ms;
  evidence.model = !context_.server;
  add_plan_facts(*statement.pattern, index.table, evidence);
  if (planned == nullptr) return evidence;
  if (const std::optional<MeanCost> mean = mean_cost(statement.literals, *planned)) {
    evidence.cost_before = mean->before;
    evidence.cost_after = mean->after;
  }
  for (size_t i = 0; i < planned->size() && i < statement.literals.size(); ++i) {
    const PlannedLiteral& each = (*planned)[i];
    LiteralEvidence literal{
        .which = statement.literals[i].which, .statement = {}, .cost_before = {}, .cost_after = {}};
    if (context_.options.show_values) literal.statement = statement.literals[i].text;
    if (each.before) literal.cost_before = each.before->cost;
    if (each.after) literal.cost_after = each.after->cost;
    if (i == 0 && each.before) evidence.plan_before = each.before->plan;
    if (i == 0 && each.after) evidence.plan_after = each.after->plan;
    evidence.literals.push_back(std::move(literal));
  }
  return evidence;
}

Proposal ProposalMaker::chosen(size_t id, const SelectionResult& result,
                               std::vector<AdvisedStatement>& statements) {
  Proposal proposal = start(result.candidates[id], {});
  proposal.build.planner_size_bytes = context_.server ? result.bytes[id] : 0;
  for (AdvisedStatement& statement : statements) {
    if (statement.selected == std::string::npos) continue;
    const std::vector<PlannedLiteral>& planned = result.planned[statement.selected];
    size_t used = 0;  // indexes that share in this statement's gain
    bool own = false;
    for (const PlannedLiteral& literal : planned) {
      if (!literal.after) continue;
      used = std::max(used, literal.after->used.size());
      own |= std::ranges::find(literal.after->used, id) != literal.after->used.end();
    }
    const std::optional<MeanCost> mean = mean_cost(statement.literals, planned);
    if (!own || !mean) continue;
    statement.proposed = true;
    StatementEvidence evidence = evidence_of(statement, proposal.index, &planned);
    evidence.observation_wins =
        context_.server && clock_disagrees(statement, mean->before, context_.ms_per_cost);
    const double saved = 1 - share_left(statement, *mean, context_.ms_per_cost);
    evidence.saved_ms = statement.weight_ms * saved / static_cast<double>(std::max<size_t>(used, 1));
    proposal.saved_ms += evidence.saved_ms;
    proposal.statements.push_back(std::move(evidence));
  }
  add_competitors(proposal, id, result, statements);
  return proposal;
}

Proposal ProposalMaker::ruled(const Candidate& candidate, AdvisedStatement& statement, double saved_ms,
                              const std::vector<PlannedLiteral>& planned) {
  Proposal proposal = start(candidate.index, candidate.extension);
  add_statement(proposal, statement, saved_ms, planned);
  return proposal;
}

void ProposalMaker::add_statement(Proposal& proposal, AdvisedStatement& statement, double saved_ms,
                                  const std::vector<PlannedLiteral>& planned) {
  StatementEvidence evidence = evidence_of(statement, proposal.index, planned.empty() ? nullptr : &planned);
  // Costs with an index nobody imagined are those without it.
  evidence.cost_after.reset();
  evidence.plan_after.clear();
  for (LiteralEvidence& literal : evidence.literals) literal.cost_after.reset();
  evidence.saved_ms = saved_ms;
  evidence.observation_wins = context_.server && evidence.cost_before &&
                              clock_disagrees(statement, *evidence.cost_before, context_.ms_per_cost);
  proposal.saved_ms += saved_ms;
  proposal.statements.push_back(std::move(evidence));
  statement.proposed = true;
}

void ProposalMaker::complete(Proposal& proposal, bool by_rule) {
  std::ranges::stable_sort(proposal.statements,
                           [](const StatementEvidence& left, const StatementEvidence& right) {
                             return left.saved_ms > right.saved_ms;
                           });
  const Table* table = context_.schema.schema.find(proposal.index.schema, proposal.index.table);
  GradeContext known;
  known.schema_known = !context_.schema.inferred;
  known.server = context_.server;
  known.statistics = !context_.statistics.empty();
  known.table_bytes = table == nullptr ? 0 : table->pages.value_or(0) * kPage;
  known.by_rule = by_rule;
  known.guessed_size =
      table != nullptr && context_.schema.guessed.contains(table->schema + "." + table->name);
  if (known.guessed_size) known.table_bytes = 0;
  grade(proposal, known);
}

void ProposalMaker::add_build(Proposal& proposal) const {
  const Table* table = context_.schema.schema.find(proposal.index.schema, proposal.index.table);
  BuildEstimate& build = proposal.build;
  build.lock =
      "CONCURRENTLY holds SHARE UPDATE EXCLUSIVE: reads and writes go on, but it waits for every transaction "
      "that is older, twice. "
      "Without it, SHARE blocks all writes to the table until the index is built";
  std::string caution;
  if (!proposal.extension.empty()) {
    const bool known = context_.options.extensions.has_value();
    const bool present = known && std::ranges::find(*context_.options.extensions, proposal.extension) !=
                                      context_.options.extensions->end();
    if (!present)
      caution = fmt::format("needs CREATE EXTENSION {}{}", proposal.extension,
                            known ? "" : ", unless it is installed already");
  }
  if (table != nullptr) {
    build.size_bytes = estimate_index_bytes(proposal.index, *table, context_.statistics);
    build.seconds = estimate_build_seconds(proposal.index, *table, build.size_bytes);
    if (!table->partition_strategy.empty())
      caution += std::string(caution.empty() ? "" : "; ") +
                 "the table is partitioned: create it ON ONLY the parent, then CONCURRENTLY on each "
                 "partition, then attach them";
  }
  build.caution = caution;
}

void ProposalMaker::add_overlaps(Proposal& proposal) const {
  const Table* table = context_.schema.schema.find(proposal.index.schema, proposal.index.table);
  if (table == nullptr) return;
  for (const Index& index : table->indexes) {
    if (index.method != proposal.index.method || index.keys.empty()) continue;
    const IndexDefinition own = definition_of(*table, index);
    size_t common = 0;
    while (common < own.keys.size() && common < proposal.index.keys.size() &&
           own.keys[common].column == proposal.index.keys[common].column &&
           own.keys[common].expression == proposal.index.keys[common].expression)
      ++common;
    if (common == 0 || covers(proposal.index, own)) continue;
    proposal.overlaps.push_back(fmt::format("{} ({}) starts with the same {}", index.name, columns_of(own),
                                            common == 1 ? "column" : "columns"));
  }
}

void ProposalMaker::add_competitors(Proposal& proposal, size_t id, const SelectionResult& result,
                                    const std::vector<AdvisedStatement>& statements) const {
  std::vector<size_t> seen = {id};
  for (const AdvisedStatement& statement : statements) {
    const bool served = std::ranges::any_of(proposal.statements, [&](const StatementEvidence& each) {
      return each.pattern == statement.pattern->key;
    });
    if (!served || statement.selected == std::string::npos) continue;
    for (const size_t other : statement.plannable) {
      const IndexDefinition& definition = result.candidates[other];
      const bool known = std::ranges::find(seen, other) != seen.end() ||
                         std::ranges::find(result.chosen, other) != result.chosen.end();
      if (known || definition.table != proposal.index.table || proposal.competitors.size() >= kMaxCompetitors)
        continue;
      seen.push_back(other);
      Competitor competitor{
          .index = definition, .why = {}, .cost_ratio = {}, .size_bytes = result.bytes[other]};
      const std::vector<size_t>& best = result.best[statement.selected];
      const bool preferred = std::ranges::find(best, other) != best.end();
      if (covers(proposal.index, definition)) {
        competitor.why = "a part of it, which serves fewer conditions";
      } else if (covers(definition, proposal.index)) {
        competitor.why = preferred ? "wider: a little better for one statement, larger, and more to write"
                                   : "wider and no better: offered both, the planner did not take it";
      } else if (preferred) {
        competitor.why =
            "better for one statement on its own, but this one gains more per byte over all of them";
      } else {
        competitor.why = "offered beside the others, the planner did not take it";
      }
      proposal.competitors.push_back(std::move(competitor));
    }
  }
}

}  // namespace pgsieve::internal
