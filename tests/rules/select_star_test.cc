#include <fmt/format.h>

#include <algorithm>

#include "tests/rules/pattern_bench.h"
#include "tests/rules/sequence_bench.h"

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

// "main" before the star of whatever table it is: no person writes that. Of a mapper's many stars the most
// expensive are told, and that there are more.
TEST(SelectStar, TakesOneAliasForAllTablesAsAMappersHabit) {
  const auto judge_tables = [](int tables) {
    SequenceBench bench;
    for (int i = 0; i < tables; ++i)
      bench.run(fmt::format("SELECT main.* FROM table{0} main WHERE main.owner{0} = 1", i));
    return bench.findings("select-star");
  };
  for (const Finding& finding : judge_tables(4)) EXPECT_EQ(finding.confidence, Confidence::kHigh);
  const std::vector<Finding> few = judge_tables(6);
  EXPECT_EQ(few.size(), 6U);
  for (const Finding& finding : few) EXPECT_EQ(finding.confidence, Confidence::kLow);
  const std::vector<Finding> many = judge_tables(25);
  EXPECT_EQ(many.size(), 10U);
  EXPECT_TRUE(std::ranges::any_of(many, [](const Finding& finding) {
    return std::ranges::any_of(finding.evidence, [](const std::string& sentence) {
      return sentence.starts_with("15 more statements");
    });
  }));
}

}  // namespace
}  // namespace pgsieve
