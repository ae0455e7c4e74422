#include "analyzer/advisor/why_not.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgsieve::internal {

namespace {

constexpr double kLargeShare = 0.01;  // of all statements' time
constexpr double kSlowMs = 20;        // each
constexpr size_t kMaxListed = 50;

bool has_conditions(const StatementShape& shape) {
  return std::ranges::any_of(shape.predicates, [](const Predicate& predicate) { return !predicate.having; });
}

std::string of_plan(const AdvisedStatement& statement, const WhyNotContext& context) {
  const std::vector<PlannedLiteral>& planned = context.result.planned[statement.selected];
  for (const PlannedLiteral& literal : planned)
    if (!literal.error.empty()) return fmt::format("the server can't plan it: {}", literal.error);
  const PlannedLiteral* first = planned.empty() || !planned[0].before ? nullptr : &planned[0];
  if (first == nullptr)
    return context.result.exhausted ? "the number of planner calls was used up before its turn (--max-plans)"
                                    : "it could not be planned";
  const std::vector<size_t>& best = context.result.best[statement.selected];
  if (best.empty()) {
    if (first->before->scanned.empty())
      return fmt::format("existing indexes serve it; none of the {} candidates makes it cheaper",
                         statement.plannable.size());
    return first->before->rows > 1000
               ? fmt::format(
                     "no index would help: it needs about {:.0f} rows, and none of the {} candidates is "
                     "cheaper than reading the table",
                     first->before->rows, statement.plannable.size())
               : fmt::format("the planner finds none of the {} candidates cheaper than reading the table",
                             statement.plannable.size());
  }
  const IndexDefinition& wanted = context.result.candidates[best.front()];
  const std::optional<MeanCost> mean = mean_cost(statement.literals, planned);
  const bool budget = context.problem.budget_bytes.has_value();
  return fmt::format("its best candidate, {}, {}", create_index_sql(wanted),
                     mean && mean->ratio() < 0.999 ? "gains less than it costs beside the chosen ones"
                     : budget                      ? "gains too little, or does not fit the budget"
                                                   : "gains too little for its size and writes");
}

}  // namespace

std::string why_not(const AdvisedStatement& statement, const WhyNotContext& context) {
  const StatementShape& shape = *statement.pattern->shape;
  if (!statement.turned_down.empty()) return statement.turned_down;
  if (shape.kind == StatementKind::kUnparsed)
    return "the grammar does not know it: " + statement.pattern->parse_error;
  if (shape.kind == StatementKind::kInsert && statement.found.candidates.empty())
    return "an INSERT looks for no rows; its time is writing, waiting for locks, triggers and foreign keys";
  if (!is_read(shape.kind) && !is_write(shape.kind)) return "it is no query: an index can't help it";
  if (shape.catalog_only) return "it reads only the system's catalogues";
  if (statement.found.small) return "its tables are small: they are read faster whole";
  if (statement.selected != std::string::npos) return of_plan(statement, context);
  if (statement.found.unselective > 0 && statement.found.candidates.empty())
    return fmt::format(
        "its conditions keep about {:.0f} % of the table's rows: reading the table is the way to do that",
        100 * statement.found.unselective);
  if (!statement.found.obstacles.empty()) return statement.found.obstacles.front();
  if (!statement.found.candidates.empty())
    return statement.literals.empty() ? "its values are not in the capture, so that it could not be planned"
                                      : "its candidates can't be judged by the planner";
  if (statement.found.served)
    return "an index narrows it to its rows already; the time goes elsewhere (rows returned, locks, network)";
  const bool tables = std::ranges::any_of(
      shape.relations, [](const Relation& each) { return each.kind == Relation::Kind::kTable; });
  if (!tables) return "it reads no table";
  if (!has_conditions(shape)) return "it has no condition: the whole table is asked for";
  return "none of its conditions can be looked up in an index";
}

std::vector<WhyNot> explain_slow_statements(const std::vector<AdvisedStatement>& statements,
                                            const WhyNotContext& context) {
  double total = 0;
  for (const AdvisedStatement& statement : statements) total += statement.weight_ms;
  std::vector<WhyNot> found;
  for (const AdvisedStatement& statement : statements) {
    const bool slow = statement.weight_ms > 0 &&
                      (statement.weight_ms >= kLargeShare * total || statement.mean_ms() >= kSlowMs);
    if (statement.proposed || !slow) continue;
    found.push_back({.pattern = statement.pattern->key,
                     .query = statement.pattern->query,
                     .calls = statement.pattern->calls,
                     .observed_ms = statement.observed_ms,
                     .reason = why_not(statement, context)});
  }
  std::ranges::stable_sort(
      found, [](const WhyNot& left, const WhyNot& right) { return left.observed_ms > right.observed_ms; });
  if (found.size() > kMaxListed) found.resize(kMaxListed);
  return found;
}

}  // namespace pgsieve::internal
