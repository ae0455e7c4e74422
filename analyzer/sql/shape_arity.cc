// Arity: how many values one execution asks for.
//
// `WHERE post_id IN (1, 2, 3)` is a batch; `WHERE user_id = $1 AND status IN ('new', 'paid')` asks for one
// user. What counts is the comparison that picks the rows. Without statistics its column's name has to tell:
// keys (id, user_id, uuid) pick rows, everything else narrows them down, and a list of words ('new', 'paid')
// is a fixed choice rather than a batch. A list makes the statement kMany unless an equality is surer to pick
// the rows than the list is. `id = 1 OR id = 2` is a list as well as `id IN (1, 2)`.
#include <algorithm>
#include <map>

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

bool makes_rows_of(std::string_view function) {
  static constexpr std::string_view kFunctions[] = {"unnest",
                                                    "json_array_elements",
                                                    "jsonb_array_elements",
                                                    "json_array_elements_text",
                                                    "jsonb_array_elements_text",
                                                    "json_to_recordset",
                                                    "jsonb_to_recordset",
                                                    "json_populate_recordset",
                                                    "jsonb_populate_recordset",
                                                    "string_to_table",
                                                    "regexp_split_to_table"};
  return std::ranges::find(kFunctions, function) != std::end(kFunctions);
}

// ORs that compare one column with one value after the other, and nothing else.
void ShapeBuilder::join_alternatives() {
  std::map<uint32_t, std::vector<const Alternative*>> groups;
  for (const Alternative& alternative : alternatives_)
    groups[shape_.predicates[alternative.predicate].or_group].push_back(&alternative);
  std::map<uint32_t, size_t> sizes;
  for (const Predicate& predicate : shape_.predicates)
    if (predicate.in_or) ++sizes[predicate.or_group];
  for (const auto& [group, members] : groups) {
    const Predicate& first = shape_.predicates[members.front()->predicate];
    const bool one_column = std::ranges::all_of(members, [&](const Alternative* member) {
      const ColumnUse& column = shape_.predicates[member->predicate].column;
      return column.relation == first.column.relation && column.column == first.column.column;
    });
    if (!one_column || first.column.whole_row() || members.size() < 2 || members.size() != sizes[group])
      continue;
    for (const Alternative* member : members) {
      for (const uint32_t slot : shape_.predicates[member->predicate].slots)
        shape_.slots[slot].role = SlotRole::kList;
    }
    const bool words = std::ranges::all_of(members, [](const Alternative* member) { return member->word; });
    lists_.push_back({members.front()->predicate, static_cast<uint32_t>(members.size()), words});
  }
}

void ShapeBuilder::decide_arity() {
  join_alternatives();
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
