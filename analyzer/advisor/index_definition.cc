#include "analyzer/advisor/index_definition.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/advisor/sql_expression.h"
#include "analyzer/base/hash.h"
#include "analyzer/schema/ddl_table.h"
#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/parse_tree.h"

namespace pgsieve {

namespace {

constexpr size_t kMaxNameBytes = 63;  // NAMEDATALEN - 1

std::string schema_of(const IndexDefinition& definition) {
  return definition.schema.empty() ? "public" : definition.schema;
}

bool readable_backwards(const IndexDefinition& definition) {
  return definition.method == "btree" && !definition.keys.empty();
}

// The same b-tree described from its other end.
std::vector<IndexKey> flipped(std::vector<IndexKey> keys) {
  for (IndexKey& key : keys) {
    key.descending = !key.descending;
    key.nulls_first = !key.nulls_first;
  }
  return keys;
}

std::vector<IndexKey> canonical_keys(const IndexDefinition& definition) {
  std::vector<IndexKey> keys = definition.keys;
  for (IndexKey& key : keys) {
    key.expression = normal_expression(key.expression);
    if (definition.method != "btree") key.descending = key.nulls_first = false;
  }
  return readable_backwards(definition) && keys.front().descending ? flipped(std::move(keys)) : keys;
}

bool same_key(const IndexKey& left, const IndexKey& right) {
  return left.column == right.column && left.expression == right.expression &&
         left.opclass == right.opclass && left.collation == right.collation &&
         left.descending == right.descending && left.nulls_first == right.nulls_first;
}

// Where NULLs stand matters only where the order does; DESC puts them first, ASC last.
std::string key_text(const IndexKey& key) {
  std::string text = key.column.empty() ? "(" + key.expression + ")" : quote_identifier(key.column);
  if (!key.collation.empty()) text += " COLLATE " + quote_identifier(key.collation);
  if (!key.opclass.empty()) text += " " + key.opclass;
  if (key.descending) text += " DESC";
  if (key.descending != key.nulls_first) text += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
  return text;
}

template <typename Item, typename Text>
std::string joined(const std::vector<Item>& items, Text&& text) {
  std::string out;
  for (const Item& item : items) out += (out.empty() ? "" : ", ") + text(item);
  return out;
}

// What PostgreSQL calls a key in a generated name: the column, the function, else "expr".
std::string name_part(const IndexKey& key) {
  if (!key.column.empty()) return key.column;
  const size_t open = key.expression.find('(');
  const std::string_view head = std::string_view(key.expression).substr(0, open);
  const bool function =
      open != std::string::npos && open > 0 &&
      head.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == std::string_view::npos;
  if (function) return std::string(head);
  // (attrs ->> 'brand'): the last quoted word says most.
  const size_t close = key.expression.rfind('\'');
  const size_t start =
      close == std::string::npos || close == 0 ? close : key.expression.rfind('\'', close - 1);
  if (close == std::string::npos || start == std::string::npos || start == close) return "expr";
  std::string word;
  for (const char c : std::string_view(key.expression).substr(start + 1, close - start - 1))
    word += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
  return word.empty() ? "expr" : word;
}

// Cut in a character never in two.
std::string cut_name(std::string name, size_t limit) {
  if (name.size() <= limit) return name;
  while (limit > 0 && (static_cast<unsigned char>(name[limit]) & 0xC0U) == 0x80U) --limit;
  name.resize(limit);
  return name;
}

}  // namespace

std::string definition_key(const IndexDefinition& definition) {
  const std::vector<IndexKey> keys = canonical_keys(definition);
  std::string key = fmt::format("{}{}.{} {} ({})", definition.unique ? "unique " : "",
                                quote_identifier(schema_of(definition)), quote_identifier(definition.table),
                                definition.method, joined(keys, key_text));
  if (!definition.include.empty())
    key += " include (" +
           joined(definition.include, [](const std::string& name) { return quote_identifier(name); }) + ")";
  if (!definition.predicate.empty()) key += " where (" + normal_expression(definition.predicate) + ")";
  return key;
}

std::string definition_id(const IndexDefinition& definition) {
  return fmt::format("{:08x}", static_cast<uint32_t>(hash64(definition_key(definition)) >> 32U));
}

std::string key_sql(const IndexKey& key) {
  return key_text(key);
}

std::string table_sql(const IndexDefinition& definition) {
  const std::string table = quote_identifier(definition.table);
  return schema_of(definition) == "public" ? table : quote_identifier(definition.schema) + "." + table;
}

std::string index_name(const IndexDefinition& definition, std::span<const std::string> taken) {
  std::string base = definition.table;
  for (const IndexKey& key : definition.keys) base += "_" + name_part(key);
  if (definition.keys.size() == 1 && definition.keys.front().opclass.ends_with("_pattern_ops"))
    base += "_like";
  if (definition.method != "btree") base += "_" + definition.method;
  if (!definition.include.empty()) base += "_incl";
  if (!definition.predicate.empty()) base += "_part";
  for (int number = 0;; ++number) {
    const std::string ending = number == 0 ? "_idx" : fmt::format("_idx{}", number);
    std::string name = cut_name(base, kMaxNameBytes - ending.size()) + ending;
    if (std::ranges::find(taken, name) == taken.end()) return name;
  }
}

std::string create_index_sql(const IndexDefinition& definition, const CreateIndexForm& form) {
  std::string sql = definition.unique ? "CREATE UNIQUE INDEX" : "CREATE INDEX";
  if (form.concurrently) sql += " CONCURRENTLY";
  if (form.if_not_exists && !form.name.empty()) sql += " IF NOT EXISTS";
  if (!form.name.empty()) sql += " " + quote_identifier(form.name);
  sql += " ON " + table_sql(definition);
  if (definition.method != "btree") sql += " USING " + definition.method;
  sql += " (" + joined(definition.keys, key_sql) + ")";
  if (!definition.include.empty())
    sql += " INCLUDE (" +
           joined(definition.include, [](const std::string& name) { return quote_identifier(name); }) + ")";
  if (!definition.predicate.empty()) sql += " WHERE " + definition.predicate;
  return sql;
}

IndexDefinition definition_of(const Table& table, const Index& index) {
  IndexDefinition definition;
  definition.schema = table.schema;
  definition.table = table.name;
  definition.method = index.method;
  definition.keys = index.keys;
  definition.include = index.include;
  std::ranges::sort(definition.include);
  definition.predicate = index.predicate;
  definition.unique = index.unique;
  return definition;
}

Result<IndexDefinition> parse_index_definition(std::string_view ddl) {
  const ParseTree tree(ddl);
  const bool one = tree.ok() && tree.statements().size() == 1 && tree.statements()[0]->stmt != nullptr &&
                   tree.statements()[0]->stmt->node_case == PG_QUERY__NODE__NODE_INDEX_STMT;
  if (!one) {
    Error error;
    error.message =
        tree.ok() ? "not one CREATE INDEX statement" : "no CREATE INDEX statement: " + tree.message();
    return error;
  }
  const PgQuery__IndexStmt& statement = *tree.statements()[0]->stmt->index_stmt;
  Table table;
  if (statement.relation != nullptr) {
    if (statement.relation->schemaname != nullptr && *statement.relation->schemaname != '\0')
      table.schema = statement.relation->schemaname;
    table.name = statement.relation->relname;
  }
  return definition_of(table, make_index(statement, table));
}

bool covers(const IndexDefinition& wide, const IndexDefinition& narrow) {
  if (schema_of(wide) != schema_of(narrow) || wide.table != narrow.table || wide.method != narrow.method)
    return false;
  if (!wide.predicate.empty() && normal_expression(wide.predicate) != normal_expression(narrow.predicate))
    return false;
  if (narrow.unique && (!wide.unique || wide.keys.size() != narrow.keys.size())) return false;
  const auto holds = [&wide](const std::string& column) {
    return std::ranges::find(wide.include, column) != wide.include.end() ||
           std::ranges::any_of(wide.keys, [&column](const IndexKey& key) { return key.column == column; });
  };
  if (!std::ranges::all_of(narrow.include, holds)) return false;
  IndexDefinition plain_wide = wide;
  IndexDefinition plain_narrow = narrow;
  if (narrow.method != "btree") {
    // Inverted and block-range indexes serve any of their columns, whatever the order.
    const std::vector<IndexKey> own = canonical_keys(wide);
    return std::ranges::all_of(canonical_keys(narrow), [&own](const IndexKey& key) {
      return std::ranges::any_of(own, [&key](const IndexKey& each) { return same_key(each, key); });
    });
  }
  if (narrow.keys.size() > wide.keys.size()) return false;
  plain_wide.keys.resize(narrow.keys.size());
  const std::vector<IndexKey> left = canonical_keys(plain_wide);
  const std::vector<IndexKey> right = canonical_keys(plain_narrow);
  return std::ranges::equal(left, right, same_key);
}

}  // namespace pgsieve
