// Where a window of a session ends.
#include <gtest/gtest.h>

#include <algorithm>

#include "analyzer/workload/session_tracker.h"
#include "tests/workload/stream.h"

namespace pgsieve {
namespace {

using testing::loop_of;
using testing::pattern_of;
using testing::Stream;

const std::string kPosts = "SELECT id, title FROM posts";
const std::string kComments = "SELECT * FROM comments WHERE post_id = $1";

std::string number(int value) {
  return std::to_string(value);
}

TEST(SessionWindows, APauseEndsTheWindowButNotInATransaction) {
  for (const bool transaction : {false, true}) {
    Stream stream;
    if (transaction) stream.run(1, "BEGIN");
    stream.run(1, kPosts, {}, 6);
    for (int i = 0; i < 3; ++i) stream.run(1, kComments, {number(i)});
    stream.wait(10 * kSecond);
    for (int i = 3; i < 6; ++i) stream.run(1, kComments, {number(i)});
    if (transaction) stream.run(1, "COMMIT");
    const Workload facts = stream.facts();
    const Loop* loop = loop_of(facts, kComments, kPosts);
    ASSERT_NE(loop, nullptr);
    EXPECT_EQ(loop->executions, transaction ? 6U : 3U);
    EXPECT_EQ(loop_of(facts, kComments, "") != nullptr, !transaction);  // the rest has no parent left
  }
}

TEST(SessionWindows, APoolResetOrADisconnectionEndsTheWindow) {
  for (const bool disconnect : {false, true}) {
    Stream stream;
    stream.run(1, kPosts, {}, 6);
    for (int i = 0; i < 3; ++i) stream.run(1, kComments, {number(i)});
    if (disconnect) {
      stream.end(1);
    } else {
      stream.run(1, "DISCARD ALL");
    }
    for (int i = 3; i < 7; ++i) stream.run(1, kComments, {number(i)});
    const Workload facts = stream.facts();
    EXPECT_EQ(loop_of(facts, kComments, kPosts)->executions, 3U);
    ASSERT_NE(loop_of(facts, kComments, ""), nullptr);
    EXPECT_EQ(loop_of(facts, kComments, "")->executions, 4U);
    EXPECT_EQ(facts.sessions, disconnect ? 2U : 1U);
  }
}

// A library that takes a connection of the pool for each statement.
TEST(SessionWindows, AResetAfterEveryStatementEndsNothing) {
  Stream stream;
  stream.run(1, kPosts, {}, 6);
  stream.run(1, "DISCARD ALL");
  for (int i = 0; i < 6; ++i) {
    stream.run(1, kComments, {number(i)});
    stream.run(1, "DISCARD ALL");
  }
  const Workload facts = stream.facts();
  ASSERT_NE(loop_of(facts, kComments, kPosts), nullptr);
  EXPECT_EQ(loop_of(facts, kComments, kPosts)->executions, 6U);
}

// What is asked for in other transactions than the list and its turns is of another request.
TEST(SessionWindows, ALoopWithinATransactionEndsWithIt) {
  Stream stream;
  stream.run(1, "BEGIN").run(1, "SELECT id FROM orders WHERE user_id = 7 ORDER BY id");
  for (int id = 1; id <= 3; ++id) stream.run(1, "SELECT * FROM items WHERE order_id = " + std::to_string(id));
  stream.run(1, "COMMIT");
  for (int id = 8; id <= 9; ++id)
    stream.run(1, "BEGIN")
        .run(1, "SELECT * FROM items WHERE order_id = " + std::to_string(id))
        .run(1, "COMMIT");
  const Workload facts = stream.facts();
  ASSERT_EQ(facts.loops.size(), 1U);
  const Loop& loop = facts.loops.begin()->second;
  EXPECT_EQ(loop.scopes, 2U);
  ASSERT_EQ(loop.examples.size(), 2U);
  EXPECT_EQ(loop.examples.at(0).count, 3U);
  EXPECT_EQ(loop.examples.at(0).scope, ScopeKind::kTransaction);
  EXPECT_EQ(loop.examples.at(1).count, 2U);
}

// Each write after a query for its key: within one transaction the writes are a loop, in one of their own
// each they need not belong together.
TEST(SessionWindows, WritesAfterQueriesForTheirKeysAreOneLoopInATransaction) {
  const std::string write = "DELETE FROM alarms WHERE event_id = $1";
  const auto turns = [](Stream& stream, bool own) {
    for (int id = 1; id <= 6; ++id) {
      if (own) stream.run(1, "BEGIN");
      stream.run(1, "SELECT event_id FROM events WHERE path = '/home/" + std::to_string(id) + "'");
      stream.run(1, "DELETE FROM alarms WHERE event_id = " + std::to_string(id));
      if (own) stream.run(1, "COMMIT");
    }
  };
  Stream together, apart;
  together.run(1, "BEGIN");
  turns(together, false);
  together.run(1, "COMMIT");
  const Workload facts = together.facts();
  const Loop* loop = loop_of(facts, write, "");
  ASSERT_NE(loop, nullptr);
  EXPECT_EQ(loop->examples.at(0).count, 6U);
  EXPECT_EQ(loop->examples.at(0).scope, ScopeKind::kTransaction);
  turns(apart, true);
  EXPECT_EQ(loop_of(apart.facts(), write, ""), nullptr);
}

// A burst of turns after the list; moments later a request asks for one more, among other things.
TEST(SessionWindows, ABurstOfTurnsEndsWithAPauseAndOtherStatements) {
  for (const bool other_statements : {true, false}) {
    Stream stream;
    stream.run(1, "SELECT id FROM orders WHERE user_id = 7 ORDER BY id");
    for (int id = 1; id <= 4; ++id)
      stream.run(1, "SELECT * FROM items WHERE order_id = " + std::to_string(id));
    for (int id = 8; id <= 9; ++id) {
      stream.wait(40 * kMillisecond);
      if (other_statements) stream.run(1, "SELECT count(*) FROM carts");
      stream.run(1, "SELECT * FROM items WHERE order_id = " + std::to_string(id));
    }
    const Workload facts = stream.facts();
    const auto linked =
        std::ranges::find_if(facts.loops, [](const auto& known) { return known.first.parent != kNoPattern; });
    ASSERT_NE(linked, facts.loops.end());
    const Loop& loop = linked->second;
    // A loop of one statement goes on, however slow.
    EXPECT_EQ(loop.scopes, other_statements ? 2U : 1U);
    EXPECT_EQ(loop.executions, 6U);
  }
}

// Tables are emptied between tests.
TEST(SessionWindows, EmptyingATableEndsTheWindow) {
  for (const std::string wipe :
       {"TRUNCATE orders, items", "DELETE FROM items", "DELETE FROM items WHERE id = 3"}) {
    Stream stream;
    stream.run(1, "SELECT id FROM orders ORDER BY id");
    for (int id = 1; id <= 3; ++id)
      stream.run(1, "SELECT * FROM items WHERE order_id = " + std::to_string(id));
    stream.run(1, wipe);
    for (int id = 8; id <= 9; ++id)
      stream.run(1, "SELECT * FROM items WHERE order_id = " + std::to_string(id));
    const Workload facts = stream.facts();
    const auto linked =
        std::ranges::count_if(facts.loops, [](const auto& loop) { return loop.first.parent != kNoPattern; });
    ASSERT_EQ(linked, 1) << wipe;
    EXPECT_EQ(facts.loops.size(), wipe.find("WHERE") == std::string::npos ? 2U : 1U) << wipe;
  }
}

// A list, then a transaction for each of its rows.
TEST(SessionWindows, ATransactionForEachRowEndsNoLoop) {
  Stream stream;
  stream.run(1, "BEGIN").run(1, "SELECT id FROM orders WHERE user_id = 7 ORDER BY id").run(1, "COMMIT");
  for (int id = 1; id <= 4; ++id)
    stream.run(1, "BEGIN")
        .run(1, "SELECT * FROM items WHERE order_id = " + std::to_string(id))
        .run(1, "COMMIT");
  const Workload facts = stream.facts();
  ASSERT_EQ(facts.loops.size(), 1U);
  EXPECT_EQ(facts.loops.begin()->second.scopes, 1U);
  EXPECT_EQ(facts.loops.begin()->second.executions, 4U);
}

TEST(SessionWindows, AClockOfWholeSecondsTellsNoShortPause) {
  const char* const update = "UPDATE accounts SET balance = $1 WHERE id = $2";
  const auto longest = [&](Microseconds pause) {
    Stream stream;
    // Every statement falls into another part of the second; some into the next one.
    for (int i = 0; i < 40; ++i)
      stream.run(1, "BEGIN").run(1, update, {"5", "1"}).wait(pause).run(1, "COMMIT").wait(37 * kMillisecond);
    return pattern_of(stream.in_whole_seconds().facts(), update)->longest_pause.gap;
  };
  EXPECT_EQ(longest(0), TransactionPause().gap);
  EXPECT_EQ(longest(400 * kMillisecond), TransactionPause().gap);
  const Microseconds known = longest(5 * kSecond);
  EXPECT_GE(known, 3 * kSecond);
  EXPECT_LE(known, 5 * kSecond + kMillisecond);
}

TEST(SessionWindows, AClockOfWholeSecondsEndsAWindowOnlyAfterAKnownPause) {
  const auto windows = [](Microseconds pause) {
    Stream stream;
    for (int i = 0; i < 8; ++i) stream.run(1, kPosts).run(1, kPosts).run(1, kPosts).wait(pause);
    const Workload facts = stream.in_whole_seconds().facts();
    return facts.repeats.empty() ? 0 : facts.repeats.begin()->second.windows;
  };
  EXPECT_EQ(windows(700 * kMillisecond), 1U);
  EXPECT_EQ(windows(4 * kSecond), 8U);
}

}  // namespace
}  // namespace pgsieve
