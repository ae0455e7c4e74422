// The identity of findings: see finding_id().
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "rules/rule.h"

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

}  // namespace
}  // namespace pgsieve
