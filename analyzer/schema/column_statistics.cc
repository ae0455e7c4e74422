#include "analyzer/schema/column_statistics.h"

namespace pgsieve {

namespace {

std::string full_name(std::string_view schema, std::string_view name) {
  std::string key(schema.empty() ? std::string_view("public") : schema);
  key += '.';
  key += name;
  return key;
}

}  // namespace

RelationStatistics& Statistics::relation(std::string_view schema, std::string_view name) {
  return relations_[full_name(schema, name)];
}

const RelationStatistics* Statistics::find(std::string_view schema, std::string_view name) const {
  const auto found = relations_.find(full_name(schema, name));
  return found == relations_.end() ? nullptr : &found->second;
}

const ColumnStatistics* Statistics::find_column(std::string_view schema, std::string_view table,
                                                std::string_view column) const {
  const RelationStatistics* relation = find(schema, table);
  if (relation == nullptr) return nullptr;
  const auto found = relation->columns.find(column);
  return found == relation->columns.end() ? nullptr : &found->second;
}

}  // namespace pgsieve
