#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

// A transaction that reads one visit, and another one `pause` later.
void read_twice(SequenceBench& bench, Microseconds pause) {
  bench.run("BEGIN");
  bench.run(visit(7));
  bench.run("SELECT count(*) FROM rooms", pause);
  bench.run("COMMIT");
}

Confidence grade_after(const std::vector<Microseconds>& pauses) {
  SequenceBench bench;
  for (const Microseconds pause : pauses) read_twice(bench, pause);
  const std::vector<Finding> findings = bench.findings("idle-in-transaction");
  EXPECT_EQ(findings.size(), 1U);
  return findings.empty() ? Confidence::kLow : findings[0].confidence;
}

TEST(IdleInTransaction, OnePauseAfterMereReadingMayBeTheClientsOwnWork) {
  EXPECT_EQ(grade_after({400 * kMillisecond}), Confidence::kMedium);
}

TEST(IdleInTransaction, ALongPauseIsSureAndSoIsOneThatComesAgain) {
  EXPECT_EQ(grade_after({2 * kSecond}), Confidence::kHigh);
  EXPECT_EQ(grade_after({150 * kMillisecond, 180 * kMillisecond, 150 * kMillisecond}), Confidence::kHigh);
}

TEST(IdleInTransaction, WrittenRowsStayLocked) {
  SequenceBench bench;
  bench.run("BEGIN");
  bench.run("UPDATE visits SET title = 'x' WHERE id = 7");
  bench.run("SELECT count(*) FROM rooms", 150 * kMillisecond);
  bench.run("COMMIT");
  const std::vector<Finding> findings = bench.findings("idle-in-transaction");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].confidence, Confidence::kHigh);
}

}  // namespace
}  // namespace pgsieve
