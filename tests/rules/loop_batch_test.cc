// What a driver sends as one batch is no loop that waits for each row.
#include "rules/loop_batch.h"

#include <gtest/gtest.h>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

constexpr Event::Sent kAfter = Event::Sent::kAfterAnswer, kBefore = Event::Sent::kBeforeAnswer,
                      kUnknown = Event::Sent::kUnknown;

LoopExample turns(uint32_t count) {
  LoopExample example;
  example.count = count;
  return example;
}

TEST(LoopBatch, MostTurnsDecide) {
  LoopExample example = turns(61);
  example.pipelined = 60;
  EXPECT_EQ(sent_as_batch(example), BatchEvidence::kCertain);
  example.pipelined = 20;
  example.awaited = 40;
  example.closest_idle = 0;
  EXPECT_EQ(sent_as_batch(example), BatchEvidence::kNone);
}

TEST(LoopBatch, NoTimeForRoundTrips) {
  LoopExample example = turns(60);
  example.least_idle = 300;
  example.most_idle = 320;
  EXPECT_EQ(sent_as_batch(example), BatchEvidence::kNone);
  example.closest_idle = kShortestRoundTrip;  // the client was slow to fill it, but not all the time
  EXPECT_EQ(sent_as_batch(example), BatchEvidence::kLikely);
  example.closest_idle = 400;
  example.least_idle = 0;
  EXPECT_EQ(sent_as_batch(example), BatchEvidence::kPossible);  // too few turns for the clock
  example.most_idle = kShortestRoundTrip;
  EXPECT_EQ(sent_as_batch(example), BatchEvidence::kLikely);
}

TEST(LoopBatch, ATransactionThatNothingBegan) {
  LoopExample example = turns(20);
  example.unbegun = 19;
  example.least_idle = 300;
  example.most_idle = 400;
  EXPECT_EQ(sent_as_batch(example), BatchEvidence::kLikely);
  example.closest_idle = 10;
  EXPECT_EQ(sent_as_batch(example), BatchEvidence::kCertain);
}

TEST(LoopBatch, ATransactionForEachTurnIsNoBatch) {
  LoopExample example = turns(10);
  example.least_idle = 0;
  EXPECT_EQ(sent_as_batch(example), BatchEvidence::kPossible);
  example.transactions = 10;
  EXPECT_EQ(sent_as_batch(example), BatchEvidence::kNone);
}

std::vector<Finding> inserts(Event::Sent sent, Microseconds idle, bool begin = false, int count = 60) {
  SequenceBench bench;
  bench.clock_step(kMillisecond);
  bench.run(begin ? "BEGIN" : "SET search_path = a");
  bench.extended(sent, 10);
  for (int i = 0; i < count; ++i)
    bench.run_bound("INSERT INTO samples (sensor_id, v) VALUES ($1, $2)", {std::to_string(i), "0.5"}, idle);
  return bench.findings("write-loop");
}

TEST(LoopBatch, WritesOfAPipelineAreNoLoop) {
  EXPECT_TRUE(inserts(kBefore, 5).empty());
  const std::vector<Finding> findings = inserts(kAfter, 5);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].confidence, Confidence::kHigh);
}

TEST(LoopBatch, ALogOnlySeesThatThereWasNoTime) {
  for (const bool begin : {false, true}) {
    const std::vector<Finding> batch = inserts(kUnknown, 8, begin), loop = inserts(kUnknown, 150, begin);
    ASSERT_EQ(batch.size(), 1U);
    EXPECT_EQ(batch[0].confidence, Confidence::kMedium);
    EXPECT_FALSE(batch[0].why_not_higher.empty());
    ASSERT_EQ(loop.size(), 1U);
    EXPECT_EQ(loop[0].confidence, Confidence::kHigh);
  }
}

TEST(LoopBatch, AFewWritesThatTheClockCannotTellApart) {
  const std::vector<Finding> few = inserts(kUnknown, 100, true, 8), slow = inserts(kUnknown, 500, true, 8);
  ASSERT_EQ(few.size(), 1U);
  EXPECT_EQ(few[0].confidence, Confidence::kMedium);
  ASSERT_EQ(slow.size(), 1U);
  EXPECT_EQ(slow[0].confidence, Confidence::kHigh);
}

// Reads sent at once still ask for rows one by one.
TEST(LoopBatch, ReadsOfAPipelineAreOfLittleWeight) {
  const auto reads = [](Event::Sent sent, Microseconds idle, int count) {
    SequenceBench bench;
    bench.clock_step(kMillisecond);
    bench.run("SELECT id, name FROM sensors ORDER BY id LIMIT " + std::to_string(count));
    bench.extended(sent, 10);
    for (int i = 0; i < count; ++i)
      bench.run_bound("SELECT v FROM samples WHERE sensor_id = $1", {std::to_string(i)}, idle);
    std::vector<Finding> findings = bench.findings("n-plus-one");
    EXPECT_EQ(findings.size(), 1U);
    return findings.empty() ? Confidence::kLow : findings[0].confidence;
  };
  EXPECT_EQ(reads(kBefore, 5, 60), Confidence::kLow);
  EXPECT_EQ(reads(kAfter, 5, 60), Confidence::kHigh);
  EXPECT_EQ(reads(kUnknown, 5, 60), Confidence::kMedium);
  EXPECT_EQ(reads(kUnknown, 100, 60), Confidence::kHigh);
  EXPECT_EQ(reads(kUnknown, 100, 8), Confidence::kHigh);  // too few to tell: reads seldom come in batches
}

}  // namespace
}  // namespace pgsieve
