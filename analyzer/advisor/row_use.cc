#include "analyzer/advisor/row_use.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "analyzer/advisor/index_term.h"
#include "analyzer/advisor/sql_expression.h"

namespace pgsieve::internal {

namespace {

// The only relation of its block, so that an expression can only be about it.
bool lone_relation(const StatementShape& shape, const TableConditions& found) {
  const uint32_t block = shape.relations[found.relation].block;
  return std::ranges::count_if(shape.relations,
                               [block](const Relation& each) { return each.block == block; }) == 1;
}

std::optional<IndexKey> sort_key(const OrderKey& key, const StatementShape& shape,
                                 const TableConditions& found) {
  IndexKey made;
  if (key.use.relation == found.relation && !key.use.column.empty()) {
    made.column = key.use.column;
    if (found.table != nullptr && found.table->find_column(made.column) == nullptr) return std::nullopt;
  } else if (!key.expression.empty() && lone_relation(shape, found) &&
             is_immutable_expression(key.expression, found.table)) {
    made.expression = key.expression;
  } else {
    return std::nullopt;
  }
  made.descending = key.descending;
  made.nulls_first = key.nulls == 0 ? key.descending : key.nulls < 0;
  return made;
}

// SELECT max(created_at): the last entry of an index.
void add_extreme(const QueryBlock& block, const StatementShape& shape, TableConditions& found) {
  if (block.targets.size() != 1 || !lone_relation(shape, found)) return;
  const std::string& call = block.targets[0].expression;
  if (!(call.starts_with("max(") || call.starts_with("min(")) || !call.ends_with(")")) return;
  IndexKey key;
  key.column = call.substr(4, call.size() - 5);
  if (found.table == nullptr || found.table->find_column(key.column) == nullptr) return;
  found.order.push_back(std::move(key));
  found.limited = true;
}

}  // namespace

void collect_order(const StatementShape& shape, TableConditions& found) {
  const QueryBlock& block = shape.blocks[shape.relations[found.relation].block];
  found.limited = block.limit.present && !block.limit.all;
  if (block.set_operation || !block.group.empty()) return;
  if (block.has_aggregate) return add_extreme(block, shape, found);
  for (const OrderKey& key : block.order) {
    const std::optional<IndexKey> made = sort_key(key, shape, found);
    if (!made) {
      found.order.clear();
      return;
    }
    found.order.push_back(*made);
  }
  // Read backwards, an index gives the opposite order: one that starts ascending stands for both.
  if (!found.order.empty() && found.order.front().descending)
    for (IndexKey& key : found.order) {
      key.descending = !key.descending;
      key.nulls_first = !key.nulls_first;
    }
}

void collect_group(const StatementShape& shape, TableConditions& found) {
  const QueryBlock& block = shape.blocks[shape.relations[found.relation].block];
  for (const OrderKey& key : block.group) {
    std::optional<IndexKey> made = sort_key(key, shape, found);
    if (!made || made->column.empty()) {
      found.group.clear();
      return;
    }
    made->descending = made->nulls_first = false;
    found.group.push_back(std::move(*made));
  }
}

void collect_needed(const StatementShape& shape, TableConditions& found) {
  std::set<std::string> names;
  const auto note = [&](const ColumnUse& use, const std::string& expression) {
    if (use.relation == found.relation) {
      if (use.whole_row()) found.whole_row = true;
      names.insert(use.column);
    }
    if (expression.empty() || found.table == nullptr) return;
    for (const Column& column : found.table->columns)
      if (names_word(expression, column.name)) names.insert(column.name);
  };
  for (const QueryBlock& block : shape.blocks) {
    for (const TargetColumn& target : block.targets) {
      if (target.star && target.star_over_base &&
          (target.use.relation == kNoIndex || target.use.relation == found.relation))
        found.whole_row = true;
      note(target.star ? ColumnUse{} : target.use, target.expression);
    }
    for (const std::vector<OrderKey>* keys : {&block.order, &block.group})
      for (const OrderKey& key : *keys) note(key.use, key.expression);
  }
  for (const Predicate& predicate : shape.predicates) {
    note(predicate.column, predicate.expression);
    note(predicate.other, predicate.other_expression);
  }
  for (const IndexTerm& term : found.joined) names.insert(term.key.column);
  if (shape.relations[found.relation].dml_target) found.whole_row = true;
  names.erase("");
  found.needed.assign(names.begin(), names.end());
}

}  // namespace pgsieve::internal
