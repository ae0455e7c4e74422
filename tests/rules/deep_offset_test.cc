#include "tests/rules/pattern_bench.h"

namespace pgsieve {
namespace {

std::vector<Finding> judge(int64_t offset, int64_t limit) {
  PatternBench bench;
  Pattern& pattern = bench.add("SELECT id FROM items ORDER BY id LIMIT $1 OFFSET $2", {3.0});
  pattern.offsets.add(offset);
  pattern.limits.add(limit);
  return bench.run("deep-offset");
}

TEST(DeepOffset, ReportsDepthFromBindValues) {
  const std::vector<Finding> findings = judge(150'000, 20);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].confidence, Confidence::kHigh);
  EXPECT_NE(findings[0].fixes[0].code.find("id > $1"), std::string::npos);
  EXPECT_EQ(judge(9000, 1000).size(), 1U);
}

TEST(DeepOffset, LeavesShallowPagesAlone) {
  EXPECT_TRUE(judge(0, 20).empty());
  EXPECT_TRUE(judge(80, 20).empty());
  EXPECT_TRUE(judge(1000, 1000).empty());
}

}  // namespace
}  // namespace pgsieve
