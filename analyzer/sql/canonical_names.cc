// Names, expressions and FROM in canonical form.
#include "analyzer/sql/canonical_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/base/hash.h"

namespace pgsieve::internal {

bool all_values(const std::vector<std::string>& parts) {
  return std::all_of(parts.begin(), parts.end(), [](const std::string& part) { return part == kValue; });
}

// "schema.name", without what goes without saying.
std::string CanonicalWriter::names(Nodes items) {
  std::vector<std::string> parts;
  for (const Node* item : items) {
    const std::string_view name = string_of(item);
    if (name != "pg_catalog") parts.emplace_back(name);
  }
  return joined(parts, ".");
}

std::string CanonicalWriter::list(Nodes items, const CanonicalScope* scope, std::string_view separator) {
  std::vector<std::string> parts;
  for (const Node* item : items) parts.push_back(of(item, scope));
  return joined(parts, separator);
}

void CanonicalWriter::name_item(CanonicalScope& scope, std::string_view name, std::string form, Columns columns) {
  size_t same = 0;
  for (const CanonicalFromItem& item : scope.items) same += item.form == form || item.form.starts_with(form + "#");
  if (same != 0) form += fmt::format("#{}", same + 1);
  scope.items.push_back({std::string(name), std::move(form), std::move(columns)});
}

std::string CanonicalWriter::table(const PgQuery__RangeVar& variable, CanonicalScope& scope) {
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
std::string CanonicalWriter::column(const PgQuery__ColumnRef& reference, const CanonicalScope* scope) {
  const Nodes fields = nodes(reference.n_fields, reference.fields);
  std::vector<std::string> parts;
  for (const Node* field : fields) {
    parts.emplace_back(is(field, PG_QUERY__NODE__NODE_A_STAR) ? std::string_view("*") : string_of(field));
  }
  if (parts.empty()) return {};
  if (parts.size() == 1) {
    if (scope == nullptr) return parts[0];
    for (const CanonicalFromItem& item : scope->items) {
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
  for (const CanonicalScope* at = scope; at != nullptr; at = at->outer, up += '^') {
    for (const CanonicalFromItem& item : at->items) {
      if (item.name != qualifier) continue;
      const auto known = item.columns.find(name);
      const std::string& column = known == item.columns.end() ? name : known->second;
      if (up.empty() && at->items.size() == 1) return column;
      return fmt::format("{}{}.{}", up, item.form, column);
    }
  }
  return fmt::format("{}.{}", qualifier, name);
}

std::string CanonicalWriter::operation(const PgQuery__AExpr& expression, const CanonicalScope* scope) {
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

void CanonicalWriter::branches(const PgQuery__BoolExpr& expression, const CanonicalScope* scope,
                               std::vector<std::string>& parts) {
  for (const Node* argument : nodes(expression.n_args, expression.args)) {
    if (is(argument, PG_QUERY__NODE__NODE_BOOL_EXPR) && argument->bool_expr->boolop == expression.boolop &&
        depth_ < kMaxCanonicalDepth) {
      ++depth_;
      branches(*argument->bool_expr, scope, parts);
      --depth_;
    } else {
      parts.push_back(of(argument, scope));
    }
  }
}

std::string CanonicalWriter::boolean(const PgQuery__BoolExpr& expression, const CanonicalScope* scope) {
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
std::string CanonicalWriter::ordered(Nodes items, const CanonicalScope* scope) {
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

std::string CanonicalWriter::from(const Node* item, CanonicalScope& scope) {
  if (item == nullptr) return {};
  switch (item->node_case) {
    case PG_QUERY__NODE__NODE_RANGE_VAR:
      return table(*item->range_var, scope);
    case PG_QUERY__NODE__NODE_RANGE_SUBSELECT: {
      const PgQuery__RangeSubselect& sub = *item->range_subselect;
      Columns columns;
      std::string inner;
      if (is(sub.subquery, PG_QUERY__NODE__NODE_SELECT_STMT) && depth_ < kMaxCanonicalDepth) {
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
      if (depth_ >= kMaxCanonicalDepth) return "…";
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

std::string CanonicalWriter::with(const PgQuery__WithClause* clause, const CanonicalScope* outer) {
  if (clause == nullptr) return {};
  std::vector<std::string> parts;
  for (const Node* item : nodes(clause->n_ctes, clause->ctes)) {
    if (!is(item, PG_QUERY__NODE__NODE_COMMON_TABLE_EXPR)) continue;
    const PgQuery__CommonTableExpr& cte = *item->common_table_expr;
    const std::string form = fmt::format("cte{}", ++cte_count_);
    if (clause->recursive) ctes_.push_back({std::string(text(cte.ctename)), form, {}});
    Columns columns;
    std::string inner;
    if (is(cte.ctequery, PG_QUERY__NODE__NODE_SELECT_STMT) && depth_ < kMaxCanonicalDepth) {
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

}  // namespace pgsieve::internal
