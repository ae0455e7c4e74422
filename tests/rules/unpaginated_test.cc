#include "tests/rules/pattern_bench.h"

namespace pgsieve {
namespace {

constexpr std::string_view kDdl =
    "CREATE TABLE items (id bigint PRIMARY KEY, owner bigint, quantity int, name text);";

size_t judge(std::string_view text, std::initializer_list<double> milliseconds) {
  return PatternBench::judge("unpaginated", kDdl, text, milliseconds).size();
}

TEST(Unpaginated, TakesTimeThatOnlyRowsExplain) {
  EXPECT_EQ(judge("SELECT id, name FROM items", {12.0}), 1U);
  EXPECT_EQ(judge("SELECT id FROM items ORDER BY name", {3.3}), 1U);
  EXPECT_EQ(judge("SELECT id FROM items WHERE quantity >= 2", {24.0}), 1U);
}

// Where a library must write some limit.
TEST(Unpaginated, ALimitThatBoundsNothing) {
  for (const std::string_view endless :
       {"9007199254740991", "2147483647", "9223372036854775807", "999999999"})
    EXPECT_EQ(judge("SELECT id, name FROM items LIMIT " + std::string(endless), {12.0}), 1U) << endless;
  EXPECT_EQ(judge("SELECT id, name FROM items LIMIT 10000", {12.0}), 0U);
}

TEST(Unpaginated, LeavesBoundedAndSmallResultsAlone) {
  EXPECT_EQ(judge("SELECT id FROM items", {0.9}), 0U);
  EXPECT_EQ(judge("SELECT id FROM items LIMIT 10", {30.0}), 0U);
  EXPECT_EQ(judge("SELECT count(*) FROM items", {30.0}), 0U);
  EXPECT_EQ(judge("SELECT owner, sum(quantity) FROM items GROUP BY owner", {30.0}), 0U);
  EXPECT_EQ(judge("SELECT name FROM items WHERE id = 1", {30.0}), 0U);
  EXPECT_EQ(judge("SELECT name FROM items WHERE owner IN (1, 2, 3)", {30.0}), 0U);
  EXPECT_EQ(judge("SELECT name FROM items WHERE owner = 5", {30.0}), 0U);
  EXPECT_EQ(judge("SELECT name FROM items WHERE owner IS NULL", {30.0}), 0U);
  EXPECT_EQ(judge("SELECT i.name FROM (SELECT id FROM items ORDER BY id LIMIT 20) page "
                  "JOIN items i ON i.owner = page.id",
                  {30.0}),
            0U);
}

// Spans: the network and the client's own work are in their times.
TEST(Unpaginated, AClientsTimesSayLess) {
  const auto findings = [](double milliseconds) {
    PatternBench bench;
    bench.add("SELECT id, name FROM categories ORDER BY name", {milliseconds, milliseconds, milliseconds});
    bench.workload.executions = bench.workload.client_timed = 3;
    return bench.run("unpaginated").size();
  };
  EXPECT_EQ(findings(3), 0U);
  EXPECT_EQ(findings(40), 1U);
}

TEST(Unpaginated, MostRowsAreNotMarkedAsDeleted) {
  EXPECT_EQ(judge("SELECT id, name FROM items WHERE deleted_at IS NULL", {24.0}), 1U);
  EXPECT_EQ(judge("SELECT id, name FROM items WHERE deleted_at IS NULL AND owner = 5", {24.0}), 0U);
}

TEST(Unpaginated, KindsAreFewerThanRows) {
  PatternBench bench(kDdl);
  bench.schema().find_mutable("", "items")->rows = 40'000;
  bench.add("SELECT DISTINCT owner FROM items", {8.0});
  bench.add("SELECT DISTINCT owner, quantity FROM items ORDER BY owner", {8.0});
  EXPECT_TRUE(bench.run("unpaginated").empty());
  bench.add("SELECT DISTINCT id, name FROM items", {8.0});
  bench.add("SELECT DISTINCT i.* FROM items i", {8.0});
  const std::vector<Finding> findings = bench.run("unpaginated");
  ASSERT_EQ(findings.size(), 1U);  // columns don't tell findings apart
  EXPECT_EQ(findings[0].count, 2U);
}

TEST(Unpaginated, BelievesRowsBeforeTime) {
  PatternBench bench(kDdl);
  Pattern& few = bench.add("SELECT id, name FROM items", {40.0});
  few.rows_calls = 1;
  few.rows_max = few.rows_total = 30;
  Pattern& many = bench.add("SELECT name FROM items WHERE owner = 5", {0.2});
  many.rows_calls = 1;
  many.rows_max = many.rows_total = 50'000;
  const std::vector<Finding> findings = bench.run("unpaginated");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].query, many.query);
  EXPECT_EQ(findings[0].confidence, Confidence::kHigh);
}

TEST(Unpaginated, ReadsTheTablesSizeFromStatistics) {
  PatternBench bench(kDdl);
  bench.add("SELECT id, name FROM items", {0.5});
  bench.schema().find_mutable("", "items")->rows = 40'000;
  EXPECT_EQ(bench.run("unpaginated").size(), 1U);
  bench.schema().find_mutable("", "items")->rows = 12;
  EXPECT_TRUE(bench.run("unpaginated").empty());
}

}  // namespace
}  // namespace pgsieve
