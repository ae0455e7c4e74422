#include "analyzer/advisor/selectivity.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "analyzer/advisor/literals.h"

namespace pgsieve {

namespace {

constexpr double kEqual = 0.005;
constexpr double kOneSidedRange = 1.0 / 3;
constexpr double kTwoSidedRange = 0.005;
constexpr double kSearch = 0.001;
constexpr double kFlag = 0.5;
constexpr double kListElements = 4;  // where the list's length is not known

double clamped(double value) {
  return std::clamp(value, 1e-9, 1.0);
}

std::string unquoted(std::string text) {
  if (text.size() < 2 || text.front() != '\'') return text;
  std::string out;
  for (size_t at = 1; at + 1 < text.size(); ++at) {
    out += text[at];
    if (text[at] == '\'') ++at;
  }
  return out;
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Share of a histogram below a value; bounds and value are numbers, or texts that sort as they compare (ISO
// dates do).
std::optional<double> share_below(const std::vector<std::string>& bounds, const std::string& value) {
  if (bounds.size() < 2) return std::nullopt;
  const std::optional<double> number = number_of(value);
  const bool numeric = number && number_of(bounds.front()) && number_of(bounds.back());
  const auto before = [&](const std::string& bound) {
    return numeric ? number_of(bound).value_or(0) < *number : bound < value;
  };
  const size_t below = static_cast<size_t>(std::ranges::partition_point(bounds, before) - bounds.begin());
  if (below == 0) return 0.0;
  if (below == bounds.size()) return 1.0;
  double inside = 0.5;
  if (numeric) {
    const double low = *number_of(bounds[below - 1]);
    const double high = number_of(bounds[below]).value_or(low);
    if (high > low) inside = (*number - low) / (high - low);
  }
  return (static_cast<double>(below) - 1 + inside) / static_cast<double>(bounds.size() - 1);
}

std::optional<std::string> value_of(const IndexTerm& term, const Pattern& pattern, size_t at = 0) {
  if (term.predicate == nullptr || term.predicate->slots.size() <= at) return std::nullopt;
  std::optional<std::string> literal = constant_literal(pattern, term.predicate->slots[at]);
  if (!literal) return std::nullopt;
  return unquoted(std::move(*literal));
}

double equal_share(const IndexTerm& term, const Table* table, const ColumnStatistics* known,
                   const Pattern& pattern) {
  const double rows = table == nullptr ? 0 : table->rows.value_or(0);
  if (known != nullptr && !known->common_values.empty()) {
    const std::optional<std::string> value = value_of(term, pattern);
    for (size_t i = 0; value && i < known->common_values.size() && i < known->common_frequencies.size(); ++i)
      if (known->common_values[i] == *value) return known->common_frequencies[i];
    double common = 0;
    for (const double frequency : known->common_frequencies) common += frequency;
    const double others = std::max(1.0, term.distinct - static_cast<double>(known->common_values.size()));
    if (value && term.distinct > 0) return std::max(0.0, 1 - common - known->null_fraction) / others;
  }
  if (term.distinct > 0) return 1 / term.distinct;
  if (term.flag) return kFlag;
  return rows > 0 ? std::max(kEqual, 1 / rows) : kEqual;
}

double range_share(const IndexTerm& term, const ColumnStatistics* known, const Pattern& pattern) {
  // All conditions on the key together.
  double low = 0;
  double high = 1;
  bool placed = false;
  int sides = 0;
  for (const Predicate& predicate : pattern.shape->predicates) {
    const bool same = predicate.column.relation == term.predicate->column.relation &&
                      predicate.column.column == term.predicate->column.column &&
                      predicate.expression == term.predicate->expression && !predicate.in_or &&
                      !predicate.negated;
    if (!same) continue;
    const bool lower =
        predicate.op == PredicateOperator::kGreater || predicate.op == PredicateOperator::kGreaterEqual;
    const bool upper =
        predicate.op == PredicateOperator::kLess || predicate.op == PredicateOperator::kLessEqual;
    const bool both = predicate.op == PredicateOperator::kBetween;
    if (!lower && !upper && !both) continue;
    sides |= lower ? 1 : upper ? 2 : 3;
    if (known == nullptr) continue;
    IndexTerm each = term;
    each.predicate = &predicate;
    for (size_t at = 0; at < (both ? 2U : 1U); ++at) {
      const std::optional<std::string> value = value_of(each, pattern, at);
      const std::optional<double> share = value ? share_below(known->histogram, *value) : std::nullopt;
      if (!share) continue;
      placed = true;
      if (lower || (both && at == 0)) {
        low = std::max(low, *share);
      } else {
        high = std::min(high, *share);
      }
    }
  }
  if (placed) return std::max(high - low, 0.0);
  return sides == 3 ? kTwoSidedRange : kOneSidedRange;
}

}  // namespace

double selectivity(const IndexTerm& term, const Table* table, const Statistics& statistics,
                   const Pattern& pattern) {
  const ColumnStatistics* known = table == nullptr || term.key.column.empty()
                                      ? nullptr
                                      : statistics.find_column(table->schema, table->name, term.key.column);
  if (term.predicate == nullptr) return clamped(term.distinct > 0 ? 1 / term.distinct : kEqual);
  switch (term.predicate->op) {
    case PredicateOperator::kEqual:
    case PredicateOperator::kLike:
      return clamped(term.predicate->op == PredicateOperator::kLike &&
                             like_pattern_of(*term.predicate, pattern) != LikePattern::kExact
                         ? kEqual
                         : equal_share(term, table, known, pattern));
    case PredicateOperator::kIn: {
      const auto elements = static_cast<double>(pattern.max_list_elements);
      return clamped(equal_share(term, table, known, pattern) * (elements > 0 ? elements : kListElements));
    }
    case PredicateOperator::kIsNull:
      return clamped(known != nullptr ? known->null_fraction : kFlag);
    case PredicateOperator::kLess:
    case PredicateOperator::kLessEqual:
    case PredicateOperator::kGreater:
    case PredicateOperator::kGreaterEqual:
    case PredicateOperator::kBetween:
      return clamped(range_share(term, known, pattern));
    default:
      return kSearch;
  }
}

double constant_selectivity(const std::string& condition, const IndexKey& key, const Table* table,
                            const Statistics& statistics) {
  const ColumnStatistics* known =
      table == nullptr ? nullptr : statistics.find_column(table->schema, table->name, key.column);
  if (known == nullptr) return kFlag;
  if (condition.ends_with(" IS NULL")) return clamped(known->null_fraction);
  if (condition.ends_with(" IS NOT NULL")) return clamped(1 - known->null_fraction);
  const size_t equals = condition.find(" = ");
  const std::string value = equals == std::string::npos ? (condition.starts_with("NOT ") ? "f" : "t")
                                                        : unquoted(condition.substr(equals + 3));
  for (size_t i = 0; i < known->common_values.size() && i < known->common_frequencies.size(); ++i)
    if (known->common_values[i] == value) return clamped(known->common_frequencies[i]);
  return clamped(equals == std::string::npos ? kFlag : 0.01);
}

}  // namespace pgsieve
