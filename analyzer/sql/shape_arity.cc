// Arity: how many values one execution asks for.
//
// `WHERE post_id IN (1, 2, 3)` is a batch; `WHERE user_id = $1 AND status IN ('new', 'paid')` asks for one
// user. What counts is the comparison that picks the rows. Without statistics its column's name has to tell:
// keys (id, user_id, uuid) pick rows, everything else narrows them down, and a list of words ('new', 'paid')
// is a fixed choice rather than a batch. A list makes the statement kMany unless an equality is surer to pick
// the rows than the list is.
#include <algorithm>

#include "analyzer/sql/shape_builder.h"

namespace pgsieve::internal {

namespace {

// 2: a key. 1: cannot say. 0: a discriminator, a column with few values.
int selectivity(std::string_view column) {
  std::string name(column);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  static constexpr std::string_view kKeyEnds[] = {"_id", "uuid", "guid", "_key", "_pk", "_no", "_number"};
  static constexpr std::string_view kFewEnds[] = {"type",    "status", "state",    "kind",
                                                  "role",    "_flag",  "deleted",  "active",
                                                  "enabled", "locale", "category", "level"};
  if (name == "id" || name == "key" || name == "pk" || name == "email" || name == "slug" || name == "token")
    return 2;
  if (column.ends_with("Id") || column.ends_with("ID")) return 2;
  for (const std::string_view end : kKeyEnds) {
    if (name.ends_with(end)) return 2;
  }
  if (name.starts_with("is_") || name.starts_with("has_")) return 0;
  for (const std::string_view end : kFewEnds) {
    if (name.ends_with(end)) return 0;
  }
  return 1;
}

}  // namespace

void ShapeBuilder::decide_arity() {
  if (shape_.kind == StatementKind::kInsert || shape_.kind == StatementKind::kMerge) {
    if (inserted_rows_ > 0) {
      shape_.arity = inserted_rows_ == 1 ? Arity::kRow : Arity::kRows;
      return;
    }
  }
  if (joined_values_ > 0) {
    shape_.arity = joined_values_ == 1 ? Arity::kOne : Arity::kMany;
    if (shape_.arity == Arity::kMany) return;
  }
  int best_equality = -1;
  for (const Predicate& predicate : shape_.predicates) {
    if (predicate.op != PredicateOperator::kEqual || predicate.in_or || predicate.negated || predicate.having)
      continue;
    const bool value = predicate.operand == OperandKind::kConstant ||
                       predicate.operand == OperandKind::kParameter ||
                       predicate.operand == OperandKind::kStable;
    if (value && !predicate.slots.empty())
      best_equality = std::max(best_equality, selectivity(predicate.column.column));
  }
  for (const List& list : lists_) {
    const Predicate& predicate = shape_.predicates[list.predicate];
    if (list.elements < 2) {
      shape_.arity = std::max(shape_.arity, Arity::kOne);
      continue;
    }
    const int rank = list.words ? 0 : selectivity(predicate.column.column);
    if (best_equality <= rank) shape_.arity = Arity::kMany;
  }
}

}  // namespace pgsieve::internal
