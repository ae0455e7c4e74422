// INSERT of many rows at once.
#include <fmt/format.h>

#include <algorithm>

#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/rewrite_write.h"

namespace pgsieve::internal {

namespace {

using tree::is;

// ON CONFLICT (…) DO NOTHING
bool add_conflict_clause(Draft& draft, PgQuery__InsertStmt& statement) {
  std::string list;
  for (const std::string& column : draft.request().conflict_columns)
    list += (list.empty() ? "" : ", ") + quote_identifier(column);
  Node* other = draft.snippet("INSERT INTO t DEFAULT VALUES ON CONFLICT (" + list + ") DO NOTHING");
  if (other == nullptr) return false;
  statement.on_conflict_clause = other->insert_stmt->on_conflict_clause;
  return true;
}

// SELECT DISTINCT ON (what was looked for) … WHERE NOT EXISTS (such a row)
bool only_new_rows(Draft& draft, PgQuery__InsertStmt& statement, const std::vector<Node*>& columns,
                   const std::vector<Node*>& expressions) {
  const std::string known = draft.free_alias("known");
  std::string conditions;
  std::vector<Node*> wanted;
  for (const std::string& column : draft.request().conflict_columns) {
    const auto at = std::find_if(columns.begin(), columns.end(), [&](const Node* item) {
      return is(item, PG_QUERY__NODE__NODE_RES_TARGET) && tree::text(item->res_target->name) == column;
    });
    if (at == columns.end()) return false;
    wanted.push_back(expressions[static_cast<size_t>(at - columns.begin())]);
    conditions += fmt::format("{}{}.{} = true", conditions.empty() ? "" : " AND ", quote_identifier(known),
                              quote_identifier(column));
  }
  Node* distinct =
      draft.snippet(fmt::format("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM {} AS {} WHERE {})",
                                table_text(*statement.relation), quote_identifier(known), conditions));
  if (distinct == nullptr || wanted.empty()) return false;
  Node* exists = distinct->select_stmt->where_clause->bool_expr->args[0];
  Node* where = exists->sub_link->subselect->select_stmt->where_clause;
  PgQuery__SelectStmt& rows = *statement.select_stmt->select_stmt;
  for (size_t i = 0; i < wanted.size(); ++i) {
    Node* equality = wanted.size() == 1 ? where : where->bool_expr->args[i];
    equality->a_expr->rexpr = wanted[i];
    draft.insert(rows.n_distinct_clause, rows.distinct_clause, wanted[i], false);
  }
  rows.where_clause = distinct->select_stmt->where_clause;
  return true;
}

}  // namespace

std::optional<Rewrite> rewrite_insert(Draft& draft) {
  PgQuery__InsertStmt& statement = *draft.statement()->insert_stmt;
  if (statement.relation == nullptr || !is(statement.select_stmt, PG_QUERY__NODE__NODE_SELECT_STMT) ||
      reads_target(draft.shape()))
    return std::nullopt;
  PgQuery__SelectStmt& values = *statement.select_stmt->select_stmt;
  if (values.n_values_lists != 1 || values.n_sort_clause != 0 || values.limit_count != nullptr)
    return std::nullopt;
  const Nodes row = tree::list_items(values.values_lists[0]);
  if (row.empty() || (statement.n_cols != 0 && statement.n_cols != row.size())) return std::nullopt;

  // DEFAULT can't stand in a SELECT; leaving the column out means the same.
  std::vector<Node*> columns;
  std::vector<Node*> expressions;
  for (size_t i = 0; i < row.size(); ++i) {
    if (is(row[i], PG_QUERY__NODE__NODE_SET_TO_DEFAULT)) {
      if (statement.n_cols == 0) return std::nullopt;
      continue;
    }
    expressions.push_back(row[i]);
    if (statement.n_cols != 0) columns.push_back(statement.cols[i]);
  }
  const std::string alias = draft.free_alias("v");
  bool json = false;
  const std::string item = source_item(draft, *statement.relation, alias, json);
  const std::vector<Key>& keys = draft.keys();
  // Nothing but the values, in order: SELECT * FROM unnest(…)
  bool all = expressions.size() == keys.size() && !json && !draft.request().no_unique_index;
  for (size_t i = 0; i < keys.size() && all; ++i)
    all = keys[i].leaves.size() == 1 && keys[i].leaves[0].node == expressions[i];
  if (!all) draft.substitute_keys(alias);
  Node* select = draft.snippet("SELECT * FROM " + (all ? draft.unnest_call() : item));
  if (select == nullptr) return std::nullopt;
  if (!all) {
    PgQuery__SelectStmt& made = *select->select_stmt;
    made.n_target_list = 0;
    for (Node* expression : expressions) {
      Node* target = draft.snippet_target("true");
      if (target == nullptr) return std::nullopt;
      target->res_target->val = expression;
      draft.insert(made.n_target_list, made.target_list, target, false);
    }
  }
  statement.n_cols = 0;
  for (Node* column : columns) draft.insert(statement.n_cols, statement.cols, column, false);
  statement.select_stmt = select;
  FixClass kind = FixClass::kInsert;
  const std::vector<std::string>& conflict = draft.request().conflict_columns;
  if (!conflict.empty() && statement.on_conflict_clause == nullptr) {
    kind = FixClass::kUpsert;
    const bool done = draft.request().no_unique_index
                          ? !all && only_new_rows(draft, statement, columns, expressions)
                          : add_conflict_clause(draft, statement);
    if (!done) return std::nullopt;
  }
  if (statement.on_conflict_clause != nullptr) kind = FixClass::kUpsert;
  std::optional<Rewrite> out = draft.finish(kind);
  if (!out) return out;
  name_keys_in_result(keys, *out);
  if (json) describe_json(*out);
  note_guess(keys, *out);
  if (statement.n_returning_list > 0)
    out->notes.emplace_back(
        "RETURNING gives the rows in no promised order; tell them apart by a returned column.");
  if (!conflict.empty() && draft.request().no_unique_index) {
    out->notes.emplace_back(
        "Two sessions that do this at once can both insert a row; only a unique index on the columns it "
        "looks for "
        "prevents that.");
  } else if (!conflict.empty()) {
    out->notes.emplace_back("It needs a unique index on the columns of ON CONFLICT.");
    out->notes.emplace_back("DO NOTHING returns new rows only; read the others with one further query.");
  } else if (kind == FixClass::kUpsert) {
    out->notes.emplace_back(
        "DO UPDATE refuses two rows with one key in the same statement; remove duplicates first.");
  }
  return out;
}

}  // namespace pgsieve::internal
