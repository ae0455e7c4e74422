#include "analyzer/workload/seen_columns.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace pgsieve {

namespace {

using TableName = std::pair<std::string, std::string>;  // schema as written, name

class TableCollector {
 public:
  // Only the tables that are in it already are looked at.
  void close() { closed_ = true; }
  bool empty() const { return tables_.empty(); }

  Table* table_of(const Relation& relation) {
    if (relation.kind != Relation::Kind::kTable || relation.name.empty()) return nullptr;
    const TableName name{relation.schema, relation.name};
    if (closed_ && !tables_.contains(name)) return nullptr;
    Table& table = tables_[name];
    table.schema = relation.schema.empty() ? "public" : std::string(relation.schema);
    table.name = relation.name;
    return &table;
  }

  void add_columns(const StatementShape& shape) {
    std::vector<Table*> behind;
    for (const Relation& relation : shape.relations) behind.push_back(table_of(relation));
    const auto note = [&behind](uint32_t relation, std::string_view column) {
      if (relation >= behind.size() || behind[relation] == nullptr || column.empty()) return;
      Table& table = *behind[relation];
      if (table.find_column(column) != nullptr) return;
      table.columns.emplace_back().name = column;
    };
    for (const Predicate& predicate : shape.predicates) {
      note(predicate.column.relation, predicate.column.column);
      note(predicate.other.relation, predicate.other.column);
    }
    for (const QueryBlock& block : shape.blocks) {
      for (const TargetColumn& target : block.targets) note(target.use.relation, target.use.column);
      for (const OrderKey& key : block.order) note(key.use.relation, key.use.column);
      for (const OrderKey& key : block.group) note(key.use.relation, key.use.column);
    }
    for (const Join& join : shape.joins) {
      note(join.left, join.left_column);
      note(join.right, join.right_column);
    }
    for (const ColumnUse& use : shape.written_columns) note(use.relation, use.column);
  }

  Schema take() {
    Schema schema;
    for (auto& [name, table] : tables_) schema.add(std::move(table));
    return schema;
  }

 private:
  std::map<TableName, Table> tables_;
  bool closed_ = false;
};

bool of_tables(const Pattern& pattern) {
  return pattern.shape != nullptr && !pattern.shape->catalog_only &&
         (is_read(pattern.shape->kind) || is_write(pattern.shape->kind));
}

bool has_star(const StatementShape& shape) {
  if (shape.blocks.empty()) return false;
  for (const TargetColumn& target : shape.blocks[0].targets) {
    if (target.star) return true;
  }
  return false;
}

}  // namespace

Schema seen_schema(const Workload& workload) {
  TableCollector tables;
  for (const auto& [key, pattern] : workload.patterns) {
    if (of_tables(pattern)) tables.add_columns(*pattern.shape);
  }
  return tables.take();
}

std::shared_ptr<const Schema> seen_under_stars(const Workload& workload, const Schema& known) {
  TableCollector tables;
  for (const auto& [key, pattern] : workload.patterns) {
    if (!of_tables(pattern) || !has_star(*pattern.shape)) continue;
    for (const Relation& relation : pattern.shape->relations) {
      if (relation.block == 0 && known.find(relation.schema, relation.name) == nullptr)
        tables.table_of(relation);
    }
  }
  if (tables.empty()) return nullptr;
  tables.close();
  for (const auto& [key, pattern] : workload.patterns) {
    if (of_tables(pattern)) tables.add_columns(*pattern.shape);
  }
  return std::make_shared<const Schema>(tables.take());
}

}  // namespace pgsieve
