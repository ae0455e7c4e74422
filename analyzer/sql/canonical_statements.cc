// SELECT, INSERT, UPDATE, DELETE and MERGE in canonical form.
#include "analyzer/sql/canonical_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/base/hash.h"

namespace pgsieve::internal {

// Plain columns are folded per table: one keeps its name, several (or `*`) are "the row".
std::string CanonicalWriter::targets(Nodes items, CanonicalScope& scope, Columns* columns) {
  std::map<std::string, std::vector<std::string>> plain;  // table → columns
  std::vector<std::string> parts;
  for (const Node* item : items) {
    if (!is(item, PG_QUERY__NODE__NODE_RES_TARGET)) continue;
    const Node* value = item->res_target->val;
    const std::string form = of(value, &scope);
    if (const std::string_view alias = text(item->res_target->name); !alias.empty()) {
      scope.outputs.emplace(alias, form);
      if (columns != nullptr) columns->emplace(alias, form);
    }
    const Node* bare = without_casts(value);
    if (!is(bare, PG_QUERY__NODE__NODE_COLUMN_REF)) {
      parts.push_back(form);
      continue;
    }
    std::string name = of(bare, &scope);
    const bool whole = bare->column_ref->n_fields == 1 &&
                       std::any_of(scope.items.begin(), scope.items.end(),
                                   [&](const CanonicalFromItem& each) { return each.form == name; });
    const size_t dot = name.rfind('.');
    const std::string of_table = whole                      ? name
                                 : dot == std::string::npos ? std::string()
                                                            : name.substr(0, dot);
    const std::string column_name = whole || is_star(*bare->column_ref) ? "*" : name;
    plain[of_table].push_back(column_name);
  }
  for (auto& [of_table, names_read] : plain) {
    sort_unique(names_read);
    const bool row = names_read.size() > 1 || names_read[0] == "*" || names_read[0].ends_with(".*");
    parts.push_back(row ? fmt::format("row:{}", of_table) : names_read[0]);
  }
  sort_unique(parts);
  return joined(parts, ",");
}

std::string CanonicalWriter::select(const PgQuery__SelectStmt& statement, const CanonicalScope* outer,
                                    Columns* columns) {
  const size_t visible = ctes_.size();
  std::string form = with(statement.with_clause, outer);
  CanonicalScope scope;
  scope.outer = outer;
  if (statement.larg != nullptr && statement.rarg != nullptr) {
    if (depth_ >= kMaxCanonicalDepth) return "…";
    ++depth_;
    const std::string left = select(*statement.larg, outer, columns);
    form += fmt::format("({}) {}{} ({})", left, enumerator(pg_query__set_operation__descriptor, statement.op),
                        statement.all ? " all" : "", select(*statement.rarg, outer, nullptr));
    --depth_;
  } else if (statement.n_values_lists != 0) {
    form += fmt::format("values ({})", of(statement.values_lists[0], &scope));
  } else {
    std::vector<std::string> sources;
    for (const Node* item : nodes(statement.n_from_clause, statement.from_clause))
      sources.push_back(from(item, scope));
    form += "select ";
    std::string read = targets(nodes(statement.n_target_list, statement.target_list), scope, columns);
    if (statement.n_distinct_clause != 0) {
      const Nodes distinct = nodes(statement.n_distinct_clause, statement.distinct_clause);
      const bool plain = distinct[0] == nullptr || distinct[0]->node_case == PG_QUERY__NODE__NODE__NOT_SET;
      form += plain ? "distinct " : fmt::format("distinct on ({}) ", ordered(distinct, &scope));
    }
    form += std::move(read);
    if (!sources.empty()) form += " from " + joined(sources, ", ");
  }
  if (statement.where_clause != nullptr) form += " where " + of(statement.where_clause, &scope);
  if (statement.n_group_clause != 0)
    form += " group " + ordered(nodes(statement.n_group_clause, statement.group_clause), &scope);
  if (statement.having_clause != nullptr) form += " having " + of(statement.having_clause, &scope);
  if (statement.n_window_clause != 0)
    form += " window " + list(nodes(statement.n_window_clause, statement.window_clause), &scope);
  if (statement.n_sort_clause != 0)
    form += " order " + ordered(nodes(statement.n_sort_clause, statement.sort_clause), &scope);
  if (statement.limit_count != nullptr) form += " limit " + of(statement.limit_count, &scope);
  if (statement.limit_offset != nullptr) form += " offset " + of(statement.limit_offset, &scope);
  for (const Node* lock : nodes(statement.n_locking_clause, statement.locking_clause)) {
    if (!is(lock, PG_QUERY__NODE__NODE_LOCKING_CLAUSE)) continue;
    form += fmt::format(
        " lock {} {}", enumerator(pg_query__lock_clause_strength__descriptor, lock->locking_clause->strength),
        enumerator(pg_query__lock_wait_policy__descriptor, lock->locking_clause->wait_policy));
  }
  if (statement.into_clause != nullptr) form += " into";
  ctes_.resize(visible);
  return form;
}

std::string CanonicalWriter::assignments(Nodes items, const CanonicalScope* scope) {
  std::vector<std::string> parts;
  for (const Node* item : items) {
    if (!is(item, PG_QUERY__NODE__NODE_RES_TARGET)) continue;
    parts.push_back(fmt::format("{}={}", text(item->res_target->name), of(item->res_target->val, scope)));
  }
  sort_unique(parts);
  return joined(parts, ",");
}

// What is inserted where; not into which columns, nor how many rows.
std::string CanonicalWriter::insert(const PgQuery__InsertStmt& statement, const CanonicalScope* outer) {
  const size_t visible = ctes_.size();
  std::string form = with(statement.with_clause, outer);
  CanonicalScope scope;
  scope.outer = outer;
  if (statement.relation != nullptr) form += "insert " + table(*statement.relation, scope);
  if (is(statement.select_stmt, PG_QUERY__NODE__NODE_SELECT_STMT) &&
      statement.select_stmt->select_stmt->n_values_lists == 0) {
    form += " " + of(statement.select_stmt, outer);
  }
  if (statement.on_conflict_clause != nullptr) {
    const PgQuery__OnConflictClause& conflict = *statement.on_conflict_clause;
    name_item(scope, "excluded", "excluded");
    form += fmt::format(" conflict {} {} where {}",
                        enumerator(pg_query__on_conflict_action__descriptor, conflict.action),
                        conflict.n_target_list == 0
                            ? std::string()
                            : assignments(nodes(conflict.n_target_list, conflict.target_list), &scope),
                        of(conflict.where_clause, &scope));
  }
  if (statement.n_returning_list != 0) form += " returning";
  ctes_.resize(visible);
  return form;
}

std::string CanonicalWriter::update(const PgQuery__UpdateStmt& statement, const CanonicalScope* outer) {
  const size_t visible = ctes_.size();
  std::string form = with(statement.with_clause, outer);
  CanonicalScope scope;
  scope.outer = outer;
  if (statement.relation != nullptr) form += "update " + table(*statement.relation, scope);
  std::vector<std::string> sources;
  for (const Node* item : nodes(statement.n_from_clause, statement.from_clause))
    sources.push_back(from(item, scope));
  form += " set " + assignments(nodes(statement.n_target_list, statement.target_list), &scope);
  if (!sources.empty()) form += " from " + joined(sources, ", ");
  if (statement.where_clause != nullptr) form += " where " + of(statement.where_clause, &scope);
  if (statement.n_returning_list != 0) form += " returning";
  ctes_.resize(visible);
  return form;
}

std::string CanonicalWriter::remove(const PgQuery__DeleteStmt& statement, const CanonicalScope* outer) {
  const size_t visible = ctes_.size();
  std::string form = with(statement.with_clause, outer);
  CanonicalScope scope;
  scope.outer = outer;
  if (statement.relation != nullptr) form += "delete " + table(*statement.relation, scope);
  std::vector<std::string> sources;
  for (const Node* item : nodes(statement.n_using_clause, statement.using_clause))
    sources.push_back(from(item, scope));
  if (!sources.empty()) form += " using " + joined(sources, ", ");
  if (statement.where_clause != nullptr) form += " where " + of(statement.where_clause, &scope);
  if (statement.n_returning_list != 0) form += " returning";
  ctes_.resize(visible);
  return form;
}

std::string CanonicalWriter::merge(const PgQuery__MergeStmt& statement, const CanonicalScope* outer) {
  const size_t visible = ctes_.size();
  std::string form = with(statement.with_clause, outer);
  CanonicalScope scope;
  scope.outer = outer;
  if (statement.relation != nullptr) form += "merge " + table(*statement.relation, scope);
  form += " using " + from(statement.source_relation, scope);
  form += " on " + of(statement.join_condition, &scope);
  form += " " + list(nodes(statement.n_merge_when_clauses, statement.merge_when_clauses), &scope);
  ctes_.resize(visible);
  return form;
}

}  // namespace pgsieve::internal
