#include "rules/keyset.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/sql/expression_text.h"
#include "rules/common.h"

namespace pgsieve {
namespace {

struct PageKey {
  std::string column;  // as SQL, qualified where the statement reads several relations
  bool descending = false;
};

std::string qualified_column(const StatementShape& shape, uint32_t relation, const std::string& column) {
  std::string quoted = quote_identifier(column);
  if (relation == kNoIndex || shape.relations.size() < 2) return quoted;
  const Relation& table = shape.relations[relation];
  return quote_identifier(table.alias.empty() ? table.name : table.alias) + "." + quoted;
}

// Columns of ORDER BY; empty: there is none, or it isn't made of plain columns of tables.
std::vector<PageKey> order_keys(const StatementShape& shape, const QueryBlock& block) {
  std::vector<PageKey> keys;
  for (const OrderKey& key : block.order) {
    const uint32_t relation = key.use.relation;
    if (key.use.column.empty()) return {};
    if (relation != kNoIndex && shape.relations[relation].kind != Relation::Kind::kTable) return {};
    keys.push_back({qualified_column(shape, relation, key.use.column), key.descending});
  }
  return keys;
}

// The primary key's columns that the order lacks, unless some unique key is in it already.
void break_ties(const StatementShape& shape, const QueryBlock& block, const Schema& schema,
                std::vector<PageKey>& keys) {
  uint32_t main = block.order.empty() ? shape.main_relation() : block.order.front().use.relation;
  if (main == kNoIndex) main = shape.main_relation();
  if (main == kNoIndex || (keys.empty() && !block.order.empty())) return;
  const Table* table = table_behind(schema, shape.relations[main]);
  if (table == nullptr) return;
  std::vector<std::string> ordered;
  for (const OrderKey& key : block.order) ordered.push_back(key.use.column);
  if (table->unique_by(ordered)) return;
  const bool descending = !keys.empty() && keys.back().descending;
  for (const std::string& column : table->primary_key) {
    if (std::ranges::find(ordered, column) == ordered.end())
      keys.push_back({qualified_column(shape, main, column), descending});
  }
}

std::string joined(const std::vector<PageKey>& keys, bool with_direction) {
  std::string list;
  for (const PageKey& key : keys)
    list += fmt::format("{}{}{}", list.empty() ? "" : ", ", key.column,
                        with_direction && key.descending ? " DESC" : "");
  return list;
}

std::string values(size_t count) {
  std::string list;
  for (size_t i = 1; i <= count; ++i) list += fmt::format("{}${}", i == 1 ? "" : ", ", i);
  return list;
}

// (a, b) > ($1, $2), or where directions differ (a > $1 OR (a = $1 AND b < $2)).
std::string after_row(const std::vector<PageKey>& keys) {
  const bool mixed = !std::ranges::all_of(
      keys, [&keys](const PageKey& key) { return key.descending == keys.front().descending; });
  const auto comparison = [](const PageKey& key) { return key.descending ? "<" : ">"; };
  if (keys.size() == 1) return fmt::format("{} {} $1", keys[0].column, comparison(keys[0]));
  if (!mixed)
    return fmt::format("({}) {} ({})", joined(keys, false), comparison(keys[0]), values(keys.size()));
  std::string text;
  for (size_t last = 0; last < keys.size(); ++last) {
    std::string branch;
    for (size_t i = 0; i < last; ++i) branch += fmt::format("{} = ${} AND ", keys[i].column, i + 1);
    branch += fmt::format("{} {} ${}", keys[last].column, comparison(keys[last]), last + 1);
    text += fmt::format("{}({})", last == 0 ? "" : " OR ", branch);
  }
  return "(" + text + ")";
}

}  // namespace

const QueryBlock& offset_block(const StatementShape& shape) {
  const auto found =
      std::ranges::find_if(shape.blocks, [](const QueryBlock& block) { return block.offset.present; });
  return found == shape.blocks.end() ? shape.blocks.front() : *found;
}

Fix keyset_fix(const StatementShape& shape, const QueryBlock& block, const Schema& schema) {
  Fix fix{.kind = "advice",
          .title = "Page by key: remember the last row of a page and ask for what comes after it",
          .code = {},
          .language = {},
          .safety =
              "The order must be unique (add the primary key to it) and its columns not null. Jumping to "
              "an arbitrary page number is no longer possible."};
  std::vector<PageKey> keys = order_keys(shape, block);
  const bool aggregated = block.has_aggregate || !block.group.empty() || block.set_operation;
  if (aggregated) return fix;
  break_ties(shape, block, schema, keys);
  if (keys.empty()) return fix;
  fix.kind = "sql";
  fix.language = "sql";
  fix.code = fmt::format("WHERE {} /* the last row's {} */ ORDER BY {} LIMIT …", after_row(keys),
                         joined(keys, false), joined(keys, true));
  return fix;
}

}  // namespace pgsieve
