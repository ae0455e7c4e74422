// Conditions: where a key stands, and `= ANY` in its place.
#include <algorithm>

#include "analyzer/sql/rewrite_draft.h"

namespace pgsieve::internal {

namespace {

bool same_place(const Node* left, const Node* right) {
  return left == right || (left != nullptr && right != nullptr && left->node_case == right->node_case &&
                           tree::message_of(left) == tree::message_of(right));
}

}  // namespace

void Draft::collect_conjuncts(Node* condition, bool in_where) {
  if (condition == nullptr) return;
  if (tree::is(condition, PG_QUERY__NODE__NODE_BOOL_EXPR) &&
      condition->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR) {
    for (Node* item : tree::nodes(condition->bool_expr->n_args, condition->bool_expr->args))
      collect_conjuncts(item, in_where);
    return;
  }
  conjuncts_.push_back({condition, in_where});
}

// Conditions of inner joins restrict all rows; of an outer join those inside its preserved side do.
void Draft::collect_from(Node* item) {
  if (!tree::is(item, PG_QUERY__NODE__NODE_JOIN_EXPR)) return;
  PgQuery__JoinExpr& join = *item->join_expr;
  if (join.jointype == PG_QUERY__JOIN_TYPE__JOIN_INNER) {
    collect_conjuncts(join.quals, false);
    collect_from(join.larg);
    collect_from(join.rarg);
  } else if (join.jointype == PG_QUERY__JOIN_TYPE__JOIN_LEFT) {
    collect_from(join.larg);
  }
}

void Draft::add_select_conditions(PgQuery__SelectStmt& select) {
  conjuncts_.clear();
  collect_conjuncts(select.where_clause, true);
  for (Node* item : tree::nodes(select.n_from_clause, select.from_clause)) collect_from(item);
}

void Draft::add_conditions(Node*& where) {
  conjuncts_.clear();
  collect_conjuncts(where, true);
}

std::optional<KeyPredicate> Draft::flat_predicate(const Key& key) {
  if (key.leaves.size() != 1) return std::nullopt;
  const Leaf& leaf = key.leaves[0];
  const auto is_key = [&](const Node* side) {
    return side != nullptr && (same_place(side, leaf.node) || same_place(side, leaf.cast));
  };
  for (const Conjunct& conjunct : conjuncts_) {
    if (!tree::is(conjunct.node, PG_QUERY__NODE__NODE_A_EXPR)) continue;
    const PgQuery__AExpr& expression = *conjunct.node->a_expr;
    const Nodes name = tree::operator_name(expression);
    if (name.size() != 1 || tree::string_of(name[0]) != "=") continue;
    Node* column = nullptr;
    if (expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP ||
        expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY) {
      if (is_key(expression.rexpr)) column = expression.lexpr;
      if (is_key(expression.lexpr) && expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP)
        column = expression.rexpr;
      const bool array = tree::is(expression.rexpr, PG_QUERY__NODE__NODE_A_ARRAY_EXPR);
      if (array && expression.rexpr->a_array_expr->n_elements == 1 &&
          is_key(expression.rexpr->a_array_expr->elements[0]))
        column = expression.lexpr;
    } else if (expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_IN) {
      const Nodes items = tree::list_items(expression.rexpr);
      if (items.size() == 1 && is_key(items[0])) column = expression.lexpr;
    }
    if (column == nullptr || tree::is(column, PG_QUERY__NODE__NODE_ROW_EXPR) ||
        tree::is(column, PG_QUERY__NODE__NODE_SUB_LINK) || tree::is(column, PG_QUERY__NODE__NODE_A_CONST) ||
        tree::is(column, PG_QUERY__NODE__NODE_PARAM_REF))
      continue;
    return KeyPredicate{conjunct.node, column, conjunct.in_where};
  }
  return std::nullopt;
}

void remove_condition(Node*& where, const Node* condition) {
  if (where == nullptr) return;
  if (where == condition) {
    where = nullptr;
    return;
  }
  if (!tree::is(where, PG_QUERY__NODE__NODE_BOOL_EXPR) ||
      where->bool_expr->boolop != PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR)
    return;
  PgQuery__BoolExpr& conjunction = *where->bool_expr;
  size_t kept = 0;
  for (size_t i = 0; i < conjunction.n_args; ++i) {
    remove_condition(conjunction.args[i], condition);
    if (conjunction.args[i] != nullptr) conjunction.args[kept++] = conjunction.args[i];
  }
  conjunction.n_args = kept;
  if (kept == 0) where = nullptr;
  if (kept == 1) where = conjunction.args[0];
}

bool put_keys(Draft& draft, Node*& where, const std::vector<KeyPredicate>& predicates) {
  const std::vector<Key>& keys = draft.keys();
  Node* condition = nullptr;
  if (keys.size() == 1) {
    const bool cast = keys[0].leaves[0].cast != nullptr;
    const std::string array = keys[0].type + (keys[0].type.ends_with("[]") ? "" : "[]");
    condition = draft.snippet_condition(cast ? "true = ANY($1::" + array + ")" : "true = ANY($1)");
    if (condition == nullptr) return false;
    condition->a_expr->lexpr = predicates[0].column;
  } else {
    std::string row = "ROW(";
    for (size_t i = 0; i < keys.size(); ++i) row += i == 0 ? "true" : ", true";
    condition = draft.snippet_condition(row + ") IN (SELECT * FROM " + draft.unnest_call() + ")");
    if (condition == nullptr || !tree::is(condition->sub_link->testexpr, PG_QUERY__NODE__NODE_ROW_EXPR))
      return false;
    PgQuery__RowExpr& tuple = *condition->sub_link->testexpr->row_expr;
    tuple.row_format = PG_QUERY__COERCION_FORM__COERCE_IMPLICIT_CAST;
    for (size_t i = 0; i < keys.size(); ++i) tuple.args[i] = predicates[i].column;
  }
  for (size_t i = 1; i < predicates.size(); ++i) {
    if (predicates[i].in_where) {
      remove_condition(where, predicates[i].conjunct);
    } else {  // a join needs its ON
      const Node* always = draft.snippet_target("true");
      if (always == nullptr) return false;
      *predicates[i].conjunct = *always->res_target->val;
    }
  }
  *predicates[0].conjunct = *condition;
  return true;
}

}  // namespace pgsieve::internal
