#include <fmt/format.h>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

constexpr std::string_view kDdl =
    "CREATE TABLE orders (id bigint PRIMARY KEY, account_id bigint, created_at timestamptz NOT NULL);";

std::string page(int number, std::string_view order = "created_at DESC") {
  const std::string offset = number == 0 ? "" : fmt::format(" OFFSET {}", number * 100);
  return fmt::format("SELECT id, account_id FROM orders ORDER BY {} LIMIT 100{}", order, offset);
}

TEST(OffsetWalk, ReportsAWalkWhoseFirstPageHasNoOffset) {
  SequenceBench bench(kDdl);
  for (int i = 0; i < 12; ++i) bench.run(page(i));
  const std::vector<Finding> findings = bench.findings("offset-walk");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].confidence, Confidence::kHigh);
  EXPECT_EQ(findings[0].count, 12U);
  EXPECT_EQ(findings[0].table, "orders");
  EXPECT_NE(findings[0].fixes[0].code.find("(created_at, id) < ($1, $2)"), std::string::npos)
      << findings[0].fixes[0].code;
  EXPECT_NE(findings[0].fixes[0].code.find("ORDER BY created_at DESC, id DESC"), std::string::npos);
}

TEST(OffsetWalk, AFewPagesAreAHint) {
  SequenceBench bench(kDdl);
  for (int i = 0; i < 6; ++i) bench.run(page(i));
  const std::vector<Finding> findings = bench.findings("offset-walk");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].severity, FindingSeverity::kInfo);
  EXPECT_LT(findings[0].confidence, Confidence::kHigh);
}

TEST(OffsetWalk, MixedDirectionsAreSpeltOut) {
  SequenceBench bench(kDdl);
  for (int i = 0; i < 12; ++i) bench.run(page(i, "account_id, id DESC"));
  const std::vector<Finding> findings = bench.findings("offset-walk");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_NE(findings[0].fixes[0].code.find("(account_id > $1) OR (account_id = $1 AND id < $2)"),
            std::string::npos)
      << findings[0].fixes[0].code;
}

TEST(OffsetWalk, AListPageWithItsCountIsSomebodyLeafing) {
  SequenceBench bench(kDdl);
  for (int i = 0; i < 12; ++i) {
    bench.run("SELECT count(*) FROM orders");
    bench.run(page(i));
  }
  EXPECT_TRUE(bench.findings("offset-walk").empty());
}

TEST(OffsetWalk, RequestsOfTheirOwnAreNoWalk) {
  SequenceBench bench(kDdl);
  for (int i = 0; i < 12; ++i) {
    const std::string tag = fmt::format(" /*traceparent='00-{:032x}-00f067aa0ba902b7-01'*/", i + 1);
    bench.run("SELECT id FROM accounts WHERE token = 'x'", 20 * kMillisecond, tag);
    bench.run(page(i), kMillisecond, tag);
  }
  EXPECT_TRUE(bench.findings("offset-walk").empty());
}

TEST(OffsetWalk, OnePageAgainAndAgainOrJumpsAreNoWalk) {
  SequenceBench same(kDdl);
  for (int i = 0; i < 12; ++i) same.run(page(3));
  EXPECT_TRUE(same.findings("offset-walk").empty());
  SequenceBench jumps(kDdl);
  for (const int number : {1, 9, 2, 40, 7, 3, 22, 5, 90, 4, 8, 1}) jumps.run(page(number));
  EXPECT_TRUE(jumps.findings("offset-walk").empty());
}

}  // namespace
}  // namespace pgsieve
