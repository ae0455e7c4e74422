// The select list: where the keys stand in it, and how they get there.
#include <algorithm>
#include <set>

#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/rewrite_draft.h"

namespace pgsieve::internal {

using tree::is;
using tree::nodes;

namespace {

std::string_view qualifier_of(const Node* column) {
  const auto fields = nodes(column->column_ref->n_fields, column->column_ref->fields);
  return fields.size() < 2 ? std::string_view() : tree::string_of(fields[fields.size() - 2]);
}

// True when the target shows the column; `star`: as part of a star.
bool covers(const Node* target, const Node* column, size_t relations, bool& star) {
  const Node* value = target->res_target->val;
  if (!is(value, PG_QUERY__NODE__NODE_COLUMN_REF) || column_name_of(column).empty()) return false;
  star = tree::is_star(*value->column_ref);
  const std::string_view qualifier = qualifier_of(value);
  const std::string_view wanted = qualifier_of(column);
  const bool same_relation = qualifier == wanted || (relations == 1 && (qualifier.empty() || wanted.empty()));
  if (star) return value->column_ref->n_fields == 1 || same_relation;
  return same_relation && column_name_of(value) == column_name_of(column);
}

bool is_positional(size_t count, Node** items) {
  return std::any_of(items, items + count, [](const Node* item) {
    if (is(item, PG_QUERY__NODE__NODE_SORT_BY)) item = item->sort_by->node;
    return is(item, PG_QUERY__NODE__NODE_A_CONST);
  });
}

bool is_star_target(const Node* target) {
  const Node* value = target->res_target->val;
  return is(value, PG_QUERY__NODE__NODE_COLUMN_REF) && tree::is_star(*value->column_ref);
}

// Where each key stands among the columns that are there; empty when one of them is missing.
struct Shown {
  std::vector<std::string> names;
  std::vector<int> positions;
};
Shown shown_keys(const Draft& draft, const PgQuery__SelectStmt& select,
                 const std::vector<KeyPredicate>& predicates) {
  const auto& relations = draft.shape().relations;
  const auto in_from = static_cast<size_t>(std::count_if(
      relations.begin(), relations.end(), [](const Relation& relation) { return relation.block == 0; }));
  Shown shown;
  for (const KeyPredicate& predicate : predicates) {
    bool star_before = false;
    bool found = false;
    for (size_t at = 0; at < select.n_target_list && !found; ++at) {
      const Node* target = select.target_list[at];
      bool star = false;
      found = covers(target, predicate.column, in_from, star);
      if (found) {
        shown.names.push_back(star ? std::string(column_name_of(predicate.column)) : output_name(target));
        shown.positions.push_back(star || star_before ? -1 : static_cast<int>(at));
      }
      star_before = star_before || is_star_target(target);
    }
    if (!found) return {};
  }
  return shown;
}

// The key as a column of its own, under a name that no other column has.
Node* key_target(Draft& draft, Node* column, const std::string& fallback, std::set<std::string>& names,
                 std::string& name) {
  const std::string own(column_name_of(column));
  name = own.empty() ? fallback : own;
  while (names.contains(name)) name = "key_" + name;
  names.insert(name);
  Node* target = draft.snippet_target(name == own ? "true" : "true AS " + quote_identifier(name));
  if (target != nullptr) target->res_target->val = column;
  return target;
}

}  // namespace

std::string output_name(const Node* target) {
  const PgQuery__ResTarget& item = *target->res_target;
  if (!tree::text(item.name).empty()) return item.name;
  const std::string_view column = column_name_of(item.val);
  if (!column.empty()) return std::string(column);
  const Node* value = tree::without_casts(item.val);
  if (is(value, PG_QUERY__NODE__NODE_FUNC_CALL))
    return std::string(tree::last_name(tree::function_name(*value->func_call)));
  return {};
}

void show_keys(Draft& draft, PgQuery__SelectStmt& select, const std::vector<KeyPredicate>& predicates,
               Rewrite& out) {
  Shown shown = shown_keys(draft, select, predicates);
  if (!shown.names.empty()) {
    out.key_columns = std::move(shown.names);
    out.key_positions = std::move(shown.positions);
    return;
  }
  // ORDER BY 2 and GROUP BY 1 count columns from the left: then the keys come last.
  const bool last = is_positional(select.n_sort_clause, select.sort_clause) ||
                    is_positional(select.n_group_clause, select.group_clause);
  const bool any_star =
      std::any_of(select.target_list, select.target_list + select.n_target_list, is_star_target);
  const size_t before = select.n_target_list;
  std::set<std::string> names;
  for (const Node* target : nodes(select.n_target_list, select.target_list))
    names.insert(output_name(target));
  std::vector<Node*> added;
  for (size_t i = 0; i < predicates.size(); ++i) {
    std::string name;
    Node* target = key_target(draft, predicates[i].column, draft.keys()[i].name, names, name);
    if (target == nullptr) return;
    added.push_back(target);
    out.key_columns.push_back(name);
    out.key_positions.push_back(!last ? static_cast<int>(i) : any_star ? -1 : static_cast<int>(before + i));
  }
  out.key_added = true;
  if (last) {
    for (Node* target : added) draft.insert(select.n_target_list, select.target_list, target, false);
  } else {
    for (size_t i = added.size(); i-- > 0;)
      draft.insert(select.n_target_list, select.target_list, added[i], true);
  }
}

}  // namespace pgsieve::internal
