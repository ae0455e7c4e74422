// INSERT, UPDATE, DELETE and MERGE of many rows at once.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/rewrite_draft.h"

namespace pgsieve::internal {

namespace {

using tree::is;
using tree::nodes;

std::string table_text(const PgQuery__RangeVar& table) {
  std::string name;
  if (!tree::text(table.schemaname).empty()) name = quote_identifier(table.schemaname) + ".";
  return name + quote_identifier(table.relname);
}

std::string_view row_name(const PgQuery__RangeVar& table) {
  return table.alias != nullptr ? tree::text(table.alias->aliasname) : tree::text(table.relname);
}

bool all_types_known(const std::vector<Key>& keys) {
  return std::all_of(keys.begin(), keys.end(),
                     [](const Key& key) { return key.type_known || key.type_seen; });
}

// With a key per column of the table, an array of JSON objects can take the columns' types from the table.
bool can_be_json(const Draft& draft, const std::vector<Key>& keys) {
  std::set<std::string> columns;
  return std::all_of(keys.begin(), keys.end(), [&](const Key& key) {
    const std::string& column = draft.shape().slots[key.slot].column.column;
    return !column.empty() && columns.insert(column).second;
  });
}

// FROM item that supplies one row per turn, named `alias`, with the keys as columns.
std::string source_item(Draft& draft, const PgQuery__RangeVar& table, std::string_view alias, bool& json) {
  std::vector<Key>& keys = draft.keys();
  json = !all_types_known(keys) && can_be_json(draft, keys);
  if (!json) return draft.unnest_item(alias);
  draft.take_keys_from_json();
  for (Key& key : keys) key.name = draft.shape().slots[key.slot].column.column;
  return fmt::format("jsonb_populate_recordset(NULL::{}, $1::jsonb) AS {}", table_text(table),
                     quote_identifier(alias));
}

void describe_json(Rewrite& out) {
  out.notes.emplace_back(
      "$1 is a JSON array with one object per row; the columns' types come from the table. With --schema the "
      "arrays "
      "could be typed.");
}

void note_guess(const std::vector<Key>& keys, Rewrite& out) {
  out.types_guessed = std::any_of(keys.begin(), keys.end(), [](const Key& key) { return !key.type_known; });
  if (out.types_guessed && !out.json)
    out.notes.emplace_back(
        "The arrays' types are guessed from the values; cast them to the types of the columns.");
}

// ---- qualifying

// Puts the table's name before bare column names outside sub-selects, so that those of the new FROM item
// can't be meant.
void qualify(ProtobufCMessage& message, Draft& draft, std::string_view table, size_t depth);

void qualify_column(PgQuery__ColumnRef& column, Draft& draft, std::string_view table) {
  if (column.n_fields != 1 || tree::string_of(column.fields[0]) == table) return;
  Node* target = draft.snippet_target(quote_identifier(table) + ".c");
  if (target == nullptr) return;
  PgQuery__ColumnRef& made = *target->res_target->val->column_ref;
  made.fields[1] = column.fields[0];
  column.n_fields = made.n_fields;
  column.fields = made.fields;
}

void qualify(ProtobufCMessage& message, Draft& draft, std::string_view table, size_t depth) {
  if (depth > 300 || message.descriptor == &pg_query__select_stmt__descriptor) return;
  if (message.descriptor == &pg_query__column_ref__descriptor)
    return qualify_column(reinterpret_cast<PgQuery__ColumnRef&>(message), draft, table);
  tree::for_each_child(message, [&](const ProtobufCMessage& child) {
    qualify(const_cast<ProtobufCMessage&>(child), draft, table, depth + 1);
  });
}

void qualify_node(Node* node, Draft& draft, std::string_view table) {
  const ProtobufCMessage* message = tree::message_of(node);
  if (message != nullptr) qualify(const_cast<ProtobufCMessage&>(*message), draft, table, 0);
}

// A node of that kind is somewhere in the tree; what is too deep to be looked at may hold one.
bool contains(const ProtobufCMessage& message, const ProtobufCMessageDescriptor& kind, size_t depth = 0) {
  if (depth > 300 || message.descriptor == &kind) return true;
  bool found = false;
  tree::for_each_child(
      message, [&](const ProtobufCMessage& child) { found = found || contains(child, kind, depth + 1); });
  return found;
}

bool has_select(const ProtobufCMessage& message) {
  return contains(message, pg_query__select_stmt__descriptor);
}

// The written table is read in another place, too: each turn sees what those before it wrote.
bool reads_target(const StatementShape& shape) {
  const uint32_t main = shape.main_relation();
  if (main >= shape.relations.size()) return true;
  const std::string& target = shape.relations[main].name;
  return std::any_of(shape.relations.begin(), shape.relations.end(), [&](const Relation& relation) {
    return !relation.dml_target && relation.kind == Relation::Kind::kTable && relation.name == target;
  });
}

// SET n = n + 1: what a row becomes depends on what it was.
bool builds_on_itself(const PgQuery__UpdateStmt& statement) {
  const auto& targets = nodes(statement.n_target_list, statement.target_list);
  return std::any_of(targets.begin(), targets.end(), [](const Node* target) {
    const ProtobufCMessage* value = tree::message_of(target->res_target->val);
    return value != nullptr && contains(*value, pg_query__column_ref__descriptor);
  });
}

// Names that the statement's own columns can't be taken for.
void make_names_distinct(Draft& draft) {
  for (Key& key : draft.keys()) key.name = "new_" + key.name;
}

// ---- conditions

// True when every key stands in an equality that all rows must meet; fills the predicates.
bool keys_in_conditions(Draft& draft, Node*& where, std::vector<KeyPredicate>& predicates) {
  draft.add_conditions(where);
  for (const Key& key : draft.keys()) {
    const std::optional<KeyPredicate> predicate = draft.flat_predicate(key);
    if (!predicate) return false;
    predicates.push_back(*predicate);
  }
  return true;
}

void name_keys_in_result(const std::vector<Key>& keys, Rewrite& out) {
  for (const Key& key : keys) out.key_columns.push_back(key.name);
}

bool some_key_picks(Draft& draft) {
  return std::any_of(draft.keys().begin(), draft.keys().end(),
                     [&](const Key& key) { return draft.flat_predicate(key).has_value(); });
}

// Each turn has a condition or values of its own: the turns become the rows of one more item of the
// statement's FROM (or USING) clause. `other_names`: columns of more than the written table are within reach.
std::optional<Rewrite> join_turns(Draft& draft, const PgQuery__RangeVar& written, bool other_names,
                                  size_t& clause_size, Node**& clause, FixClass kind) {
  const std::string alias = draft.free_alias("v");
  bool json = false;
  std::string item = source_item(draft, written, alias, json);
  if (other_names) {
    if (json) return std::nullopt;
    make_names_distinct(draft);
    item = draft.unnest_item(alias);
  }
  Node* from = draft.snippet("SELECT 1 FROM " + item);
  if (from == nullptr) return std::nullopt;
  draft.substitute_keys(alias);
  draft.insert(clause_size, clause, from->select_stmt->from_clause[0], false);
  std::optional<Rewrite> out = draft.finish(kind);
  if (!out) return out;
  name_keys_in_result(draft.keys(), *out);
  if (json) describe_json(*out);
  note_guess(draft.keys(), *out);
  return out;
}

// One value for all: the same change to every row of a list of keys.
std::optional<Rewrite> flat_write(Draft& draft, Node*& where, FixClass kind) {
  std::vector<KeyPredicate> predicates;
  if (!keys_in_conditions(draft, where, predicates) || !put_keys(draft, where, predicates))
    return std::nullopt;
  std::optional<Rewrite> out = draft.finish(kind);
  if (!out) return out;
  name_keys_in_result(draft.keys(), *out);
  if (draft.keys().size() > 1) note_guess(draft.keys(), *out);
  return out;
}

}  // namespace

std::optional<Rewrite> rewrite_delete(Draft& draft) {
  PgQuery__DeleteStmt& statement = *draft.statement()->delete_stmt;
  if (statement.relation == nullptr || reads_target(draft.shape())) return std::nullopt;
  std::vector<KeyPredicate> predicates;
  if (keys_in_conditions(draft, statement.where_clause, predicates)) {
    std::optional<Rewrite> out = flat_write(draft, statement.where_clause, FixClass::kDelete);
    if (out)
      out->notes.emplace_back(
          "One statement now locks and deletes all rows; cut very long lists into pieces.");
    return out;
  }
  // Each turn has a condition of its own: at least one key must pick rows.
  if (!some_key_picks(draft)) return std::nullopt;
  if (statement.n_using_clause == 0)
    qualify_node(statement.where_clause, draft, row_name(*statement.relation));
  const bool other_names = has_select(statement.base) || statement.n_using_clause != 0;
  std::optional<Rewrite> out = join_turns(draft, *statement.relation, other_names, statement.n_using_clause,
                                          statement.using_clause, FixClass::kDelete);
  if (out)
    out->notes.emplace_back("One statement now locks and deletes all rows; cut very long lists into pieces.");
  return out;
}

std::optional<Rewrite> rewrite_update(Draft& draft) {
  PgQuery__UpdateStmt& statement = *draft.statement()->update_stmt;
  if (statement.relation == nullptr || reads_target(draft.shape())) return std::nullopt;
  const bool repeat = draft.request().keys_repeat;
  const bool itself = builds_on_itself(statement);
  if (repeat && itself) return std::nullopt;  // every turn counts
  std::vector<KeyPredicate> predicates;
  if (keys_in_conditions(draft, statement.where_clause, predicates)) {
    std::optional<Rewrite> out = flat_write(draft, statement.where_clause, FixClass::kUpdate);
    if (out) out->notes.emplace_back("One statement now locks all rows; cut very long lists into pieces.");
    if (out && itself) out->notes.emplace_back("A key that is listed twice is changed once.");
    return out;
  }
  // Each row gets its own values: at least one key must pick the row.
  draft.add_conditions(statement.where_clause);
  if (repeat || !some_key_picks(draft)) return std::nullopt;  // the last of several values would have to win
  const std::string_view table = row_name(*statement.relation);
  if (statement.n_from_clause == 0) {
    qualify_node(statement.where_clause, draft, table);
    for (Node* target : nodes(statement.n_target_list, statement.target_list))
      qualify_node(target->res_target->val, draft, table);
    for (Node* target : nodes(statement.n_returning_list, statement.returning_list))
      qualify_node(target->res_target->val, draft, table);
  }
  const bool other_names = has_select(statement.base) || statement.n_from_clause != 0;
  std::optional<Rewrite> out = join_turns(draft, *statement.relation, other_names, statement.n_from_clause,
                                          statement.from_clause, FixClass::kUpdate);
  if (out)
    out->notes.emplace_back("Each key may be listed once: of two rows for one key only one is applied.");
  return out;
}

namespace {

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

// MERGE INTO t USING (VALUES ($1, $2)) AS s(…): the one row of the source becomes one per turn.
std::optional<Rewrite> rewrite_merge(Draft& draft) {
  PgQuery__MergeStmt& statement = *draft.statement()->merge_stmt;
  if (!is(statement.source_relation, PG_QUERY__NODE__NODE_RANGE_SUBSELECT) || reads_target(draft.shape()) ||
      !draft.keys_within(statement.source_relation))
    return std::nullopt;
  PgQuery__RangeSubselect& source = *statement.source_relation->range_subselect;
  if (!is(source.subquery, PG_QUERY__NODE__NODE_SELECT_STMT)) return std::nullopt;
  PgQuery__SelectStmt& row = *source.subquery->select_stmt;
  if (row.op != PG_QUERY__SET_OPERATION__SETOP_NONE || row.n_from_clause != 0 ||
      row.where_clause != nullptr || row.n_values_lists > 1 || row.limit_count != nullptr ||
      row.with_clause != nullptr)
    return std::nullopt;
  Node* from = draft.snippet("SELECT 1 FROM " + draft.unnest_item(draft.free_alias("v")));
  if (from == nullptr) return std::nullopt;
  draft.substitute_keys(draft.free_alias("v"));
  if (row.n_values_lists == 1) {
    for (Node* expression : tree::list_items(row.values_lists[0])) {
      Node* target = draft.snippet_target("true");
      if (target == nullptr || is(expression, PG_QUERY__NODE__NODE_SET_TO_DEFAULT)) return std::nullopt;
      target->res_target->val = expression;
      draft.insert(row.n_target_list, row.target_list, target, false);
    }
    row.n_values_lists = 0;
  }
  row.from_clause = from->select_stmt->from_clause;
  row.n_from_clause = from->select_stmt->n_from_clause;
  std::optional<Rewrite> out = draft.finish(FixClass::kUpsert);
  if (!out) return out;
  name_keys_in_result(draft.keys(), *out);
  note_guess(draft.keys(), *out);
  out->notes.emplace_back(
      "Two rows of the source that meet one row of the table are an error, and two new ones with one key are "
      "both "
      "inserted; remove duplicates first.");
  return out;
}

}  // namespace pgsieve::internal
