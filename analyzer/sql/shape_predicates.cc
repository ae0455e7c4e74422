// Conditions → predicates: the boolean structure. NOT is pushed down (De Morgan) until it folds into an
// operator, so that `NOT (a = 1 OR b IS NULL)` gives `a <> 1` and `b IS NOT NULL`, neither of them under an
// OR.
#include <algorithm>

#include "analyzer/sql/shape_builder.h"

namespace pgsieve::internal {

using namespace tree;

void ShapeBuilder::draw_condition(const Node* node, const Condition& condition) {
  const Depth depth(*this);
  if (!depth || node == nullptr) return;
  using enum PredicateOperator;
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_BOOL_EXPR:
      return draw_bool_expression(*node->bool_expr, condition);
    case PG_QUERY__NODE__NODE_A_EXPR:
      return draw_operator(*node->a_expr, condition);
    case PG_QUERY__NODE__NODE_SUB_LINK:
      return draw_sub_link_condition(*node->sub_link, condition);
    case PG_QUERY__NODE__NODE_NULL_TEST: {
      const bool is_null = node->null_test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL;
      return draw_bare(node->null_test->arg, is_null ? kIsNull : kIsNotNull,
                       is_null ? "IS NULL" : "IS NOT NULL", condition);
    }
    case PG_QUERY__NODE__NODE_BOOLEAN_TEST: {
      const Node* tested = node->boolean_test->arg;
      switch (node->boolean_test->booltesttype) {
        case PG_QUERY__BOOL_TEST_TYPE__IS_TRUE:
          return draw_bare(tested, kIsTrue, "IS TRUE", condition);
        case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_TRUE:
          return draw_bare(tested, kIsNotTrue, "IS NOT TRUE", condition);
        case PG_QUERY__BOOL_TEST_TYPE__IS_FALSE:
          return draw_bare(tested, kIsFalse, "IS FALSE", condition);
        case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_FALSE:
          return draw_bare(tested, kIsNotFalse, "IS NOT FALSE", condition);
        case PG_QUERY__BOOL_TEST_TYPE__IS_UNKNOWN:
          return draw_bare(tested, kIsNull, "IS UNKNOWN", condition);
        default:
          return draw_bare(tested, kIsNotNull, "IS NOT UNKNOWN", condition);
      }
    }
    case PG_QUERY__NODE__NODE_FUNC_CALL:
      return draw_bare(node, kOther, last_name(function_name(*node->func_call)), condition);
    case PG_QUERY__NODE__NODE_CURRENT_OF_EXPR:
      return;
    default:
      return draw_bare(node, kIsTrue, "", condition);
  }
}

void ShapeBuilder::draw_bool_expression(const PgQuery__BoolExpr& expression, const Condition& condition) {
  const Nodes arguments = nodes(expression.n_args, expression.args);
  Condition inner = condition;
  if (expression.boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR) {
    inner.negated = !condition.negated;
  } else {
    const bool is_or = (expression.boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR) != condition.negated;
    if (is_or && arguments.size() > 1 && !condition.in_or) {
      inner.in_or = true;
      inner.or_group = or_groups_++;
    }
  }
  for (const Node* argument : arguments) draw_condition(argument, inner);
}

void ShapeBuilder::draw_operator(const PgQuery__AExpr& expression, const Condition& condition) {
  switch (expression.kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
    case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
      return draw_comparison(expression, condition);
    case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
      return draw_in(expression, condition);
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL:
      return draw_any(expression, condition);
    case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE:
    case PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE:
    case PG_QUERY__A__EXPR__KIND__AEXPR_SIMILAR:
      return draw_like(expression, condition);
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM:
      return draw_between(expression, condition);
    default:
      examine(expression.lexpr, condition.place);
      examine(expression.rexpr, condition.place);
  }
}

// A test without another side: IS NULL, a boolean column, a boolean function.
void ShapeBuilder::draw_bare(const Node* node, PredicateOperator op, std::string_view op_text,
                             const Condition& condition) {
  const Operand tested = operand_of(node, condition.place);
  if (tested.has_column()) add_predicate(tested, nullptr, op, op_text, condition);
}

void ShapeBuilder::draw_sub_link_condition(const PgQuery__SubLink& link, const Condition& condition) {
  if (link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK) {
    Operand exists;
    exists.kind = OperandKind::kSubquery;
    examine_sub_link(link, condition.place, exists.facts);
    if (exists.facts.sub_blocks.empty()) return;
    exists.block = exists.facts.sub_blocks.back();
    add_predicate(Operand{}, &exists, PredicateOperator::kExists, "EXISTS", condition);
    return;
  }
  const bool any = link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK;
  const bool all = link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK;
  if (!any && !all) {
    Facts facts;
    return examine_sub_link(link, condition.place, facts);
  }
  std::vector<Operand> tested;  // one, or one for each column of a row
  if (is(link.testexpr, PG_QUERY__NODE__NODE_ROW_EXPR)) {
    for (const Node* item : nodes(link.testexpr->row_expr->n_args, link.testexpr->row_expr->args)) {
      tested.push_back(operand_of(item, condition.place));
    }
  } else {
    tested.push_back(operand_of(link.testexpr, condition.place));
  }
  Operand query;
  query.kind = OperandKind::kSubquery;
  query.block =
      draw_query(link.subselect, condition.place.block, BlockRole::kInSubquery, condition.place.scope);
  const std::string_view name =
      link.n_oper_name == 0 ? "IN" : last_name(nodes(link.n_oper_name, link.oper_name));
  PredicateOperator op = PredicateOperator::kOther;
  if (any && (name == "IN" || name == "=")) op = PredicateOperator::kIn;
  if (all && name == "<>") op = PredicateOperator::kNotIn;
  for (const Operand& operand : tested) {
    if (operand.has_column()) add_predicate(operand, &query, op, name, condition);
  }
}

// An equality of two columns of different relations in one block.
void ShapeBuilder::add_join(const Operand& left, const Operand& right, const Condition& condition) {
  const ResolvedColumn* first = &left.facts.columns.front();
  const ResolvedColumn* second = &right.facts.columns.front();
  if (condition.negated || condition.in_or || first->outer || second->outer) return;
  const bool known = first->direct != kNoIndex && second->direct != kNoIndex;
  if (known && first->direct == second->direct) return;
  if (!known && !condition.from_join) return;
  if (known && second->direct < first->direct) std::swap(first, second);
  Join join;
  join.kind = condition.join_kind;
  join.block = condition.place.block;
  join.left = first->use.relation;
  join.right = second->use.relation;
  join.left_column = first->use.column;
  join.right_column = second->use.column;
  if (!condition.from_join) {
    const bool same_item =
        relation_details_[first->direct].from_item == relation_details_[second->direct].from_item;
    join.kind = same_item ? Join::Kind::kInner : Join::Kind::kComma;
  }
  shape_.joins.push_back(std::move(join));
}

}  // namespace pgsieve::internal
