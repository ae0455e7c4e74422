#include "analyzer/advisor/constant_condition.h"

#include <algorithm>
#include <string_view>

#include "analyzer/advisor/literals.h"
#include "analyzer/sql/expression_text.h"

namespace pgsieve::internal {

namespace {

// A column with at most this many values splits its table in large parts; its constants are states, not keys.
constexpr double kStateValues = 50;

// A value seen less often proves nothing about the next call.
constexpr uint64_t kConstantCalls = 5;

bool references(const Table& table, std::string_view column) {
  return std::ranges::any_of(table.foreign_keys, [column](const ForeignKey& key) {
    return std::ranges::find(key.columns, column) != key.columns.end();
  });
}

}  // namespace

std::string state_condition(PredicateOperator op, const IndexKey& key) {
  const std::string name = key.column.empty() ? "(" + key.expression + ")" : quote_identifier(key.column);
  switch (op) {
    case PredicateOperator::kIsNull:
      return name + " IS NULL";
    case PredicateOperator::kIsNotNull:
      return name + " IS NOT NULL";
    case PredicateOperator::kIsTrue:
      return name;
    case PredicateOperator::kIsFalse:
      return "NOT " + name;
    case PredicateOperator::kIsNotTrue:
      return name + " IS NOT TRUE";
    default:
      return name + " IS NOT FALSE";
  }
}

std::optional<std::string> constant_condition(const Predicate& predicate, const IndexTerm& term,
                                              const Pattern& pattern, const Table* table,
                                              const Statistics& statistics) {
  if (pattern.calls < kConstantCalls) return std::nullopt;
  if (predicate.op != PredicateOperator::kEqual || term.key.column.empty() || predicate.slots.size() != 1)
    return std::nullopt;
  const Column* column = table == nullptr ? nullptr : table->find_column(term.key.column);
  if (column == nullptr) return std::nullopt;
  constexpr std::string_view kNumbers[] = {"smallint", "integer", "bigint", "int2", "int4", "int8", "int"};
  const bool number = std::ranges::find(kNumbers, column->type) != std::end(kNumbers) ||
                      column->type.starts_with("numeric");
  const ColumnStatistics* known = statistics.find_column(table->schema, table->name, term.key.column);
  if (known != nullptr && known->distinct < 0) return std::nullopt;  // as many values as rows, more or less
  const bool states = term.flag || (term.distinct > 0 && term.distinct <= kStateValues && !number);
  if (!states || references(*table, term.key.column)) return std::nullopt;
  const std::optional<std::string> literal = constant_literal(pattern, predicate.slots[0]);
  if (!literal) return std::nullopt;
  return quote_identifier(term.key.column) + " = " + *literal;
}

}  // namespace pgsieve::internal
