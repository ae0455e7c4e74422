#include "analyzer/schema/ddl_tree.h"

#include <pg_query.h>

#include <array>
#include <utility>

#include "analyzer/sql/fingerprint.h"

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

// Libraries walk the tree by recursion. Nesting shows in the text as parentheses and brackets, or as operator
// chains (a AND b AND …), which grow by words without a comma or parenthesis between them.
bool too_deep(std::string_view text) {
  constexpr int kMaxDepth = 400;
  constexpr int kMaxChain = 8000;
  int depth = 0;
  int chain = 0;
  for (const char c : text) {
    if (c == '(' || c == '[') ++depth;
    if ((c == ')' || c == ']') && depth > 0) --depth;
    chain =
        c == ','
            ? 0
            : chain +
                  (c == ' ' || c == '\n' || c == '+' || c == '-' || c == '~' || c == '|' || c == ':' ? 1 : 0);
    if (depth > kMaxDepth || chain > kMaxChain) return true;
  }
  return false;
}

std::string statement_sql(const PgQuery__Node& statement) {
  PgQuery__RawStmt raw = PG_QUERY__RAW_STMT__INIT;
  raw.stmt = const_cast<PgQuery__Node*>(&statement);  // packing only reads
  PgQuery__RawStmt* statements[] = {&raw};
  PgQuery__ParseResult result = PG_QUERY__PARSE_RESULT__INIT;
  result.n_stmts = 1;
  result.stmts = statements;
  std::string packed(pg_query__parse_result__get_packed_size(&result), '\0');
  pg_query__parse_result__pack(&result, reinterpret_cast<uint8_t*>(packed.data()));
  const PgQueryDeparseResult deparsed =
      pg_query_deparse_protobuf({.len = packed.size(), .data = packed.data()});
  std::string text = deparsed.query == nullptr ? std::string() : deparsed.query;
  pg_query_free_deparse_result(deparsed);
  return text;
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

void DdlTree::Free::operator()(PgQuery__ParseResult* tree) const {
  pg_query__parse_result__free_unpacked(tree, nullptr);
}

DdlTree::DdlTree(std::string_view statement) {
  if (statement.size() > kMaxParsedBytes) {
    error_ = "longer than 4 MiB";
  } else if (statement.find('\0') != std::string_view::npos) {
    error_ = "holds a NUL byte";
  } else if (too_deep(statement)) {
    error_ = "nested too deep";
  }
  if (!error_.empty()) return;
  const PgQueryProtobufParseResult parsed = pg_query_parse_protobuf(std::string(statement).c_str());
  if (parsed.error != nullptr) {
    error_ = parsed.error->message;
  } else {
    tree_.reset(pg_query__parse_result__unpack(nullptr, parsed.parse_tree.len,
                                               reinterpret_cast<const uint8_t*>(parsed.parse_tree.data)));
    if (tree_ == nullptr) error_ = "the parser's answer can't be read";
  }
  pg_query_free_protobuf_parse_result(parsed);
}

std::string expression_sql(const PgQuery__Node* node) {
  if (node == nullptr) return {};
  // libpg_query deparses statements only: SELECT <expression>, and the SELECT cut off again.
  constexpr std::string_view kSelect = "SELECT ";
  PgQuery__ResTarget target = PG_QUERY__RES_TARGET__INIT;
  target.val = const_cast<PgQuery__Node*>(node);
  PgQuery__Node target_node = PG_QUERY__NODE__INIT;
  target_node.node_case = PG_QUERY__NODE__NODE_RES_TARGET;
  target_node.res_target = &target;
  PgQuery__Node* targets[] = {&target_node};
  PgQuery__SelectStmt select = PG_QUERY__SELECT_STMT__INIT;
  select.limit_option = PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_DEFAULT;
  select.op = PG_QUERY__SET_OPERATION__SETOP_NONE;
  select.n_target_list = 1;
  select.target_list = targets;
  PgQuery__Node select_node = PG_QUERY__NODE__INIT;
  select_node.node_case = PG_QUERY__NODE__NODE_SELECT_STMT;
  select_node.select_stmt = &select;
  std::string text = statement_sql(node->node_case == PG_QUERY__NODE__NODE_SELECT_STMT ? *node : select_node);
  if (node->node_case != PG_QUERY__NODE__NODE_SELECT_STMT && text.starts_with(kSelect))
    text.erase(0, kSelect.size());
  while (wrapped_in_parentheses(text)) text = text.substr(1, text.size() - 2);
  return text;
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
