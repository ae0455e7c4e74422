#include "rules/common.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "analyzer/sql/expression_text.h"

namespace pgsieve {

Finding pattern_finding(std::string_view rule, const Pattern& pattern, std::string_view extra) {
  Finding finding;
  finding.rule = rule;
  finding.pattern = pattern.key;
  finding.object = extra;
  finding.query = pattern.query;
  finding.count = pattern.calls;
  finding.time_ms = pattern.total_ms();
  finding.sample = pattern.slowest.text;
  if (const uint32_t main = pattern.shape->main_relation(); main != kNoIndex)
    finding.table = qualified_name(pattern.shape->relations[main]);
  for (const auto& [tag, counts] : pattern.tags) {
    const std::vector<FacetCounts::Value> values = counts.by_frequency();
    if (!values.empty()) finding.tags[tag] = values.front().text;
  }
  return finding;
}

bool is_catalog_relation(const Relation& relation) {
  if (relation.schema == "pg_catalog" || relation.schema == "information_schema") return true;
  return relation.schema.empty() && relation.name.starts_with("pg_");
}

const Relation* relation_at(const StatementShape& shape, uint32_t index) {
  return index < shape.relations.size() ? &shape.relations[index] : nullptr;
}

const Table* table_behind(const Schema& schema, const Relation& relation) {
  if (relation.kind != Relation::Kind::kTable) return nullptr;
  const Table* table = schema.find(relation.schema, relation.name);
  return table != nullptr && !(table->view && !table->materialized) ? table : nullptr;
}

std::string quoted_relation(const Relation& relation) {
  const std::string name = quote_identifier(relation.name);
  return relation.schema.empty() ? name : quote_identifier(relation.schema) + "." + name;
}

bool pinned_by_unique_key(const StatementShape& shape, uint32_t block, uint32_t relation,
                          const Table* table) {
  std::vector<std::string> pinned;
  for (const Predicate& predicate : shape.predicates) {
    if (predicate.block != block || predicate.column.relation != relation || !predicate.expression.empty())
      continue;
    const bool one_element = predicate.op == PredicateOperator::kIn && predicate.slots.size() == 1 &&
                             predicate.slots[0] < shape.slots.size() &&
                             !shape.slots[predicate.slots[0]].array;
    if ((predicate.op != PredicateOperator::kEqual && !one_element) || predicate.in_or || predicate.negated ||
        predicate.having)
      continue;
    if (predicate.operand == OperandKind::kColumn || predicate.operand == OperandKind::kExpression) continue;
    pinned.push_back(predicate.column.column);
  }
  if (table != nullptr) return table->unique_by(pinned);
  return std::ranges::find(pinned, "id") != pinned.end();
}

bool limit_bounds_nothing(const Pattern& pattern) {
  if (pattern.shape == nullptr || pattern.shape->blocks.empty()) return false;
  const RowBound& limit = pattern.shape->blocks[0].limit;
  if (!limit.present) return false;
  if (pattern.limits.count() > 0) return pattern.limits.min() >= kEndlessLimit;
  return limit.value.value_or(0) >= kEndlessLimit;
}

std::optional<std::string> sample_parameter(std::string_view parameters, unsigned number) {
  const std::string name = fmt::format("${} = ", number);
  size_t at = 0;
  while (at < parameters.size()) {
    const bool wanted = parameters.substr(at).starts_with(name);
    const size_t equals = parameters.find(" = ", at);
    if (equals == std::string_view::npos) return std::nullopt;
    at = equals + 3;
    if (at >= parameters.size() || parameters[at] != '\'') {  // NULL
      if (wanted) return std::nullopt;
    } else {
      std::string value;
      for (++at; at < parameters.size(); ++at) {
        if (parameters[at] == '\'' && (at + 1 >= parameters.size() || parameters[++at] != '\'')) break;
        value += parameters[at];
      }
      if (wanted) return value;
    }
    const size_t comma = parameters.find(", $", at);
    if (comma == std::string_view::npos) return std::nullopt;
    at = comma + 2;
  }
  return std::nullopt;
}

bool takes_from_queue(const StatementShape& shape) {
  return std::ranges::any_of(shape.blocks, [](const QueryBlock& block) { return block.skip_locked; });
}

std::optional<double> best_ms(const Pattern& pattern) {
  if (pattern.durations.count() == 0) return std::nullopt;
  const double smallest = static_cast<double>(pattern.durations.min()) / 1000;
  if (pattern.prepare_total <= 0) return smallest;
  const double executed = static_cast<double>(pattern.durations.sum() - pattern.prepare_total) / 1000;
  return std::min(smallest, executed / static_cast<double>(pattern.durations.count()));
}

double cold_start_ms(const Pattern& pattern) {
  if (pattern.prepare_total > 0 || pattern.durations.count() > 2) return 0;
  return pattern.durations.count() == 1 ? 0.9 : 0.2;
}

std::string grouped(double number) {
  std::string digits = fmt::format("{:.0f}", std::round(number));
  for (size_t at = digits.size(); at > 3 && digits[at - 4] != '-'; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

}  // namespace pgsieve
