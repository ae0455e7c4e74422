// The identity of findings: see finding_id().
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "rules/rule.h"
#include "tests/rules/pattern_bench.h"

namespace pgsieve {
namespace {

TEST(FindingId, IsVersionedAndShort) {
  EXPECT_THAT(finding_id("n-plus-one", "SELECT 1"), testing::MatchesRegex("v1:[0-9a-z]{12}"));
}

// Kept in files by users: a change of this value orphans their baselines, and needs another version.
TEST(FindingId, StaysTheSameFromReleaseToRelease) {
  EXPECT_EQ(finding_id("n-plus-one", "SELECT * FROM order_items WHERE order_id = $1",
                       "SELECT * FROM orders WHERE user_id = $1 LIMIT $2"),
            "v1:e9yaamxksd01");
}

TEST(FindingId, SaysWhichRuleStatementParentAndObject) {
  const std::set<std::string> ids = {
      finding_id("n-plus-one", "SELECT * FROM a WHERE id = $1"),
      finding_id("duplicate-query", "SELECT * FROM a WHERE id = $1"),
      finding_id("n-plus-one", "SELECT * FROM b WHERE id = $1"),
      finding_id("n-plus-one", "SELECT * FROM a WHERE id = $1", "SELECT * FROM b"),
      finding_id("n-plus-one", "SELECT * FROM a WHERE id = $1", "SELECT * FROM c"),
      finding_id("n-plus-one", "SELECT * FROM a WHERE id = $1", "", "a(id)")};
  EXPECT_EQ(ids.size(), 6U);
}

TEST(FindingId, IgnoresSpelling) {
  EXPECT_EQ(finding_id("n-plus-one", "SELECT i.* FROM items i WHERE i.order_id = $1", "select * from orders"),
            finding_id("n-plus-one", "select * from \"items\" where order_id=42", "SELECT o.* FROM orders AS o"));
}

TEST(FindingId, EqualFindingsAreOne) {
  constexpr std::string_view kDdl = "CREATE TABLE items (id int PRIMARY KEY, name text, body text, notes text);";
  PatternBench bench(kDdl);
  bench.add("SELECT i.* FROM items i WHERE i.id = 1", {2.0, 2.0, 2.0});
  bench.add("SELECT * FROM items WHERE id = 1", {3.0, 3.0});
  bench.add("SELECT * FROM items WHERE name = 'x'", {1.0});
  const std::vector<Finding> findings = bench.run("select-star");
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_NE(findings[0].id, findings[1].id);
  EXPECT_EQ(findings[0].count, 5U);
  EXPECT_NE(findings[0].evidence.back().find("more executions in one form"), std::string::npos);
  EXPECT_EQ(findings[1].count, 1U);
}

}  // namespace
}  // namespace pgsieve
