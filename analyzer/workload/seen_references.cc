#include "analyzer/workload/seen_references.h"

#include <algorithm>

namespace pgsieve {

namespace {

// The base table behind a relation; null: it is none.
const Relation* base_table(const StatementShape& shape, uint32_t relation) {
  if (relation >= shape.relations.size()) return nullptr;
  const Relation& found = shape.relations[relation];
  return found.kind == Relation::Kind::kTable && !found.name.empty() ? &found : nullptr;
}

}  // namespace

SeenReferences::SeenReferences(const Workload& workload) {
  for (const auto& [key, pattern] : workload.patterns) {
    if (pattern.shape != nullptr && !pattern.shape->catalog_only) add(*pattern.shape);
  }
}

void SeenReferences::add(const StatementShape& shape) {
  for (const Relation& relation : shape.relations) {
    if (relation.kind != Relation::Kind::kTable || relation.name.empty()) continue;
    if (!known_.insert(relation.name).second) continue;
    LinkProfile::TableName name = link_table_name(relation);
    if (!name.words.empty()) tables_[name.words.last()].push_back(std::move(name));
  }
  // A reference on one side, the own key of a table on the other.
  const auto note = [&](uint32_t from, const std::string& column, uint32_t to, const std::string& key) {
    const Relation* referring = base_table(shape, from);
    const Relation* referred = base_table(shape, to);
    if (referring == nullptr || referred == nullptr || column.empty() || key.empty()) return;
    if (looks_primary(normal_column(column, 0), link_table_name(*referring))) return;
    if (!looks_primary(normal_column(key, 0), link_table_name(*referred))) return;
    targets_[{referring->name, column}].insert(referred->name);
  };
  for (const Join& join : shape.joins) {
    note(join.left, join.left_column, join.right, join.right_column);
    note(join.right, join.right_column, join.left, join.left_column);
  }
}

const std::set<std::string>* SeenReferences::targets(const std::string& table,
                                                     const std::string& column) const {
  const auto found = targets_.find({table, column});
  return found == targets_.end() ? nullptr : &found->second;
}

bool SeenReferences::names_other_table(const LinkProfile::ColumnName& column,
                                       const std::set<std::string>& except) const {
  if (column.words.empty()) return false;
  const auto found = tables_.find(column.words.last());
  return found != tables_.end() &&
         std::ranges::any_of(found->second, [&](const LinkProfile::TableName& table) {
           return column.words.akin_to(table.words) && !except.contains(std::string(table.name));
         });
}

std::shared_ptr<const SeenReferences> seen_references(const Workload& workload) {
  return std::make_shared<const SeenReferences>(workload);
}

}  // namespace pgsieve
