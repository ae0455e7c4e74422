#include "analyzer/advisor/extended_statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analyzer/sql/expression_text.h"

namespace pgsieve {

namespace {

constexpr double kWrongBy = 10;    // observed rows over estimated ones
constexpr double kManyRows = 100;  // below, a wrong estimate changes no plan

// Columns compared with a value, on the only table of a statement whose rows are all returned.
std::set<std::string> compared_columns(const Pattern& pattern) {
  const StatementShape& shape = *pattern.shape;
  if (shape.kind != StatementKind::kSelect || shape.relations.size() != 1 || shape.blocks.size() != 1)
    return {};
  const QueryBlock& block = shape.blocks[0];
  if (block.limit.present || block.has_aggregate || block.distinct || !block.group.empty()) return {};
  std::set<std::string> columns;
  for (const Predicate& predicate : shape.predicates) {
    if (predicate.in_or || predicate.negated || !predicate.expression.empty()) return {};
    if (predicate.op == PredicateOperator::kEqual && predicate.column.relation == 0)
      columns.insert(predicate.column.column);
  }
  return columns;
}

}  // namespace

std::optional<StatisticsAdvice> statistics_advice(const Pattern& pattern, const Schema& schema,
                                                  const PlanAnswer& plan) {
  const std::set<std::string> columns = compared_columns(pattern);
  if (columns.size() < 2 || pattern.rows_calls == 0) return std::nullopt;
  const Relation& relation = pattern.shape->relations[0];
  const Table* table = schema.find(relation.schema, relation.name);
  if (table == nullptr || table->view) return std::nullopt;
  const double seen = static_cast<double>(pattern.rows_total) / static_cast<double>(pattern.rows_calls);
  if (seen < kManyRows || seen < kWrongBy * std::max(plan.rows, 1.0)) return std::nullopt;
  StatisticsAdvice advice;
  advice.schema = table->schema;
  advice.table = table->name;
  advice.columns.assign(columns.begin(), columns.end());
  std::string name = table->name;
  std::string list;
  for (const std::string& column : advice.columns) {
    name += "_" + column;
    list += (list.empty() ? "" : ", ") + quote_identifier(column);
  }
  if (name.size() > 58) name.resize(58);
  const std::string schema_name =
      table->schema == "public" ? std::string() : quote_identifier(table->schema) + ".";
  advice.sql =
      fmt::format("CREATE STATISTICS {}{} (dependencies, mcv) ON {} FROM {}{}", schema_name,
                  quote_identifier(name + "_stat"), list, schema_name, quote_identifier(table->name));
  advice.reason = fmt::format(
      "the planner expects {:.0f} rows where {:.0f} come back: the conditions on {} are not independent. "
      "ANALYZE {} afterwards",
      std::max(plan.rows, 1.0), seen, fmt::join(advice.columns, ", "), table->name);
  advice.statements.push_back(pattern.key);
  return advice;
}

void add_advice(std::vector<StatisticsAdvice>& list, StatisticsAdvice advice) {
  const auto same =
      std::ranges::find_if(list, [&advice](const StatisticsAdvice& each) { return each.sql == advice.sql; });
  if (same == list.end()) {
    list.push_back(std::move(advice));
  } else {
    same->statements.insert(same->statements.end(), advice.statements.begin(), advice.statements.end());
  }
}

}  // namespace pgsieve
