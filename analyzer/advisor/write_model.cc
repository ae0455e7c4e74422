#include "analyzer/advisor/write_model.h"

#include <algorithm>

namespace pgsieve {

namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool names_word(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]))) return true;
  }
  return false;
}

bool uses_column(const IndexDefinition& index, const std::string& column) {
  const bool key = std::ranges::any_of(index.keys, [&column](const IndexKey& each) {
    return each.column == column || (each.column.empty() && names_word(each.expression, column));
  });
  return key || std::ranges::find(index.include, column) != index.include.end() ||
         names_word(index.predicate, column);
}

// Block-range indexes do not stand in the way of heap-only updates since PostgreSQL 16; before, they did. The
// cautious answer holds for both.
bool sets_indexed_column(const std::vector<std::string>& columns, const IndexDefinition& index) {
  return std::ranges::any_of(columns,
                             [&index](const std::string& column) { return uses_column(index, column); });
}

std::string full_name(const Table& table) {
  return table.schema + "." + table.name;
}

double rows_per_call(const Pattern& pattern) {
  if (pattern.rows_calls == 0) return 1;
  return std::max(1.0, static_cast<double>(pattern.rows_total) / static_cast<double>(pattern.rows_calls));
}

}  // namespace

WriteModel::WriteModel(const Workload& workload, const Schema& schema, double entry_ms)
    : entry_ms_(entry_ms) {
  if (workload.first != kUnknownTime && workload.last > workload.first)
    seconds_ = static_cast<double>(workload.last - workload.first) / 1e6;
  for (const auto& [key, pattern] : workload.patterns) {
    const StatementShape& shape = *pattern.shape;
    if (!is_write(shape.kind) || pattern.calls == 0) continue;
    any_writes_ = true;
    for (size_t i = 0; i < shape.relations.size(); ++i) {
      const Relation& relation = shape.relations[i];
      const Table* table = relation.dml_target ? schema.find(relation.schema, relation.name) : nullptr;
      if (table == nullptr) continue;
      Writes& writes = tables_[full_name(*table)];
      writes.table = table;
      const double calls = static_cast<double>(pattern.calls) * rows_per_call(pattern);
      if (shape.kind == StatementKind::kInsert) writes.inserts += calls;
      Update update;
      for (const ColumnUse& use : shape.written_columns)
        if (use.relation == i && !use.column.empty()) update.columns.push_back(use.column);
      const bool updates = shape.kind == StatementKind::kUpdate || shape.kind == StatementKind::kMerge;
      if (!updates || update.columns.empty()) continue;
      update.pattern = &pattern;
      update.calls = calls;
      update.heap_only = std::ranges::none_of(table->indexes, [&](const Index& index) {
        return sets_indexed_column(update.columns, definition_of(*table, index));
      });
      writes.updates.push_back(std::move(update));
    }
  }
}

const WriteModel::Writes* WriteModel::writes_of(const IndexDefinition& definition) const {
  const auto found =
      tables_.find((definition.schema.empty() ? "public" : definition.schema) + "." + definition.table);
  return found == tables_.end() ? nullptr : &found->second;
}

// Entries the added indexes cause, in themselves and, where an update stops being heap-only, in all the
// others.
double WriteModel::entries(const Writes& writes, const std::vector<const IndexDefinition*>& added) const {
  const auto fresh = static_cast<double>(added.size());
  const auto present = static_cast<double>(writes.table->indexes.size());
  double sum = writes.inserts * fresh;
  for (const Update& update : writes.updates) {
    if (!update.heap_only) {
      sum += update.calls * fresh;
    } else if (std::ranges::any_of(added, [&update](const IndexDefinition* each) {
                 return sets_indexed_column(update.columns, *each);
               })) {
      sum += update.calls * (fresh + present);
    }
  }
  return sum;
}

double WriteModel::cost_ms(const std::vector<const IndexDefinition*>& added) const {
  std::map<const Writes*, std::vector<const IndexDefinition*>> by_table;
  for (const IndexDefinition* each : added)
    if (const Writes* writes = writes_of(*each)) by_table[writes].push_back(each);
  double sum = 0;
  for (const auto& [writes, own] : by_table) sum += entries(*writes, own);
  return sum * entry_ms_;
}

WriteCost WriteModel::of(const IndexDefinition& added) const {
  WriteCost cost;
  cost.visible = any_writes_;
  const Writes* writes = writes_of(added);
  if (writes == nullptr) return cost;
  const double sum = entries(*writes, {&added});
  double now = writes->inserts * static_cast<double>(writes->table->indexes.size());
  for (const Update& update : writes->updates) {
    if (!update.heap_only) {
      now += update.calls * static_cast<double>(writes->table->indexes.size());
    } else if (sets_indexed_column(update.columns, added)) {
      WriteCost::HotLoss loss{.pattern = update.pattern->key,
                              .query = update.pattern->query,
                              .columns = {},
                              .calls = update.pattern->calls};
      for (const std::string& column : update.columns)
        if (uses_column(added, column)) loss.columns.push_back(column);
      cost.hot_losses.push_back(std::move(loss));
    }
  }
  cost.entries = static_cast<uint64_t>(sum);
  cost.cost_ms = sum * entry_ms_;
  if (seconds_ > 0) {
    cost.entries_per_second = sum / seconds_;
    cost.entries_per_second_now = now / seconds_;
  }
  return cost;
}

double WriteModel::entries_per_second(const Table& table, const Index& /*index*/) const {
  const auto found = tables_.find(full_name(table));
  if (found == tables_.end() || seconds_ <= 0) return 0;
  double sum = found->second.inserts;
  for (const Update& update : found->second.updates)
    if (!update.heap_only) sum += update.calls;
  return sum / seconds_;
}

}  // namespace pgsieve
