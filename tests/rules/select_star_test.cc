#include "tests/rules/pattern_bench.h"

namespace pgsieve {
namespace {

std::vector<Finding> judge(std::string_view text) {
  return PatternBench::judge("select-star", "CREATE TABLE users (id int PRIMARY KEY, bio text)", text, {1.0});
}

TEST(SelectStar, ReportsStarsThatReachTheClient) {
  for (const std::string_view text : {"SELECT * FROM users", "SELECT u.* FROM users u WHERE id = 1",
                                      "SELECT * FROM a JOIN b ON a.id = b.a_id", "SELECT 1, * FROM users",
                                      "SELECT * FROM users UNION ALL SELECT * FROM users"}) {
    const std::vector<Finding> findings = judge(text);
    ASSERT_EQ(findings.size(), 1U) << text;
    EXPECT_EQ(findings[0].confidence, Confidence::kHigh) << text;
    EXPECT_FALSE(findings[0].fixes.empty());
  }
}

TEST(SelectStar, LeavesOtherStarsAlone) {
  for (const std::string_view text :
       {"SELECT count(*) FROM users",
        "SELECT id FROM users u WHERE EXISTS (SELECT * FROM posts p WHERE p.user_id = u.id)",
        "SELECT * FROM unnest(ARRAY[1, 2])", "SELECT * FROM generate_series(1, 3)",
        "SELECT * FROM (VALUES (1), (2)) v", "INSERT INTO archive SELECT * FROM users",
        "SELECT * FROM pg_class", "SELECT * FROM users LIMIT 0", "SELECT id FROM (SELECT * FROM users) x"})
    EXPECT_TRUE(judge(text).empty()) << text;
}

TEST(SelectStar, TakesTheMappersSpellingAsAHint) {
  const std::vector<Finding> findings = judge(R"(SELECT "users".* FROM "users" WHERE "users"."id" = $1)");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].confidence, Confidence::kLow);
  EXPECT_EQ(findings[0].severity, FindingSeverity::kInfo);
  EXPECT_FALSE(findings[0].why_not_higher.empty());
}

}  // namespace
}  // namespace pgsieve
