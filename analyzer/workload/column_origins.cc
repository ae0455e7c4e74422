#include "analyzer/workload/column_origins.h"

#include <algorithm>

namespace pgsieve {
namespace {

// The only base table the statement names; nullptr when there are none or several.
const Relation* only_table(const StatementShape& shape) {
  const Relation* only = nullptr;
  for (const Relation& relation : shape.relations) {
    if (relation.kind != Relation::Kind::kTable) continue;
    if (only != nullptr && only->name != relation.name) return nullptr;
    only = &relation;
  }
  return only;
}

// Whether the result column may have been renamed: only a name that the statement also uses, or a star's, is
// the column's own.
bool keeps_its_name(const StatementShape& shape, std::string_view name) {
  bool star = false;
  for (const TargetColumn& target :
       shape.blocks.empty() ? std::vector<TargetColumn>() : shape.blocks[0].targets) {
    if (target.star) star = true;
    const bool renamed = !target.name.empty() && target.name != name;
    if (!target.star && !renamed && target.use.column == name) return true;
  }
  return star;
}

}  // namespace

uint64_t ColumnOrigins::table_key(const Event& event, const ResultColumn& column) const {
  return hash64(event.database, column.table_oid);
}

std::span<const ResultColumn> ColumnOrigins::name(const Event& event, const StatementShape& shape) {
  named_.assign(event.columns.begin(), event.columns.end());
  const bool one_table =
      !named_.empty() && std::all_of(named_.begin(), named_.end(), [&](const ResultColumn& column) {
        return column.table_oid == 0 || column.table_oid == named_.front().table_oid;
      });
  const Relation* only = one_table && named_.front().table_oid != 0 ? only_table(shape) : nullptr;
  for (ResultColumn& column : named_) {
    if (column.table_oid == 0 || !column.table.empty()) continue;
    const uint64_t table = table_key(event, column);
    const uint64_t attribute = hash_combine(table, column.attribute);
    const bool known_name = keeps_its_name(shape, column.name);
    if (only != nullptr && tables_.size() < kMaxNames) tables_.try_emplace(table, only->name);
    if (known_name && columns_.size() < kMaxNames) columns_.try_emplace(attribute, column.name);
    if (const auto found = tables_.find(table); found != tables_.end()) column.table = found->second;
    if (const auto found = columns_.find(attribute); found != columns_.end()) column.column = found->second;
  }
  return named_;
}

}  // namespace pgsieve
