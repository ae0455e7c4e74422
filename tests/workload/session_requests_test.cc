// How the statements of a session were sent: one by one, or several at once.
#include <gtest/gtest.h>

#include <algorithm>

#include "analyzer/workload/session_tracker.h"
#include "tests/workload/stream.h"

namespace pgsieve {
namespace {

using testing::loop_of;
using testing::pattern_of;
using testing::Step;
using testing::Stream;

std::string number(int value) {
  return std::to_string(value);
}

const std::string kInsert = "INSERT INTO tags (name) VALUES ($1)";

LoopExample inserted(Stream& stream) {
  const Workload facts = stream.facts();
  const Loop* loop = loop_of(facts, kInsert, "");
  return loop == nullptr || loop->examples.empty() ? LoopExample() : loop->examples.at(0);
}

TEST(SessionRequests, HowTheTurnsWereSent) {
  Stream stream;
  for (int i = 0; i < 9; ++i) {
    stream.run(1, kInsert, {number(i)}, 1, 0).last().sent =
        i % 4 == 0 ? Event::Sent::kAfterAnswer : Event::Sent::kBeforeAnswer;
    // What stands between two turns was waited for: so was the second.
    if (i == 5) stream.run(1, "SELECT 1").last().sent = Event::Sent::kAfterAnswer;
  }
  const LoopExample example = inserted(stream);
  EXPECT_EQ(example.count, 9U);
  EXPECT_EQ(example.awaited, 3U);
  EXPECT_EQ(example.pipelined, 5U);
  EXPECT_EQ(example.unbegun, 0U);
}

// A transaction over several executions that no BEGIN began; what a capture that starts in one can't know.
TEST(SessionRequests, ATransactionThatNothingBegan) {
  const auto unbegun = [](bool middle, bool begin) {
    Stream stream;
    if (!middle) stream.run(1, "SET search_path = a").last().transaction = 6;
    if (begin) stream.run(1, "BEGIN").last().transaction = 7;
    for (int i = 0; i < 5; ++i) stream.run(1, kInsert, {number(i)}, 1, 0).last().transaction = 7;
    for (int i = 5; i < 8; ++i)
      stream.run(1, kInsert, {number(i)}, 1, 0).last().transaction = static_cast<uint64_t>(i) + 3;
    return inserted(stream).unbegun;
  };
  EXPECT_EQ(unbegun(false, false), 4U);
  EXPECT_EQ(unbegun(false, true), 0U);
  EXPECT_EQ(unbegun(true, true), 0U);
  EXPECT_EQ(unbegun(true, false), 0U);
}

// Its end shows in the next statement only: the pause before that is not one within a transaction.
TEST(SessionRequests, ATransactionThatNothingBeganEndsUnseen) {
  for (const bool begin : {false, true}) {
    Stream stream;
    stream.run(1, "SET search_path = a").last().transaction = 6;
    if (begin) stream.run(1, "BEGIN").last().transaction = 7;
    for (int i = 0; i < 3; ++i) stream.run(1, kInsert, {number(i)}, 1).last().transaction = 7;
    stream.wait(5 * kSecond).run(1, begin ? "COMMIT" : "SELECT 1").last().transaction = begin ? 7 : 8;
    const Workload facts = stream.facts();
    const Pattern* insert = pattern_of(facts, kInsert);
    ASSERT_NE(insert, nullptr);
    EXPECT_EQ(insert->longest_pause.gap >= 5 * kSecond, begin);
  }
}

// The clock tells milliseconds: bounds for the time between the turns, which is 30 µs.
TEST(SessionRequests, TheTimeBetweenTheTurnsWithinTheClock) {
  for (const Microseconds idle : {30, 700}) {
    Stream stream;
    stream.run(1, "SET search_path = a");
    for (int i = 0; i < 60; ++i) {
      stream.run(1, kInsert, {number(i)}, 1, idle + 450);  // a step takes 500 µs unless told
      stream.last().duration = 20;
    }
    for (Step& step : stream.steps) step.time -= step.time % kMillisecond;
    const LoopExample example = inserted(stream);
    const Microseconds between = idle + 450 + 480;
    EXPECT_LE(example.least_idle, between);
    EXPECT_GE(example.most_idle, between);
    EXPECT_LE(example.most_idle - example.least_idle, 2 * kMillisecond / 59 + 1);
    EXPECT_TRUE(example.closest_idle == kUnknownTime || example.closest_idle >= between)
        << example.closest_idle;
  }
}

TEST(SessionRequests, StatementsThatEndInOneMillisecond) {
  Stream stream;
  for (int i = 0; i < 8; ++i) {
    stream.run(1, kInsert, {number(i)}, 1, 0).last().duration = 100;
    stream.last().time = Stream::kStart + (i < 2 ? 0 : kMillisecond);  // two, then six
  }
  EXPECT_EQ(inserted(stream).closest_idle, (1000 - 5 * 100) / 5);
}

}  // namespace
}  // namespace pgsieve
