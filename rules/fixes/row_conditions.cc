#include "rules/fixes/row_conditions.h"

#include <algorithm>

namespace pgsieve {

namespace {

bool has_slot(const Predicate& predicate, uint32_t slot) {
  return std::ranges::find(predicate.slots, slot) != predicate.slots.end();
}

bool is_comparison(PredicateOperator op) {
  switch (op) {
    case PredicateOperator::kEqual:
    case PredicateOperator::kNotEqual:
    case PredicateOperator::kLess:
    case PredicateOperator::kLessEqual:
    case PredicateOperator::kGreater:
    case PredicateOperator::kGreaterEqual:
    case PredicateOperator::kIn:
    case PredicateOperator::kNotIn:
    case PredicateOperator::kIsNull:
    case PredicateOperator::kIsNotNull:
    case PredicateOperator::kIsTrue:
    case PredicateOperator::kIsFalse:
      return true;
    default:
      return false;
  }
}

bool is_value(OperandKind operand) {
  return operand == OperandKind::kNothing || operand == OperandKind::kConstant ||
         operand == OperandKind::kParameter || operand == OperandKind::kList ||
         operand == OperandKind::kStable;
}

bool can_be_said(const StatementShape& shape, const Predicate& predicate, std::string_view table) {
  const uint32_t relation = predicate.column.relation;
  return relation < shape.relations.size() && shape.relations[relation].name == table &&
         !predicate.column.whole_row() && predicate.expression.empty() && is_comparison(predicate.op) &&
         is_value(predicate.operand) && !predicate.in_or && !predicate.negated && !predicate.from_join &&
         !predicate.having;
}

bool joins(const Predicate& predicate) {
  return predicate.operand == OperandKind::kColumn && predicate.op == PredicateOperator::kEqual &&
         predicate.other.relation != predicate.column.relation && !predicate.in_or;
}

void note(std::vector<std::string>& columns, const Predicate& predicate) {
  std::string column(predicate.column.column);
  if (std::ranges::find(columns, column) == columns.end()) columns.push_back(std::move(column));
}

}  // namespace

bool is_plain_key(const StatementShape& shape, uint32_t slot) {
  if (slot >= shape.slots.size() || shape.slots[slot].role != SlotRole::kEqual) return false;
  const uint32_t index = shape.slots[slot].predicate;
  if (index >= shape.predicates.size()) return true;
  const Predicate& predicate = shape.predicates[index];
  return predicate.expression.empty() && !predicate.in_or && !predicate.negated;
}

RowConditions row_conditions(const StatementShape& shape, uint32_t key_slot,
                             std::span<const uint32_t> varying, std::string_view table) {
  RowConditions conditions;
  const ColumnUse key = key_slot < shape.slots.size() ? shape.slots[key_slot].column : ColumnUse{};
  const uint32_t block = key.relation < shape.relations.size() ? shape.relations[key.relation].block : 0;
  for (const Predicate& predicate : shape.predicates) {
    if (predicate.block != block || joins(predicate) || has_slot(predicate, key_slot)) continue;
    const bool changes =
        std::ranges::any_of(varying, [&](uint32_t slot) { return has_slot(predicate, slot); });
    // Of the key itself, which is never null where it is asked for by a value.
    const bool of_key = predicate.op == PredicateOperator::kIsNotNull &&
                        predicate.column.relation == key.relation && predicate.column.column == key.column;
    if (changes) {
      note(conditions.changing, predicate);
    } else if (can_be_said(shape, predicate, table)) {
      if (!of_key) conditions.constant.push_back({std::string(predicate.column.column), predicate.op});
    } else {
      note(conditions.unsaid, predicate);
    }
  }
  return conditions;
}

}  // namespace pgsieve
