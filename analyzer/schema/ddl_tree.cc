#include "analyzer/schema/ddl_tree.h"

#include <array>
#include <utility>

#include "analyzer/sql/deparse.h"
#include "analyzer/sql/expression_text.h"

namespace pgsieve {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kTypeSpellings = {{
    {"int2", "smallint"},
    {"int4", "integer"},
    {"int8", "bigint"},
    {"float4", "real"},
    {"float8", "double precision"},
    {"bool", "boolean"},
    {"varchar", "character varying"},
    {"bpchar", "character"},
    {"timestamptz", "timestamp with time zone"},
    {"timestamp", "timestamp without time zone"},
    {"timetz", "time with time zone"},
    {"time", "time without time zone"},
    {"varbit", "bit varying"},
}};

std::string modifiers_sql(const PgQuery__TypeName& type) {
  std::string text;
  for (size_t i = 0; i < type.n_typmods; ++i) {
    text += i == 0 ? "(" : ",";
    text += expression_sql(type.typmods[i]);
  }
  return text.empty() ? text : text + ")";
}

// "timestamp with time zone" takes its precision before the zone: timestamp(3) with time zone.
std::string with_modifiers(std::string_view spelling, const std::string& modifiers) {
  const size_t zone = spelling.find(" with");
  if (modifiers.empty() || zone == std::string_view::npos) return std::string(spelling) + modifiers;
  return std::string(spelling.substr(0, zone)) + modifiers + std::string(spelling.substr(zone));
}

// "(a -> b)": one pair of parentheses around the whole text.
bool wrapped_in_parentheses(std::string_view text) {
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') return false;
  int depth = 0;
  char quote = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else {
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      if (depth == 0 && at + 1 < text.size()) return false;
    }
  }
  return true;
}

}  // namespace

std::string expression_sql(const PgQuery__Node* node) {
  if (node == nullptr) return {};
  std::string text = expression_text(*node);
  while (wrapped_in_parentheses(text)) text = text.substr(1, text.size() - 2);
  return text;
}

std::string query_sql(const PgQuery__Node* query) {
  if (query == nullptr) return {};
  PgQuery__RawStmt raw = PG_QUERY__RAW_STMT__INIT;
  raw.stmt = const_cast<PgQuery__Node*>(query);  // deparsing only reads
  PgQuery__RawStmt* statements[] = {&raw};
  PgQuery__ParseResult result = PG_QUERY__PARSE_RESULT__INIT;
  result.n_stmts = 1;
  result.stmts = statements;
  Result<std::string> text = deparse(result);
  return text.ok() ? std::move(*text) : std::string();
}

std::string string_value(const PgQuery__Node* node) {
  if (node == nullptr || node->node_case != PG_QUERY__NODE__NODE_STRING) return {};
  return node->string->sval;
}

std::vector<std::string> string_list(PgQuery__Node* const* nodes, size_t count) {
  std::vector<std::string> strings;
  strings.reserve(count);
  for (size_t i = 0; i < count; ++i) strings.push_back(string_value(nodes[i]));
  return strings;
}

std::string type_sql(const PgQuery__TypeName& type) {
  std::vector<std::string> names = string_list(type.names, type.n_names);
  if (names.empty()) return {};
  const bool built_in = names.size() == 1 || names.front() == "pg_catalog";
  if (names.size() > 1 && names.front() == "pg_catalog") names.erase(names.begin());
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ".") + name;
  for (const auto& [internal, spelling] : kTypeSpellings)
    if (built_in && text == internal) text = spelling;
  text = text == "interval" ? text : with_modifiers(text, modifiers_sql(type));
  for (size_t i = 0; i < type.n_array_bounds; ++i) text += "[]";
  return text;
}

std::string serial_base_type(const PgQuery__TypeName& type) {
  if (type.n_names != 1) return {};
  const std::string name = string_value(type.names[0]);
  if (name == "serial" || name == "serial4") return "integer";
  if (name == "bigserial" || name == "serial8") return "bigint";
  if (name == "smallserial" || name == "serial2") return "smallint";
  return {};
}

bool is_nextval(const PgQuery__Node* node) {
  if (node == nullptr || node->node_case != PG_QUERY__NODE__NODE_FUNC_CALL) return false;
  const PgQuery__FuncCall& call = *node->func_call;
  return call.n_funcname > 0 && string_value(call.funcname[call.n_funcname - 1]) == "nextval";
}

IndexKey index_key(const PgQuery__IndexElem& element) {
  IndexKey key;
  key.column = element.name;
  if (key.column.empty()) key.expression = expression_sql(element.expr);
  if (element.n_opclass > 0) key.opclass = string_value(element.opclass[element.n_opclass - 1]);
  if (element.n_collation > 0) key.collation = string_value(element.collation[element.n_collation - 1]);
  key.descending = element.ordering == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
  key.nulls_first = element.nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST ||
                    (key.descending && element.nulls_ordering != PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST);
  return key;
}

}  // namespace pgsieve
