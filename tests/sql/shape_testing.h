// Short ways to say in a test what a shape must hold. Everything is rendered as text, so that a failure shows
// what was found.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/sql/shape.h"

namespace pgsieve::shape_testing {

// "table.column"; "alias.column" for a relation without a name, "?.column" when not resolved, "table.*" for a
// row.
inline std::string column_name(const StatementShape& shape, const ColumnUse& use) {
  std::string relation = "?";
  if (use.relation < shape.relations.size()) {
    const Relation& found = shape.relations[use.relation];
    relation = found.name.empty() ? std::string(found.alias) : qualified_name(found);
  }
  return relation + "." + (use.column.empty() ? "*" : use.column);
}

// "posts.user_id = {0}": tested column or expression, operator as written, slots; then what is special about
// it.
inline std::string describe(const StatementShape& shape, const Predicate& predicate) {
  std::string text =
      predicate.op == PredicateOperator::kExists ? "" : column_name(shape, predicate.column) + " ";
  if (!predicate.expression.empty()) text = predicate.expression + " ";
  text += predicate.op_text;
  if (predicate.operand == OperandKind::kColumn) text += " " + column_name(shape, predicate.other);
  if (!predicate.other_expression.empty()) text += " [" + predicate.other_expression + "]";
  if (predicate.other_block != kNoIndex) text += " block " + std::to_string(predicate.other_block);
  if (!predicate.slots.empty()) {
    text += " {";
    for (size_t i = 0; i < predicate.slots.size(); ++i) {
      text += (i > 0 ? "," : "") + std::to_string(predicate.slots[i]);
    }
    text += "}";
  }
  if (predicate.in_or) text += " or" + std::to_string(predicate.or_group);
  if (predicate.negated) text += " negated";
  if (predicate.from_join) text += " join";
  if (predicate.having) text += " having";
  return text;
}

inline std::vector<std::string> predicates(const StatementShape& shape) {
  std::vector<std::string> result;
  for (const Predicate& predicate : shape.predicates) result.push_back(describe(shape, predicate));
  return result;
}

inline std::vector<std::string> predicates(std::string_view sql) {
  return predicates(draw_shape(sql));
}

// The one predicate of a condition on table t.
inline Predicate predicate(std::string_view condition) {
  const StatementShape shape = draw_shape("SELECT 1 FROM t WHERE " + std::string(condition));
  EXPECT_EQ(shape.predicates.size(), 1U) << condition;
  return shape.predicates.empty() ? Predicate{} : shape.predicates[0];
}

inline std::string role_name(SlotRole role) {
  static constexpr const char* kNames[] = {"none",  "equal",  "range",    "list",    "pattern",
                                           "limit", "offset", "argument", "written", "other"};
  return kNames[static_cast<size_t>(role)];
}

// "equal posts.user_id", "limit", "none"
inline std::vector<std::string> slots(std::string_view sql) {
  const StatementShape shape = draw_shape(sql);
  std::vector<std::string> result;
  for (const SlotUse& slot : shape.slots) {
    std::string text = role_name(slot.role);
    if (slot.column.relation != kNoIndex || !slot.column.column.empty()) {
      text += " " + column_name(shape, slot.column);
    }
    if (slot.array) text += " array";
    result.push_back(text);
  }
  return result;
}

// "inner users.id = posts.user_id"
inline std::vector<std::string> joins(std::string_view sql) {
  static constexpr const char* kKinds[] = {"inner", "left", "right", "full", "cross", "comma"};
  const StatementShape shape = draw_shape(sql);
  std::vector<std::string> result;
  for (const Join& join : shape.joins) {
    result.push_back(std::string(kKinds[static_cast<size_t>(join.kind)]) + " " +
                     column_name(shape, {join.left, join.left_column}) + " = " +
                     column_name(shape, {join.right, join.right_column}));
  }
  return result;
}

inline std::vector<std::string> keys(const StatementShape& shape, const std::vector<OrderKey>& order) {
  std::vector<std::string> result;
  for (const OrderKey& key : order) {
    std::string text = key.expression.empty() ? column_name(shape, key.use) : std::string(key.expression);
    if (key.descending) text += " desc";
    if (key.nulls != 0) text += key.nulls < 0 ? " nulls first" : " nulls last";
    result.push_back(text);
  }
  return result;
}

inline std::vector<std::string> targets(const StatementShape& shape, uint32_t block = 0) {
  std::vector<std::string> result;
  for (const TargetColumn& target : shape.blocks.at(block).targets) {
    std::string text = target.star                 ? (target.star_over_base ? "base star" : "star")
                       : target.expression.empty() ? column_name(shape, target.use)
                                                   : std::string(target.expression);
    if (!target.name.empty()) text += " as " + target.name;
    if (target.aggregate) text += " aggregate";
    result.push_back(text);
  }
  return result;
}

inline std::string main_table(std::string_view sql) {
  const StatementShape shape = draw_shape(sql);
  return shape.main_relation() == kNoIndex ? "" : qualified_name(shape.relations[shape.main_relation()]);
}

}  // namespace pgsieve::shape_testing
