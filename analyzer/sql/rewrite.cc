#include "analyzer/sql/rewrite.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/rewrite_draft.h"

namespace pgsieve {

using internal::Draft;
using tree::Node;

std::string_view fix_class_name(FixClass kind) {
  constexpr std::string_view kNames[] = {"has-many", "belongs-to", "many-to-many", "through",  "top-n",
                                         "count",    "exists",     "polymorphic",  "deferred", "get",
                                         "lock",     "function",   "recursive",    "insert",   "update",
                                         "delete",   "upsert",     "sequence"};
  static_assert(std::size(kNames) == static_cast<size_t>(FixClass::kSequence) + 1);
  return kNames[static_cast<size_t>(kind)];
}

namespace {

// Data-changing WITH members and calls that have an effect must run once per turn, not once.
bool has_effects(const StatementShape& shape) {
  constexpr std::string_view kEffects[] = {"nextval",    "setval",  "pg_notify",
                                           "set_config", "currval", "lastval"};
  return std::any_of(shape.functions.begin(), shape.functions.end(), [&](const FunctionUse& use) {
    return use.name.starts_with("pg_advisory") || use.name.starts_with("pg_try_advisory") ||
           std::find(std::begin(kEffects), std::end(kEffects), use.name) != std::end(kEffects);
  });
}

bool writes_in_with(const StatementShape& shape) {
  return std::any_of(shape.relations.begin(), shape.relations.end(),
                     [](const Relation& relation) { return relation.dml_target && relation.block != 0; });
}

}  // namespace

std::optional<Rewrite> batch_rewrite(const BatchRequest& request) {
  if (request.shape == nullptr || request.shape->truncated || writes_in_with(*request.shape))
    return std::nullopt;
  const StatementKind kind = request.shape->kind;
  if (is_read(kind) && has_effects(*request.shape)) return std::nullopt;
  const std::unique_ptr<Draft> draft = Draft::make(request);
  if (draft == nullptr) return std::nullopt;
  const Node* statement = draft->statement();
  if (tree::is(statement, PG_QUERY__NODE__NODE_SELECT_STMT)) return internal::rewrite_select(*draft);
  if (tree::is(statement, PG_QUERY__NODE__NODE_INSERT_STMT)) return internal::rewrite_insert(*draft);
  if (tree::is(statement, PG_QUERY__NODE__NODE_UPDATE_STMT)) return internal::rewrite_update(*draft);
  if (tree::is(statement, PG_QUERY__NODE__NODE_DELETE_STMT)) return internal::rewrite_delete(*draft);
  if (tree::is(statement, PG_QUERY__NODE__NODE_MERGE_STMT)) return internal::rewrite_merge(*draft);
  return std::nullopt;
}

std::optional<Rewrite> deferred_rewrite(std::string_view parent_text, const StatementShape& parent,
                                        std::string_view table, const std::vector<std::string>& columns,
                                        bool keep_literals) {
  if (parent.kind != StatementKind::kSelect || parent.blocks.empty() || columns.empty()) return std::nullopt;
  const QueryBlock& top = parent.blocks[0];
  if (top.set_operation || top.has_aggregate || !top.group.empty() || top.distinct || top.distinct_on)
    return std::nullopt;
  const auto relation =
      std::find_if(parent.relations.begin(), parent.relations.end(), [&](const Relation& item) {
        return item.block == 0 && item.kind == Relation::Kind::kTable && item.name == table;
      });
  if (relation == parent.relations.end()) return std::nullopt;
  BatchRequest request;
  request.text = parent_text;
  request.shape = &parent;
  request.keep_literals = keep_literals;
  const std::unique_ptr<Draft> draft = Draft::whole(request);
  if (draft == nullptr || !tree::is(draft->statement(), PG_QUERY__NODE__NODE_SELECT_STMT))
    return std::nullopt;
  const auto index = static_cast<uint32_t>(relation - parent.relations.begin());
  PgQuery__SelectStmt& select = *draft->statement()->select_stmt;
  size_t added = 0;
  for (const std::string& column : columns) {
    const bool listed = std::any_of(top.targets.begin(), top.targets.end(), [&](const TargetColumn& target) {
      return target.star ? target.use.relation == index || target.use.relation == kNoIndex
                         : target.use.relation == index && target.use.column == column;
    });
    if (listed) continue;
    Node* target =
        draft->snippet_target(quote_identifier(relation->alias.empty() ? relation->name : relation->alias) +
                              "." + quote_identifier(column));
    if (target == nullptr) return std::nullopt;
    draft->insert(select.n_target_list, select.target_list, target, false);
    ++added;
  }
  if (added == 0) return std::nullopt;
  return draft->finish(FixClass::kDeferred);
}

std::optional<Rewrite> recursive_rewrite(const BatchRequest& request, std::string_view id_column) {
  if (request.shape == nullptr || request.shape->kind != StatementKind::kSelect ||
      request.shape->blocks.size() != 1 || id_column.empty())
    return std::nullopt;
  const QueryBlock& top = request.shape->blocks[0];
  if (top.has_aggregate || !top.group.empty() || top.limit.present || top.offset.present || top.for_update ||
      top.has_window || top.distinct)
    return std::nullopt;
  const bool shows_id = std::any_of(top.targets.begin(), top.targets.end(), [&](const TargetColumn& target) {
    return target.star || target.name == id_column;
  });
  if (!shows_id) return std::nullopt;
  const std::unique_ptr<Draft> base = Draft::make(request);
  const std::unique_ptr<Draft> step = Draft::make(request);
  if (base == nullptr || step == nullptr || base->keys().size() != 1) return std::nullopt;
  const std::string walk = base->free_alias("walk");
  const std::string rows = base->free_alias("x");
  Node* root =
      base->snippet(fmt::format("WITH RECURSIVE {} AS (SELECT 1 UNION ALL SELECT {}.* FROM {} CROSS JOIN "
                                "LATERAL (SELECT 1) AS {}) SELECT * FROM {}",
                                walk, rows, walk, rows, walk));
  if (root == nullptr) return std::nullopt;
  step->keys()[0].name = id_column;
  step->substitute_keys(walk);
  base->statement()->select_stmt->n_sort_clause = 0;
  step->statement()->select_stmt->n_sort_clause = 0;
  PgQuery__SelectStmt& both =
      *root->select_stmt->with_clause->ctes[0]->common_table_expr->ctequery->select_stmt;
  both.larg = base->statement()->select_stmt;
  both.rarg->from_clause[0]->join_expr->rarg->range_subselect->subquery = step->statement();
  // The other parameters are the same in both arms, so the step's tree is numbered first, by the same rule.
  if (!step->finish(FixClass::kRecursive)) return std::nullopt;
  base->keep_keys_single();
  std::optional<Rewrite> out = base->finish(FixClass::kRecursive, root);
  if (!out) return out;
  out->parameters[0].array = false;
  out->notes.emplace_back(
      "$1 is the root's key. Rows that refer to each other in a circle never end; use UNION then.");
  return out;
}

std::optional<Rewrite> sequence_rewrite(std::string_view text, const StatementShape& shape) {
  if (shape.kind != StatementKind::kSelect || shape.blocks.size() != 1 || shape.truncated ||
      shape.blocks[0].has_from || shape.blocks[0].limit.present || shape.functions.size() != 1 ||
      shape.functions[0].name != "nextval")
    return std::nullopt;
  BatchRequest request;
  request.text = text;
  request.shape = &shape;
  const std::unique_ptr<Draft> draft = Draft::whole(request);
  if (draft == nullptr || !tree::is(draft->statement(), PG_QUERY__NODE__NODE_SELECT_STMT))
    return std::nullopt;
  PgQuery__SelectStmt& select = *draft->statement()->select_stmt;
  const bool plain =
      select.n_target_list == 1 && select.n_values_lists == 0 && select.where_clause == nullptr &&
      select.op == PG_QUERY__SET_OPERATION__SETOP_NONE &&
      tree::is(tree::without_casts(select.target_list[0]->res_target->val), PG_QUERY__NODE__NODE_FUNC_CALL);
  Node* many = draft->snippet("SELECT FROM generate_series(1, $1)");
  if (!plain || many == nullptr) return std::nullopt;
  select.from_clause = many->select_stmt->from_clause;
  select.n_from_clause = many->select_stmt->n_from_clause;
  draft->take_count();
  std::optional<Rewrite> out = draft->finish(FixClass::kSequence);
  if (out) out->any_rows = false;
  return out;
}

std::string guess_type(const std::vector<std::string>& values) {
  if (values.empty()) return {};
  const auto all = [&](auto&& fits) {
    return std::all_of(values.begin(), values.end(),
                       [&](std::string_view value) { return !value.empty() && fits(value); });
  };
  const auto digits = [](std::string_view value) {
    return !value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos;
  };
  const auto whole = [&](std::string_view value) {
    if (value.front() == '-') value.remove_prefix(1);
    return digits(value) && value.size() <= 18 && (value.size() == 1 || value.front() != '0');
  };
  const auto number = [&](std::string_view value) {
    if (value.front() == '-') value.remove_prefix(1);
    const size_t point = value.find('.');
    return point != std::string_view::npos && digits(value.substr(0, point)) &&
           digits(value.substr(point + 1));
  };
  const auto uuid = [](std::string_view value) {
    if (value.size() != 36) return false;
    for (size_t i = 0; i < value.size(); ++i) {
      const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
      if (dash ? value[i] != '-'
               : std::string_view("0123456789abcdefABCDEF").find(value[i]) == std::string_view::npos)
        return false;
    }
    return true;
  };
  const auto date = [&](std::string_view value) {
    return value.size() >= 10 && digits(value.substr(0, 4)) && value[4] == '-' &&
           digits(value.substr(5, 2)) && value[7] == '-' && digits(value.substr(8, 2));
  };
  const auto moment = [&](std::string_view value) {
    return date(value) && value.size() >= 16 && (value[10] == ' ' || value[10] == 'T') && value[13] == ':';
  };
  if (all(whole)) return "bigint";
  if (all([&](std::string_view value) { return whole(value) || number(value); })) return "numeric";
  if (all(uuid)) return "uuid";
  if (all([&](std::string_view value) { return date(value) && value.size() == 10; })) return "date";
  if (all(moment)) {
    const bool zone = all([](std::string_view value) {
      return value.back() == 'Z' || value.find_first_of("+-", 16) != std::string_view::npos;
    });
    return zone ? "timestamp with time zone" : "timestamp without time zone";
  }
  if (all([](std::string_view value) { return value == "true" || value == "false"; })) return "boolean";
  return "text";
}

}  // namespace pgsieve
