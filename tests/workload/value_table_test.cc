// The cache of where values came from: what it must keep, and what it may cost.
#include "analyzer/workload/value_table.h"

#include <gtest/gtest.h>

#include "analyzer/base/hash.h"

namespace pgsieve {
namespace {

uint64_t value(uint64_t statement, uint64_t row, uint64_t column) {
  return hash_combine(hash_combine(statement + 1, row), column) | 1U;
}

// A result of rows × columns, all values its own.
void add_result(ValueTable& table, uint32_t pattern, uint64_t identity, uint32_t rows, uint16_t columns) {
  std::vector<ResultCell> cells;
  for (uint32_t row = 0; row < rows; ++row) {
    for (uint16_t column = 0; column < columns; ++column)
      cells.push_back({row, column, value(identity, row, column)});
  }
  std::vector<ResultColumn> names(columns);
  for (ResultColumn& name : names) name.name = "id";
  Event event;
  event.cells = cells;
  event.columns = names;
  table.add(pattern, kNoPattern, event);
}

size_t rows_known(const ValueTable& table, uint32_t pattern, uint64_t identity, uint32_t rows,
                  uint16_t column) {
  size_t known = 0;
  for (uint32_t row = 0; row < rows; ++row) {
    table.find(value(identity, row, column), [&](const ValueOrigin& origin) {
      known += static_cast<size_t>(origin.pattern == pattern && origin.row == row && origin.column == column);
    });
  }
  return known;
}

TEST(ValueTable, TellsStatementColumnAndRow) {
  ValueTable table;
  EXPECT_TRUE(table.empty());
  add_result(table, 7, 1, 3, 2);
  EXPECT_EQ(rows_known(table, 7, 1, 3, 1), 3U);
  EXPECT_EQ(rows_known(table, 8, 1, 3, 1), 0U);
  EXPECT_EQ(rows_known(table, 7, 2, 3, 1), 0U);
  EXPECT_EQ(table.column_name(7, 1), "id");
  EXPECT_EQ(table.column_name(7, 2), "");
  EXPECT_EQ(table.column_name(8, 0), "");
  table.clear();
  EXPECT_EQ(rows_known(table, 7, 1, 3, 1), 0U);
}

TEST(ValueTable, WhatALoopFetchesDoesNotPushOutItsParent) {
  ValueTable table;
  add_result(table, 1, 1, 300, 3);
  for (uint64_t child = 0; child < 1000; ++child) add_result(table, 2, 10 + child, 2, 4);
  EXPECT_GE(rows_known(table, 1, 1, 300, 0), 290U);
}

TEST(ValueTable, ALaterExecutionOfTheStatementTakesTheValueOver) {
  ValueTable table;
  add_result(table, 1, 1, 10, 1);
  add_result(table, 1, 1, 5, 1);
  uint32_t latest = 0;
  table.find(value(1, 4, 0), [&](const ValueOrigin& origin) { latest = origin.execution; });
  EXPECT_EQ(latest, 2U);
  table.find(value(1, 9, 0), [&](const ValueOrigin& origin) { latest = origin.execution; });
  EXPECT_EQ(latest, 1U);
}

TEST(ValueTable, OfHugeResultsTheLatestCellsAreKnown) {
  ValueTable table;
  for (uint64_t i = 0; i < 20; ++i) add_result(table, 1, i, 500, 8);
  size_t known = 0;
  for (uint16_t column = 0; column < 8; ++column) known += rows_known(table, 1, 19, 500, column);
  EXPECT_GT(known, ValueTable::kCells * 9 / 10);
  EXPECT_LE(known, ValueTable::kCells);
}

}  // namespace
}  // namespace pgsieve
