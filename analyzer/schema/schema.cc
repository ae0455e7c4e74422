#include "analyzer/schema/schema.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace pgsieve {

const Column* Table::find_column(std::string_view column) const {
  const auto found = std::ranges::find(columns, column, &Column::name);
  return found == columns.end() ? nullptr : &*found;
}

bool Table::unique_by(const std::vector<std::string>& given) const {
  const auto is_given = [&given](const IndexKey& key) {
    return !key.column.empty() && std::ranges::find(given, key.column) != given.end();
  };
  return std::ranges::any_of(indexes, [&is_given](const Index& index) {
    return index.unique && index.predicate.empty() && !index.keys.empty() &&
           std::ranges::all_of(index.keys, is_given);
  });
}

bool Table::unique_by_exactly(const std::vector<std::string>& given) const {
  const std::set<std::string> wanted(given.begin(), given.end());
  return std::ranges::any_of(indexes, [&wanted](const Index& index) {
    std::set<std::string> keys;
    for (const IndexKey& key : index.keys) keys.insert(key.column);
    return index.unique && index.predicate.empty() && keys == wanted;
  });
}

Table& Schema::add(Table table) {
  by_name_[table.name].push_back(static_cast<uint32_t>(tables_.size()));
  return tables_.emplace_back(std::move(table));
}

const Table* Schema::find(std::string_view schema, std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  if (found == by_name_.end()) return nullptr;
  const Table* only = nullptr;
  for (const uint32_t at : found->second) {
    const Table& table = tables_[at];
    if (table.schema == (schema.empty() ? std::string_view("public") : schema)) return &table;
    only = found->second.size() == 1 ? &table : nullptr;
  }
  return schema.empty() ? only : nullptr;
}

Table* Schema::find_mutable(std::string_view schema, std::string_view name) {
  return const_cast<Table*>(std::as_const(*this).find(schema, name));
}

bool Schema::remove(std::string_view schema, std::string_view name) {
  const Table* found = find(schema, name);
  if (found == nullptr) return false;
  tables_.erase(tables_.begin() + (found - tables_.data()));
  by_name_.clear();
  for (uint32_t at = 0; at < tables_.size(); ++at) by_name_[tables_[at].name].push_back(at);
  return true;
}

const ForeignKey* Schema::foreign_key(const Table& from, std::string_view from_column, const Table& to,
                                      std::string_view to_column) const {
  for (const ForeignKey& key : from.foreign_keys) {
    if (find(key.target_schema, key.target_table) != &to) continue;
    const size_t pairs = std::min(key.columns.size(), key.target_columns.size());
    for (size_t i = 0; i < pairs; ++i)
      if (key.columns[i] == from_column && key.target_columns[i] == to_column) return &key;
  }
  return nullptr;
}

}  // namespace pgsieve
