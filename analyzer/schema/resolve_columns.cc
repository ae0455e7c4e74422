#include "analyzer/schema/resolve_columns.h"

#include <vector>

namespace pgsieve {

namespace {

class Resolver {
 public:
  Resolver(StatementShape& shape, const Schema& schema) : shape_(shape) {
    for (const Relation& relation : shape.relations)
      tables_.push_back(relation.kind == Relation::Kind::kTable ? schema.find(relation.schema, relation.name)
                                                                : nullptr);
  }

  void run() {
    for (Predicate& predicate : shape_.predicates) {
      place(predicate.column, predicate.block);
      place(predicate.other, predicate.block);
    }
    for (uint32_t i = 0; i < shape_.blocks.size(); ++i) {
      QueryBlock& block = shape_.blocks[i];
      for (TargetColumn& target : block.targets)
        if (!target.star) place(target.use, i);
      for (OrderKey& key : block.order) place(key.use, i);
      for (OrderKey& key : block.group) place(key.use, i);
    }
    for (SlotUse& slot : shape_.slots)
      if (slot.predicate < shape_.predicates.size())
        place(slot.column, shape_.predicates[slot.predicate].block);
  }

 private:
  bool has_column(uint32_t relation, const std::string& column) const {
    return tables_[relation] != nullptr && tables_[relation]->find_column(column) != nullptr;
  }

  // Of a CTE or a sub-query in FROM: it may give out a column of that name.
  bool may_give(uint32_t relation, const std::string& column) const {
    const Relation& item = shape_.relations[relation];
    if (item.kind == Relation::Kind::kTable) return false;
    if (item.source_block >= shape_.blocks.size()) return true;
    for (const TargetColumn& target : shape_.blocks[item.source_block].targets)
      if (target.star || target.name == column || target.use.column == column) return true;
    return shape_.blocks[item.source_block].targets.empty();
  }

  void place(ColumnUse& use, uint32_t block) {
    if (use.column.empty()) return;
    if (use.relation != kNoIndex && (use.relation >= tables_.size() || tables_[use.relation] == nullptr))
      return;
    if (use.relation != kNoIndex && has_column(use.relation, use.column)) return;
    for (uint32_t at = block, depth = 0; at < shape_.blocks.size() && depth < shape_.blocks.size();
         at = shape_.blocks[at].parent, ++depth) {
      uint32_t found = kNoIndex;
      for (uint32_t i = 0; i < shape_.relations.size(); ++i) {
        if (shape_.relations[i].block != at) continue;
        if (may_give(i, use.column)) return;
        if (!has_column(i, use.column)) continue;
        if (found != kNoIndex) return;  // ambiguous: the server would refuse it
        found = i;
      }
      if (found == kNoIndex) continue;
      use.relation = found;
      for (uint32_t inner = block; inner != at && inner < shape_.blocks.size();
           inner = shape_.blocks[inner].parent)
        shape_.blocks[inner].correlated = true;
      return;
    }
  }

  StatementShape& shape_;
  std::vector<const Table*> tables_;
};

}  // namespace

StatementShape resolve_columns(const StatementShape& shape, const Schema& schema) {
  StatementShape resolved = shape;
  Resolver(resolved, schema).run();
  return resolved;
}

}  // namespace pgsieve
