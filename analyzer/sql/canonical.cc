#include "analyzer/sql/canonical.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "analyzer/base/hash.h"
#include "analyzer/sql/parse_tree.h"
#include "analyzer/sql/scan.h"
#include "analyzer/sql/statement_text.h"
#include "analyzer/sql/tree.h"

namespace pgsieve {

namespace {

using namespace tree;

constexpr std::string_view kValue = "?";
constexpr int kMaxDepth = 250;
constexpr size_t kLongForm = 4096;  // longer parts are replaced by their hash, so that forms stay linear

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

void sort_unique(std::vector<std::string>& parts) {
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
}

// Numbers of enumerators differ between grammars, names do not. "" for the first one, which is the default.
std::string enumerator(const ProtobufCEnumDescriptor& type, int value) {
  if (value <= 1) return {};  // 0: undefined
  for (unsigned i = 0; i < type.n_values; ++i) {
    if (type.values[i].value == value) return type.values[i].name;
  }
  return {};
}

// What a name in FROM stands for.
struct FromItem {
  std::string name;                            // alias, or the table's own name
  std::string form;                            // what is written in place of the name
  std::map<std::string, std::string> columns;  // of a sub-query: alias → form of what it stands for
};

struct Scope {
  std::vector<FromItem> items;
  std::map<std::string, std::string> outputs;  // alias in the select list → form
  const Scope* outer = nullptr;
};

class Canonical {
 public:
  std::string statement(const Node* node) { return of(node, nullptr); }

 private:
  using Columns = std::map<std::string, std::string>;

  std::string of(const Node* node, const Scope* scope);
  std::string reflected(const ProtobufCMessage& message, const Scope* scope);
  std::string list(Nodes items, const Scope* scope, std::string_view separator = ",");
  std::string field_text(const ProtobufCMessage& message, const ProtobufCFieldDescriptor& field,
                         const Scope* scope);

  std::string select(const PgQuery__SelectStmt& select, const Scope* outer, Columns* columns);
  std::string targets(Nodes items, Scope& scope, Columns* columns);
  std::string insert(const PgQuery__InsertStmt& insert, const Scope* outer);
  std::string update(const PgQuery__UpdateStmt& update, const Scope* outer);
  std::string remove(const PgQuery__DeleteStmt& remove, const Scope* outer);
  std::string merge(const PgQuery__MergeStmt& merge, const Scope* outer);
  std::string assignments(Nodes items, const Scope* scope);
  std::string with(const PgQuery__WithClause* clause, const Scope* outer);
  std::string from(const Node* item, Scope& scope);
  std::string table(const PgQuery__RangeVar& variable, Scope& scope);
  void name_item(Scope& scope, std::string_view name, std::string form, Columns columns = {});

  std::string column(const PgQuery__ColumnRef& reference, const Scope* scope);
  std::string operation(const PgQuery__AExpr& expression, const Scope* scope);
  std::string boolean(const PgQuery__BoolExpr& expression, const Scope* scope);
  void branches(const PgQuery__BoolExpr& expression, const Scope* scope, std::vector<std::string>& parts);
  std::string ordered(Nodes items, const Scope* scope);
  std::string names(Nodes items);

  struct Cte {
    std::string name;
    std::string form;
    Columns columns;
  };
  std::vector<Cte> ctes_;
  int cte_count_ = 0;
  int subquery_count_ = 0;
  int depth_ = 0;
};

bool all_values(const std::vector<std::string>& parts) {
  return std::all_of(parts.begin(), parts.end(), [](const std::string& part) { return part == kValue; });
}

// "schema.name", without what goes without saying.
std::string Canonical::names(Nodes items) {
  std::vector<std::string> parts;
  for (const Node* item : items) {
    const std::string_view name = string_of(item);
    if (name != "pg_catalog") parts.emplace_back(name);
  }
  return joined(parts, ".");
}

std::string Canonical::list(Nodes items, const Scope* scope, std::string_view separator) {
  std::vector<std::string> parts;
  for (const Node* item : items) parts.push_back(of(item, scope));
  return joined(parts, separator);
}

// ---- names
// ---------------------------------------------------------------------------------------------------------------

void Canonical::name_item(Scope& scope, std::string_view name, std::string form, Columns columns) {
  size_t same = 0;
  for (const FromItem& item : scope.items) same += item.form == form || item.form.starts_with(form + "#");
  if (same != 0) form += fmt::format("#{}", same + 1);
  scope.items.push_back({std::string(name), std::move(form), std::move(columns)});
}

std::string Canonical::table(const PgQuery__RangeVar& variable, Scope& scope) {
  const std::string_view name = text(variable.relname);
  const std::string_view schema = text(variable.schemaname);
  const std::string_view alias =
      variable.alias == nullptr ? name : text(static_cast<const char*>(variable.alias->aliasname));
  if (schema.empty()) {
    for (auto cte = ctes_.rbegin(); cte != ctes_.rend(); ++cte) {
      if (cte->name != name) continue;
      name_item(scope, alias, cte->form, cte->columns);
      return scope.items.back().form;
    }
  }
  std::string form(name);
  if (!schema.empty() && schema != "public" && schema != "pg_catalog")
    form = fmt::format("{}.{}", schema, name);
  if (!variable.inh) form = "only " + form;
  name_item(scope, alias, std::move(form));
  return scope.items.back().form;
}

// A column by the table it belongs to, where the text says so; in a block over one table it needs no saying.
std::string Canonical::column(const PgQuery__ColumnRef& reference, const Scope* scope) {
  const Nodes fields = nodes(reference.n_fields, reference.fields);
  std::vector<std::string> parts;
  for (const Node* field : fields) {
    parts.emplace_back(is(field, PG_QUERY__NODE__NODE_A_STAR) ? std::string_view("*") : string_of(field));
  }
  if (parts.empty()) return {};
  if (parts.size() == 1) {
    if (scope == nullptr) return parts[0];
    for (const FromItem& item : scope->items) {
      if (item.name == parts[0]) return item.form;  // a whole row
    }
    if (scope->items.size() == 1) {
      const auto known = scope->items[0].columns.find(parts[0]);
      if (known != scope->items[0].columns.end()) return known->second;
    }
    return parts[0];
  }
  const std::string& name = parts.back();
  const std::string& qualifier = parts[parts.size() - 2];
  std::string up;
  for (const Scope* at = scope; at != nullptr; at = at->outer, up += '^') {
    for (const FromItem& item : at->items) {
      if (item.name != qualifier) continue;
      const auto known = item.columns.find(name);
      const std::string& column = known == item.columns.end() ? name : known->second;
      if (up.empty() && at->items.size() == 1) return column;
      return fmt::format("{}{}.{}", up, item.form, column);
    }
  }
  return fmt::format("{}.{}", qualifier, name);
}

// ---- expressions
// ---------------------------------------------------------------------------------------------------------

std::string Canonical::operation(const PgQuery__AExpr& expression, const Scope* scope) {
  const std::string name = names(operator_name(expression));
  std::string left = of(expression.lexpr, scope);
  switch (expression.kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_IN: {
      std::vector<std::string> items;
      for (const Node* item : list_items(expression.rexpr)) items.push_back(of(item, scope));
      sort_unique(items);
      // "((1, 2), ...)": what stands for the rest of a list of rows is a row.
      if (items.size() > 1 && std::any_of(items.begin(), items.end(),
                                          [](const std::string& item) { return item.starts_with("(?,"); }))
        std::erase(items, kValue);
      return fmt::format("{} {}in ({})", left, name == "<>" ? "not " : "", joined(items, ","));
    }
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL: {
      const std::string right = of(expression.rexpr, scope);
      const bool any = expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY;
      if (right == kValue && name == (any ? "=" : "<>")) {
        return fmt::format("{} {}in ({})", left, any ? "" : "not ", kValue);
      }
      return fmt::format("{} {} {}({})", left, name, any ? "any" : "all", right);
    }
    default:
      break;
  }
  std::string right = of(expression.rexpr, scope);
  if (expression.lexpr == nullptr && right == kValue) return right;  // a sign
  const bool symmetric = name == "=" || name == "<>";
  if (symmetric && expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP && !left.empty() &&
      (left == kValue || (right != kValue && right < left))) {
    std::swap(left, right);
  }
  const std::string kind = enumerator(pg_query__a__expr__kind__descriptor, expression.kind);
  return fmt::format("({} {}{}{} {})", left, kind, kind.empty() ? "" : ":", name, right);
}

void Canonical::branches(const PgQuery__BoolExpr& expression, const Scope* scope,
                         std::vector<std::string>& parts) {
  for (const Node* argument : nodes(expression.n_args, expression.args)) {
    if (is(argument, PG_QUERY__NODE__NODE_BOOL_EXPR) && argument->bool_expr->boolop == expression.boolop &&
        depth_ < kMaxDepth) {
      ++depth_;
      branches(*argument->bool_expr, scope, parts);
      --depth_;
    } else {
      parts.push_back(of(argument, scope));
    }
  }
}

std::string Canonical::boolean(const PgQuery__BoolExpr& expression, const Scope* scope) {
  if (expression.boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR)
    return fmt::format("not({})", list(nodes(expression.n_args, expression.args), scope));
  std::vector<std::string> parts;
  branches(expression, scope, parts);
  sort_unique(parts);
  if (parts.size() == 1) return parts[0];
  return fmt::format(
      "({})", joined(parts, expression.boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR ? " and " : " or "));
}

// ORDER BY, GROUP BY, DISTINCT ON: an alias or a position stands for its column.
std::string Canonical::ordered(Nodes items, const Scope* scope) {
  std::vector<std::string> parts;
  for (const Node* item : items) {
    const Node* key = is(item, PG_QUERY__NODE__NODE_SORT_BY) ? item->sort_by->node : item;
    std::string part = of(key, scope);
    if (is(key, PG_QUERY__NODE__NODE_COLUMN_REF) && key->column_ref->n_fields == 1) {
      const auto alias = scope->outputs.find(std::string(string_of(key->column_ref->fields[0])));
      if (alias != scope->outputs.end()) part = alias->second;
    }
    if (is(item, PG_QUERY__NODE__NODE_SORT_BY)) {
      if (item->sort_by->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC) part += " desc";
      if (item->sort_by->sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST) part += " nulls first";
      if (item->sort_by->sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST) part += " nulls last";
    }
    parts.push_back(std::move(part));
  }
  return joined(parts, ",");
}

// ---- FROM
// ----------------------------------------------------------------------------------------------------------------

std::string Canonical::from(const Node* item, Scope& scope) {
  if (item == nullptr) return {};
  switch (item->node_case) {
    case PG_QUERY__NODE__NODE_RANGE_VAR:
      return table(*item->range_var, scope);
    case PG_QUERY__NODE__NODE_RANGE_SUBSELECT: {
      const PgQuery__RangeSubselect& sub = *item->range_subselect;
      Columns columns;
      std::string inner;
      if (is(sub.subquery, PG_QUERY__NODE__NODE_SELECT_STMT) && depth_ < kMaxDepth) {
        ++depth_;
        inner = select(*sub.subquery->select_stmt, sub.lateral ? &scope : scope.outer, &columns);
        --depth_;
      } else {
        inner = of(sub.subquery, &scope);
      }
      name_item(scope, sub.alias == nullptr ? std::string_view() : text(sub.alias->aliasname),
                fmt::format("sub{}", ++subquery_count_), std::move(columns));
      return fmt::format("{}({})", sub.lateral ? "lateral" : "", inner);
    }
    case PG_QUERY__NODE__NODE_JOIN_EXPR: {
      if (depth_ >= kMaxDepth) return "…";
      ++depth_;
      const PgQuery__JoinExpr& join = *item->join_expr;
      const std::string left = from(join.larg, scope);
      const std::string right = from(join.rarg, scope);
      std::string condition = of(join.quals, &scope);
      if (join.n_using_clause != 0)
        condition = "using " + names(nodes(join.n_using_clause, join.using_clause));
      --depth_;
      return fmt::format("{} join{} {} {} on {}", left, join.is_natural ? " natural" : "",
                         enumerator(pg_query__join_type__descriptor, join.jointype), right, condition);
    }
    case PG_QUERY__NODE__NODE_RANGE_FUNCTION: {
      const PgQuery__RangeFunction& function = *item->range_function;
      const std::string calls = list(nodes(function.n_functions, function.functions), &scope);
      name_item(scope, function.alias == nullptr ? std::string_view() : text(function.alias->aliasname),
                fmt::format("fn{}", ++subquery_count_));
      return calls;
    }
    default:
      return of(item, &scope);
  }
}

std::string Canonical::with(const PgQuery__WithClause* clause, const Scope* outer) {
  if (clause == nullptr) return {};
  std::vector<std::string> parts;
  for (const Node* item : nodes(clause->n_ctes, clause->ctes)) {
    if (!is(item, PG_QUERY__NODE__NODE_COMMON_TABLE_EXPR)) continue;
    const PgQuery__CommonTableExpr& cte = *item->common_table_expr;
    const std::string form = fmt::format("cte{}", ++cte_count_);
    if (clause->recursive) ctes_.push_back({std::string(text(cte.ctename)), form, {}});
    Columns columns;
    std::string inner;
    if (is(cte.ctequery, PG_QUERY__NODE__NODE_SELECT_STMT) && depth_ < kMaxDepth) {
      ++depth_;
      inner = select(*cte.ctequery->select_stmt, outer, &columns);
      --depth_;
    } else {
      inner = of(cte.ctequery, outer);
    }
    if (clause->recursive) ctes_.pop_back();
    ctes_.push_back({std::string(text(cte.ctename)), form, std::move(columns)});
    parts.push_back(fmt::format("({})", inner));
  }
  return fmt::format("with{} {} ", clause->recursive ? " recursive" : "", joined(parts, ","));
}

// ---- statements
// ----------------------------------------------------------------------------------------------------------

// Plain columns are folded per table: one keeps its name, several (or `*`) are "the row".
std::string Canonical::targets(Nodes items, Scope& scope, Columns* columns) {
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
                                   [&](const FromItem& each) { return each.form == name; });
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

std::string Canonical::select(const PgQuery__SelectStmt& statement, const Scope* outer, Columns* columns) {
  const size_t visible = ctes_.size();
  std::string form = with(statement.with_clause, outer);
  Scope scope;
  scope.outer = outer;
  if (statement.larg != nullptr && statement.rarg != nullptr) {
    if (depth_ >= kMaxDepth) return "…";
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

std::string Canonical::assignments(Nodes items, const Scope* scope) {
  std::vector<std::string> parts;
  for (const Node* item : items) {
    if (!is(item, PG_QUERY__NODE__NODE_RES_TARGET)) continue;
    parts.push_back(fmt::format("{}={}", text(item->res_target->name), of(item->res_target->val, scope)));
  }
  sort_unique(parts);
  return joined(parts, ",");
}

// What is inserted where; not into which columns, nor how many rows.
std::string Canonical::insert(const PgQuery__InsertStmt& statement, const Scope* outer) {
  const size_t visible = ctes_.size();
  std::string form = with(statement.with_clause, outer);
  Scope scope;
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

std::string Canonical::update(const PgQuery__UpdateStmt& statement, const Scope* outer) {
  const size_t visible = ctes_.size();
  std::string form = with(statement.with_clause, outer);
  Scope scope;
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

std::string Canonical::remove(const PgQuery__DeleteStmt& statement, const Scope* outer) {
  const size_t visible = ctes_.size();
  std::string form = with(statement.with_clause, outer);
  Scope scope;
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

std::string Canonical::merge(const PgQuery__MergeStmt& statement, const Scope* outer) {
  const size_t visible = ctes_.size();
  std::string form = with(statement.with_clause, outer);
  Scope scope;
  scope.outer = outer;
  if (statement.relation != nullptr) form += "merge " + table(*statement.relation, scope);
  form += " using " + from(statement.source_relation, scope);
  form += " on " + of(statement.join_condition, &scope);
  form += " " + list(nodes(statement.n_merge_when_clauses, statement.merge_when_clauses), &scope);
  ctes_.resize(visible);
  return form;
}

// ---- any node
// ------------------------------------------------------------------------------------------------------------

// Says nothing about what the statement does: places in the text, spellings, names that were given here.
bool is_noise(std::string_view field) {
  return field.ends_with("location") || field == "stmt_len" || field == "funcformat" ||
         field == "row_format" || field == "coercionform" || field == "alias" || field == "rtindex" ||
         field == "portalname" || field == "locked_rels" || field == "frame_options" || field == "inh" ||
         field == "relpersistence" || field == "location_end" || field == "catalogname";
}

std::string Canonical::field_text(const ProtobufCMessage& message, const ProtobufCFieldDescriptor& field,
                                  const Scope* scope) {
  const auto* base = reinterpret_cast<const std::byte*>(&message);
  const auto one = [&](const std::byte* at) -> std::string {
    switch (field.type) {
      case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage* child = nullptr;
        std::memcpy(&child, at, sizeof child);
        if (child == nullptr) return {};
        if (child->descriptor == &pg_query__node__descriptor)
          return of(reinterpret_cast<const Node*>(child), scope);
        return reflected(*child, scope);
      }
      case PROTOBUF_C_TYPE_STRING: {
        const char* value = nullptr;
        std::memcpy(&value, at, sizeof value);
        return std::string(text(value));
      }
      case PROTOBUF_C_TYPE_ENUM: {
        int value = 0;
        std::memcpy(&value, at, sizeof value);
        return enumerator(*static_cast<const ProtobufCEnumDescriptor*>(field.descriptor), value);
      }
      case PROTOBUF_C_TYPE_BOOL: {
        protobuf_c_boolean value = 0;
        std::memcpy(&value, at, sizeof value);
        return value != 0 ? "true" : "";
      }
      case PROTOBUF_C_TYPE_INT32:
      case PROTOBUF_C_TYPE_UINT32: {
        int32_t value = 0;
        std::memcpy(&value, at, sizeof value);
        return value == 0 || value == -1 ? "" : fmt::format("{}", value);
      }
      default:
        return {};
    }
  };
  if (field.label != PROTOBUF_C_LABEL_REPEATED) return one(base + field.offset);
  size_t count = 0;
  const std::byte* items = nullptr;
  std::memcpy(&count, base + field.quantifier_offset, sizeof count);
  std::memcpy(&items, base + field.offset, sizeof items);
  if (field.type != PROTOBUF_C_TYPE_MESSAGE) return {};
  std::vector<std::string> parts;
  for (size_t i = 0; i < count; ++i) parts.push_back(one(items + i * sizeof(void*)));
  return joined(parts, ",");
}

std::string Canonical::reflected(const ProtobufCMessage& message, const Scope* scope) {
  if (depth_ >= kMaxDepth) return "…";
  ++depth_;
  std::string form = lower(message.descriptor->short_name) + "{";
  const ProtobufCMessageDescriptor& type = *message.descriptor;
  for (unsigned i = 0; i < type.n_fields; ++i) {
    const ProtobufCFieldDescriptor& field = type.fields[i];
    if (is_noise(field.name)) continue;
    if ((field.flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
      uint32_t active = 0;
      std::memcpy(&active, reinterpret_cast<const std::byte*>(&message) + field.quantifier_offset,
                  sizeof active);
      if (active != field.id) continue;
    }
    const std::string value = field_text(message, field, scope);
    if (!value.empty()) form += fmt::format("{}={};", field.name, value);
  }
  --depth_;
  form += '}';
  return form;
}

std::string Canonical::of(const Node* node, const Scope* scope) {
  if (node == nullptr || node->node_case == PG_QUERY__NODE__NODE__NOT_SET) return {};
  if (depth_ >= kMaxDepth) return "…";
  ++depth_;
  std::string form;
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_A_CONST:
    case PG_QUERY__NODE__NODE_PARAM_REF:
      form = kValue;
      break;
    case PG_QUERY__NODE__NODE_TYPE_CAST:
      form = of(node->type_cast->arg, scope);
      if (form != kValue && node->type_cast->type_name != nullptr) {
        const PgQuery__TypeName& type = *node->type_cast->type_name;
        form += "::" + names(nodes(type.n_names, type.names)) + (type.n_array_bounds != 0 ? "[]" : "");
      }
      break;
    case PG_QUERY__NODE__NODE_COLUMN_REF:
      form = column(*node->column_ref, scope);
      break;
    case PG_QUERY__NODE__NODE_A_EXPR:
      form = operation(*node->a_expr, scope);
      break;
    case PG_QUERY__NODE__NODE_BOOL_EXPR:
      form = boolean(*node->bool_expr, scope);
      break;
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR: {
      std::vector<std::string> items;
      for (const Node* item : nodes(node->a_array_expr->n_elements, node->a_array_expr->elements))
        items.push_back(of(item, scope));
      form = all_values(items) ? std::string(kValue) : fmt::format("array[{}]", joined(items, ","));
      break;
    }
    case PG_QUERY__NODE__NODE_ROW_EXPR:
      form = fmt::format("({})", list(nodes(node->row_expr->n_args, node->row_expr->args), scope));
      break;
    case PG_QUERY__NODE__NODE_LIST:
      form = fmt::format("({})", list(list_items(node), scope));
      break;
    case PG_QUERY__NODE__NODE_FUNC_CALL: {
      const PgQuery__FuncCall& call = *node->func_call;
      form = fmt::format("{}({}{}{})", names(function_name(call)), call.agg_distinct ? "distinct " : "",
                         call.agg_star ? "*" : "", list(arguments(call), scope));
      if (call.n_agg_order != 0) form += " order " + list(nodes(call.n_agg_order, call.agg_order), scope);
      if (call.agg_filter != nullptr) form += " filter " + of(call.agg_filter, scope);
      if (call.over != nullptr) form += " over " + reflected(call.over->base, scope);
      break;
    }
    case PG_QUERY__NODE__NODE_SELECT_STMT:
      form = fmt::format("({})", select(*node->select_stmt, scope, nullptr));
      break;
    case PG_QUERY__NODE__NODE_INSERT_STMT:
      form = insert(*node->insert_stmt, scope);
      break;
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
      form = update(*node->update_stmt, scope);
      break;
    case PG_QUERY__NODE__NODE_DELETE_STMT:
      form = remove(*node->delete_stmt, scope);
      break;
    case PG_QUERY__NODE__NODE_MERGE_STMT:
      form = merge(*node->merge_stmt, scope);
      break;
    case PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT:
      form = "declare " + of(node->declare_cursor_stmt->query, scope);
      break;
    case PG_QUERY__NODE__NODE_PREPARE_STMT:
      form = "prepare " + of(node->prepare_stmt->query, scope);
      break;
    case PG_QUERY__NODE__NODE_STRING:
      form = string_of(node);
      break;
    case PG_QUERY__NODE__NODE_RANGE_VAR: {
      Scope own;
      form = table(*node->range_var, own);
      break;
    }
    default:
      if (const ProtobufCMessage* message = message_of(node)) form = reflected(*message, scope);
  }
  --depth_;
  if (form.size() > kLongForm) {
    const Hash128 hash = hash128(form);
    form = fmt::format("#{:016x}{:016x}", hash.high, hash.low);
  }
  return form;
}

// The text with every $n of a normalised statement written as a literal: `interval $1` is no SQL, `interval
// ''` is, and a value is a value.
std::string with_literals(std::string_view sql, std::string_view literal) {
  StatementScan scan;
  std::string scratch;
  scan_statement(sql, scan, scratch);
  std::string result;
  size_t at = 0;
  for (const Slot& slot : scan.slots) {
    if (slot.kind != Slot::Kind::kParameter || slot.offset < at) continue;
    result.append(sql.substr(at, slot.offset - at));
    result += literal;
    at = slot.offset + std::max<size_t>(1, slot.text.size());
  }
  result.append(sql.substr(std::min(at, sql.size())));
  return result;
}

// As it is, or in the first reading of a normalised text that the grammar accepts. False: none is.
bool visit_normalised(std::string_view sql, const std::function<void(const PgQuery__ParseResult&)>& visit) {
  TreeVisit result = visit_tree(sql, visit);
  for (const std::string_view literal : {"", "''", "0"}) {
    if (result.outcome != ParseTree::Outcome::kRejected) break;
    std::string text = literal.empty() ? std::string(sql) : with_literals(sql, literal);
    internal::replace_placeholders(text);
    result = visit_tree(text, visit);
  }
  return result.outcome == ParseTree::Outcome::kParsed;
}

}  // namespace

std::string canonical_form(std::string_view sql) {
  std::vector<std::string> parts;
  const bool parsed = visit_normalised(sql, [&parts](const PgQuery__ParseResult& tree) {
    for (size_t i = 0; i < tree.n_stmts; ++i) parts.push_back(Canonical().statement(tree.stmts[i]->stmt));
  });
  if (!parsed || parts.empty()) return "~" + lower(normalize_for_display(sql));
  return joined(parts, ";");
}

}  // namespace pgsieve
