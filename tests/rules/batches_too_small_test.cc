#include <fmt/format.h>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

std::string items_of(int first, int size) {
  std::string list;
  for (int i = 0; i < size; ++i) list += fmt::format("{}{}", i == 0 ? "" : ", ", first + i);
  return fmt::format("SELECT * FROM items WHERE order_id IN ({})", list);
}

TEST(BatchesTooSmall, ReportsAFetchSizeOfTwo) {
  SequenceBench bench;
  bench.run("SELECT * FROM orders WHERE account_id = 7");
  for (int i = 0; i < 20; ++i) bench.run(items_of(100 + 2 * i, 2));
  const std::vector<Finding> findings = bench.findings("batches-too-small");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].confidence, Confidence::kHigh);
  EXPECT_EQ(findings[0].count, 20U);
  ASSERT_EQ(findings[0].columns.size(), 1U);
  EXPECT_EQ(findings[0].columns[0], "order_id");
}

TEST(BatchesTooSmall, ArraysCountToo) {
  SequenceBench bench;
  for (int i = 0; i < 12; ++i)
    bench.run(
        fmt::format("SELECT * FROM items WHERE order_id = ANY('{{{},{},{}}}')", 3 * i, 3 * i + 1, 3 * i + 2));
  EXPECT_EQ(bench.findings("batches-too-small").size(), 1U);
}

TEST(BatchesTooSmall, BoundParametersCountToo) {
  SequenceBench bench;
  for (int i = 0; i < 12; ++i)
    bench.run_bound("SELECT * FROM items WHERE order_id IN ($1, $2)",
                    {fmt::format("{}", 2 * i), fmt::format("{}", 2 * i + 1)});
  EXPECT_EQ(bench.findings("batches-too-small").size(), 1U);
}

TEST(BatchesTooSmall, ABoundListThatStaysTheSameIsAFilter) {
  SequenceBench bench;
  for (int i = 0; i < 20; ++i)
    bench.run_bound("SELECT * FROM items WHERE state IN ($1, $2) AND order_id = $3",
                    {"new", "paid", fmt::format("{}", i)});
  EXPECT_TRUE(bench.findings("batches-too-small").empty());
}

TEST(BatchesTooSmall, AListThatStaysTheSameIsAFilter) {
  SequenceBench bench;
  for (int i = 0; i < 20; ++i)
    bench.run(fmt::format("SELECT * FROM items WHERE state IN ('new', 'paid') AND order_id = {}", i));
  EXPECT_TRUE(bench.findings("batches-too-small").empty());
}

TEST(BatchesTooSmall, PagesAndTheirPreloadsAreFine) {
  SequenceBench bench;
  for (int i = 0; i < 12; ++i) {
    bench.run(fmt::format("SELECT * FROM orders WHERE id > {} ORDER BY id LIMIT 3", 3 * i));
    bench.run(items_of(3 * i + 1, 3));
  }
  EXPECT_TRUE(bench.findings("batches-too-small").empty());
}

TEST(BatchesTooSmall, LongListsAndFewListsAreFine) {
  SequenceBench large;
  for (int i = 0; i < 20; ++i) large.run(items_of(50 * i, 50));
  EXPECT_TRUE(large.findings("batches-too-small").empty());
  SequenceBench few;
  for (int i = 0; i < 4; ++i) few.run(items_of(2 * i, 2));
  EXPECT_TRUE(few.findings("batches-too-small").empty());
}

TEST(BatchesTooSmall, RequestsOfTheirOwnAreFine) {
  SequenceBench bench;
  for (int i = 0; i < 20; ++i) bench.run(items_of(2 * i, 2), 80 * kMillisecond);
  EXPECT_TRUE(bench.findings("batches-too-small").empty());
}

}  // namespace
}  // namespace pgsieve
