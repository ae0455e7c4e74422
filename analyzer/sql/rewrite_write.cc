// UPDATE, DELETE and MERGE of many rows at once, and what all writes have in common.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/rewrite_write.h"

namespace pgsieve::internal {

namespace {

using tree::is;
using tree::nodes;

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

}  // namespace

std::string table_text(const PgQuery__RangeVar& table) {
  std::string name;
  if (!tree::text(table.schemaname).empty()) name = quote_identifier(table.schemaname) + ".";
  return name + quote_identifier(table.relname);
}

bool reads_target(const StatementShape& shape) {
  const uint32_t main = shape.main_relation();
  if (main >= shape.relations.size()) return true;
  const std::string& target = shape.relations[main].name;
  return std::any_of(shape.relations.begin(), shape.relations.end(), [&](const Relation& relation) {
    return !relation.dml_target && relation.kind == Relation::Kind::kTable && relation.name == target;
  });
}

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

void name_keys_in_result(const std::vector<Key>& keys, Rewrite& out) {
  for (const Key& key : keys) out.key_columns.push_back(key.name);
}

namespace {

std::string_view row_name(const PgQuery__RangeVar& table) {
  return table.alias != nullptr ? tree::text(table.alias->aliasname) : tree::text(table.relname);
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
