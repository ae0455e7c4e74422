// Rows written one by one.
#include <gtest/gtest.h>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

TEST(WriteLoop, RequestsThatWriteOneRowEachAreNoLoop) {
  for (const Microseconds think : {kMillisecond / 2, 2 * kMillisecond}) {
    SequenceBench bench;
    for (int i = 0; i < 12; ++i)
      bench.run("INSERT INTO events (kind, body) VALUES ('click', 'b" + std::to_string(i) + "')",
                think * kThinkTimes[static_cast<size_t>(i)]);
    EXPECT_TRUE(bench.findings("write-loop").empty()) << think;
  }
}

// A distant server, as of reads.
TEST(WriteLoop, RowsWrittenAtASteadyPace) {
  for (const Microseconds pace : {20, 60, 100}) {
    SequenceBench bench;
    for (int i = 0; i < 12; ++i)
      bench.run("INSERT INTO events (kind, body) VALUES ('click', 'b" + std::to_string(i) + "')",
                pace * kMillisecond + (i % 5) * 150);
    const std::vector<Finding> findings = bench.findings("write-loop");
    ASSERT_EQ(findings.size(), 1U) << pace;
    EXPECT_EQ(findings[0].confidence, Confidence::kLow);
    EXPECT_FALSE(findings[0].why_not_higher.empty());
  }
}

TEST(WriteLoop, RowsWrittenOneAfterAnother) {
  SequenceBench bench;
  for (int i = 0; i < 12; ++i)
    bench.run("INSERT INTO events (kind, body) VALUES ('click', 'b" + std::to_string(i) + "')", 900);
  EXPECT_EQ(bench.findings("write-loop").size(), 1U);
}

}  // namespace
}  // namespace pgsieve
