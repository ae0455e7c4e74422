#include "analyzer/workload/link_rows.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace pgsieve {

bool known_unique(const Schema* schema, const LinkProfile::TableName& table, const std::string& column,
                  bool& known) {
  const Table* found = schema == nullptr ? nullptr : schema->find(table.schema, table.name);
  known = found != nullptr && !found->view;
  return known && found->unique_by({column});
}

namespace {

// True when a join of the top block can turn one row into several: it goes to a column that is no key of its
// table.
bool join_multiplies(const StatementShape& shape, const std::vector<uint32_t>& places,
                     const LinkProfile& profile) {
  const auto to_many = [&](uint32_t relation, const std::string& column) {
    const uint32_t place = relation < places.size() ? places[relation] : kNoIndex;
    if (place == kNoIndex || place == 0) return place == kNoIndex;
    return !looks_primary(normal_column(column, place), profile.tables[place]);
  };
  return std::any_of(shape.joins.begin(), shape.joins.end(), [&](const Join& join) {
    if (join.block != 0) return false;
    return join.left_column.empty() || to_many(join.left, join.left_column) ||
           to_many(join.right, join.right_column);
  });
}

// lower((email)::text) and lower(email) are one: without parentheses, quotes and casts.
std::string bare_expression(std::string_view expression) {
  std::string bare;
  for (size_t at = 0; at < expression.size();) {
    if (expression.substr(at).starts_with("::")) {
      at += 2;
      while (at < expression.size() && (std::isalnum(static_cast<unsigned char>(expression[at])) != 0 ||
                                        expression[at] == '_' || expression[at] == ' '))
        ++at;
      continue;
    }
    const char byte = expression[at++];
    if (std::string_view("()\" ").find(byte) == std::string_view::npos) bare += byte;
  }
  return bare;
}

// WHERE lower(email) = $1, a value for what is computed of a row of the first table.
bool asks_by_expression(const Predicate& predicate) {
  return predicate.block == 0 && predicate.column.relation == 0 && !predicate.expression.empty() &&
         predicate.op == PredicateOperator::kEqual && !predicate.in_or && !predicate.having &&
         (predicate.operand == OperandKind::kConstant || predicate.operand == OperandKind::kParameter ||
          predicate.operand == OperandKind::kStable);
}

// A unique index on the expression.
bool unique_by_expression(const StatementShape& shape, const Table& table) {
  return std::ranges::any_of(shape.predicates, [&table](const Predicate& predicate) {
    if (!asks_by_expression(predicate)) return false;
    const std::string asked = bare_expression(predicate.expression);
    return std::ranges::any_of(table.indexes, [&asked](const Index& index) {
      return index.unique && index.predicate.empty() && index.keys.size() == 1 &&
             !index.keys[0].expression.empty() && bare_expression(index.keys[0].expression) == asked;
    });
  });
}

}  // namespace

bool may_return_many(const StatementShape& shape, const std::vector<uint32_t>& places,
                     const LinkProfile& profile, const Schema* schema) {
  if (shape.blocks.empty()) return false;
  if (!is_read(shape.kind) && shape.kind != StatementKind::kDeclareCursor && !shape.returning) return false;
  const QueryBlock& top = shape.blocks[0];
  if (is_read(shape.kind) && !top.has_from && !top.set_operation) return false;
  if (top.has_aggregate && top.group.empty()) return false;
  // Only where the text is always the same; one with a slot is judged by each execution's value.
  if (top.limit.value && *top.limit.value <= 1 && top.limit.slot == kNoIndex) return false;
  if (is_write(shape.kind) && shape.arity == Arity::kRow) return false;
  if (join_multiplies(shape, places, profile)) return true;
  std::vector<std::string> equal_columns;
  for (const LinkProfile::Key& key : profile.keys) {
    if (key.table != 0 || !key.fixed) continue;
    if (key.primary) return false;
    equal_columns.push_back(key.column);
  }
  if (schema == nullptr || profile.tables.empty()) return true;
  const Table* table = schema->find(profile.tables[0].schema, profile.tables[0].name);
  return table == nullptr || !(table->unique_by(equal_columns) || unique_by_expression(shape, *table));
}

namespace {

// A list of values, or an array. (An array under OR says nothing of the other branches; what is a list there
// is all of the branches: see shape_arity.cc.)
bool is_list(const StatementShape& shape, const SlotUse& slot) {
  if (slot.predicate >= shape.predicates.size()) return false;
  return slot.role == SlotRole::kList || (slot.array && !shape.predicates[slot.predicate].in_or);
}

bool is_key(const ColumnUse& column, const LinkProfile::TableName& table, const Schema* schema) {
  if (column.whole_row()) return false;
  bool known = false;
  const bool unique = known_unique(schema, table, column.column, known);
  return known ? unique : looks_primary(normal_column(column.column, 0), table);
}

}  // namespace

std::vector<uint16_t> key_list_slots(const StatementShape& shape, const Schema* schema) {
  if (!is_read(shape.kind) || shape.relations.size() != 1 || shape.blocks.size() != 1) return {};
  if (shape.relations[0].kind != Relation::Kind::kTable) return {};
  const LinkProfile::TableName table = link_table_name(shape.relations[0]);
  const auto first = std::ranges::find_if(shape.slots, [&](const SlotUse& slot) {
    return is_list(shape, slot) && is_key(slot.column, table, schema);
  });
  if (first == shape.slots.end()) return {};
  const Predicate& list = shape.predicates[first->predicate];
  std::vector<uint16_t> slots;
  for (size_t ordinal = 0; ordinal < shape.slots.size() && ordinal <= UINT16_MAX; ++ordinal) {
    const SlotUse& slot = shape.slots[ordinal];
    if (!is_list(shape, slot)) continue;
    const Predicate& predicate = shape.predicates[slot.predicate];
    const bool branch = predicate.in_or && list.in_or && predicate.or_group == list.or_group;
    if (slot.predicate == first->predicate || branch) slots.push_back(static_cast<uint16_t>(ordinal));
  }
  return slots;
}

// Aggregates other than these may hold keys: max(id), array_agg(id).
bool only_groups(const StatementShape& shape, const std::vector<uint32_t>& places, const LinkProfile& profile,
                 const Schema* schema) {
  constexpr std::array<std::string_view, 3> kNumbers = {"count(", "sum(", "avg("};
  if (shape.blocks.empty() || shape.blocks[0].set_operation) return false;
  if (shape.blocks[0].group.empty() && !shape.blocks[0].has_aggregate) return false;
  return std::ranges::none_of(shape.blocks[0].targets, [&](const TargetColumn& target) {
    if (target.star) return true;
    if (!target.expression.empty()) {
      return std::ranges::none_of(kNumbers, [&target](std::string_view number) {
        const std::string_view text = target.expression;
        return text.starts_with(number) && text.find(')') == text.size() - 1;
      });
    }
    const uint32_t table = target.use.relation < places.size() ? places[target.use.relation] : kNoIndex;
    if (table == kNoIndex) return true;
    bool known = false;
    const bool unique = known_unique(schema, profile.tables[table], target.use.column, known);
    return known ? unique : looks_primary(normal_column(target.use.column, table), profile.tables[table]);
  });
}

bool lists_no_key(const StatementShape& shape, const LinkProfile& profile) {
  if (!is_read(shape.kind) || shape.blocks.empty() || shape.blocks[0].set_operation) return false;
  if (profile.star || profile.columns.empty()) return false;
  const bool plain = std::ranges::all_of(shape.blocks[0].targets, [](const TargetColumn& target) {
    return !target.star && !target.use.whole_row();
  });
  return plain && std::ranges::none_of(profile.columns, [&profile](const LinkProfile::ColumnName& column) {
           return column.words.empty() || column.reference || column.initials ||
                  std::ranges::any_of(profile.tables, [&column](const LinkProfile::TableName& table) {
                    return looks_primary(column, table) || column.words.akin_to(table.words);
                  });
         });
}

// An order is for several.
bool rows_unsure(const StatementShape& shape, const LinkProfile& profile, const Schema* schema) {
  const QueryBlock& top = shape.blocks[0];
  if (!is_read(shape.kind) || !top.order.empty() || !top.group.empty() || top.set_operation ||
      top.limit.present || profile.top_tables != 1)
    return false;
  // id = $1 OR login = $1: one of several ways to be found.
  const auto may_be_it = [&shape](const LinkProfile::Key& key) {
    return key.table == 0 && key.primary && !key.fixed && !shape.slots[key.slot].array;
  };
  if (std::ranges::any_of(profile.keys, may_be_it)) return true;
  if (schema != nullptr && schema->find(profile.tables[0].schema, profile.tables[0].name) != nullptr)
    return false;
  return std::any_of(profile.keys.begin(), profile.keys.end(),
                     [](const LinkProfile::Key& key) { return key.table == 0 && key.normal.natural; }) ||
         std::ranges::any_of(shape.predicates, [](const Predicate& predicate) {
           return asks_by_expression(predicate) && normal_column(predicate.column.column, 0).natural;
         });
}

}  // namespace pgsieve
