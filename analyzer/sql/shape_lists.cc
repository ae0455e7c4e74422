// IN (…) and = ANY (…): comparisons with a list of values.
#include <algorithm>

#include "analyzer/sql/shape_builder.h"

namespace pgsieve::internal {

using namespace tree;

namespace {

void add_slot(std::vector<uint32_t>& slots, uint32_t slot) {
  if (slots.empty() || slots.back() != slot) slots.push_back(slot);
}

}  // namespace

void ShapeBuilder::draw_in(const PgQuery__AExpr& expression, const Condition& condition) {
  const Nodes elements = list_items(expression.rexpr);
  const std::string_view name = last_name(operator_name(expression));
  const PredicateOperator op = name == "<>" ? PredicateOperator::kNotIn : PredicateOperator::kIn;
  if (is(expression.lexpr, PG_QUERY__NODE__NODE_ROW_EXPR)) {
    const PgQuery__RowExpr& row = *expression.lexpr->row_expr;
    return draw_row_in(nodes(row.n_args, row.args), elements, op, condition);
  }
  const Operand tested = operand_of(expression.lexpr, condition.place);
  Operand list;
  list.kind = OperandKind::kList;
  std::vector<Operand> columns;  // elements that are not constant
  for (const Node* element : elements) {
    Operand operand = operand_of(element, condition.place);
    for (const uint32_t slot : operand.facts.slots) add_slot(list.facts.slots, slot);
    if (operand.has_column() || operand.kind == OperandKind::kSubquery) columns.push_back(std::move(operand));
  }
  classify_list(elements, list);
  if (!tested.has_column()) {  // $1 IN (a, b): a = $1 OR b = $1
    Condition inner = condition;
    inner.negated = condition.negated != (op == PredicateOperator::kNotIn);
    if (columns.size() > 1 && !inner.negated && !inner.in_or) {
      inner.in_or = true;
      inner.or_group = or_groups_++;
    }
    for (Operand& column : columns) compare(std::move(column), tested, PredicateOperator::kEqual, "=", inner);
    return;
  }
  if (!columns.empty()) {
    list.kind = OperandKind::kExpression;
    list.facts.columns = columns.front().facts.columns;
    list.node = elements.front();
  }
  add_list(add_predicate(tested, &list, op, name == "<>" ? "NOT IN" : "IN", condition), list);
}

// Remembers an asked-for list for the arity; predicates that exclude values do not ask for any.
void ShapeBuilder::add_list(uint32_t predicate, const Operand& list) {
  if (predicate == kNoIndex) return;
  const Predicate& about = shape_.predicates[predicate];
  if (about.op != PredicateOperator::kIn || about.operand != OperandKind::kList) return;
  lists_.push_back({predicate, list.array && list.elements == 0 ? UINT32_MAX : list.elements, list.words});
}

// (a, b) IN ((1, 2), (3, 4)): each column is compared with its own list.
void ShapeBuilder::draw_row_in(Nodes columns, Nodes rows, PredicateOperator op, const Condition& condition) {
  std::vector<Operand> lists(columns.size());
  for (const Node* item : rows) {
    if (!is(item, PG_QUERY__NODE__NODE_ROW_EXPR)) {
      examine(item, condition.place);
      continue;
    }
    const Nodes row = nodes(item->row_expr->n_args, item->row_expr->args);
    for (size_t i = 0; i < row.size(); ++i) {
      const Facts facts = examine(row[i], condition.place);
      if (i >= lists.size()) continue;
      for (const uint32_t slot : facts.slots) add_slot(lists[i].facts.slots, slot);
    }
  }
  const std::string_view name = op == PredicateOperator::kNotIn ? "NOT IN" : "IN";
  // Backwards: where the scan made one slot of all rows, it belongs to the first column.
  for (size_t i = columns.size(); i-- > 0;) {
    const Operand tested = operand_of(columns[i], condition.place);
    lists[i].kind = OperandKind::kList;
    lists[i].elements = static_cast<uint32_t>(rows.size());
    if (tested.has_column()) add_list(add_predicate(tested, &lists[i], op, name, condition), lists[i]);
  }
}

// column = ANY (array), column <> ALL (array), value = ANY (column).
void ShapeBuilder::draw_any(const PgQuery__AExpr& expression, const Condition& condition) {
  const bool any = expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY;
  const std::string_view name = last_name(operator_name(expression));
  const Operand tested = operand_of(expression.lexpr, condition.place);
  Operand array = operand_of(expression.rexpr, condition.place);
  const std::string text = std::string(name) + (any ? " ANY" : " ALL");
  if (!tested.has_column()) {
    if (array.has_column()) add_predicate(array, &tested, PredicateOperator::kOther, text, condition);
    return;
  }
  const bool constant = array.kind == OperandKind::kParameter || array.kind == OperandKind::kConstant;
  const bool computed =
      array.kind == OperandKind::kStable && !array.facts.slots.empty();  // string_to_array($1, ',')
  if (constant || computed) {
    array.kind = OperandKind::kList;
    array.array = true;
    if (computed) array.elements = 0;
  }
  PredicateOperator op = PredicateOperator::kOther;
  if (any && name == "=") op = PredicateOperator::kIn;
  if (!any && name == "<>") op = PredicateOperator::kNotIn;
  if (any && (name == "~~" || name == "~~*")) {
    op = name == "~~" ? PredicateOperator::kLike : PredicateOperator::kILike;
  }
  const uint32_t predicate = add_predicate(tested, &array, op, text, condition);
  if (predicate != kNoIndex && (op == PredicateOperator::kLike || op == PredicateOperator::kILike)) {
    shape_.predicates[predicate].pattern = LikePattern::kUnknown;
  }
  add_list(predicate, array);
}

}  // namespace pgsieve::internal
