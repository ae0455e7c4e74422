// Sequences by hand: which execution is attributed to which, and where a window ends.
#include "analyzer/workload/session_tracker.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/workload/stream.h"

namespace pgsieve {
namespace {

using testing::Step;
using testing::Stream;

const std::string kPosts = "SELECT id, title FROM posts";
const std::string kComments = "SELECT * FROM comments WHERE post_id = $1";

std::string number(int value) {
  return std::to_string(value);
}

const Pattern* pattern_of(const Workload& facts, const std::string& query) {
  for (const auto& [key, pattern] : facts.patterns) {
    if (pattern.query == query) return &pattern;
  }
  return nullptr;
}

const Loop* loop_of(const Workload& facts, const std::string& child, const std::string& parent) {
  const Pattern* below = pattern_of(facts, child);
  const Pattern* above = parent.empty() ? nullptr : pattern_of(facts, parent);
  if (below == nullptr || (above == nullptr && !parent.empty())) return nullptr;
  const auto found = facts.loops.find({below->key, above == nullptr ? kNoPattern : above->key});
  return found == facts.loops.end() ? nullptr : &found->second;
}

TEST(SessionTracker, ALoopBelongsToTheListBeforeIt) {
  Stream stream;
  stream.run(1, "SELECT * FROM settings").run(1, kPosts, {}, 7);
  for (int i = 0; i < 7; ++i) stream.run(1, kComments, {number(i)}, 2, 400);
  const Workload facts = stream.facts();
  const Loop* loop = loop_of(facts, kComments, kPosts);
  ASSERT_NE(loop, nullptr);
  EXPECT_EQ(loop->scopes, 1U);
  EXPECT_EQ(loop->executions, 7U);
  ASSERT_EQ(loop->examples.size(), 1U);
  const LoopExample& example = loop->examples.at(0);
  EXPECT_EQ(example.count, 7U);
  EXPECT_EQ(example.distinct_values, 7U);
  EXPECT_EQ(example.parent_rows, 7);
  EXPECT_EQ(example.parent_executions, 1U);
  EXPECT_EQ(example.longest_run, 7U);
  EXPECT_EQ(example.ascending, 6U);
  EXPECT_EQ(example.median_gap, 400);
  EXPECT_EQ(example.parent_gap, 400);
  EXPECT_EQ(example.scope, ScopeKind::kSession);
  EXPECT_EQ(facts.loops.size(), 1U);
}

const std::string kInsert = "INSERT INTO tags (name) VALUES ($1)";

LoopExample inserted(Stream& stream) {
  const Workload facts = stream.facts();
  const Loop* loop = loop_of(facts, kInsert, "");
  return loop == nullptr || loop->examples.empty() ? LoopExample() : loop->examples.at(0);
}

TEST(SessionTracker, HowTheTurnsWereSent) {
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
TEST(SessionTracker, ATransactionThatNothingBegan) {
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
TEST(SessionTracker, ATransactionThatNothingBeganEndsUnseen) {
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
TEST(SessionTracker, TheTimeBetweenTheTurnsWithinTheClock) {
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

// Three lists under one: after the second and the last, one turn.
TEST(SessionTracker, ListsWithOneTurn) {
  Stream stream;
  stream.run(1, "SELECT id FROM users", {}, 3);
  int comment = 0;
  for (const int turns : {3, 1, 4, 1}) {
    stream.run(1, "SELECT id, title FROM posts WHERE user_id = $1", {number(turns * 10 + comment)}, 5);
    for (int i = 0; i < turns; ++i) stream.run(1, kComments, {number(++comment)}, 2);
  }
  const Workload facts = stream.facts();
  const Loop* loop = loop_of(facts, kComments, "SELECT id, title FROM posts WHERE user_id = $1");
  ASSERT_NE(loop, nullptr);
  const LoopExample example = loop->examples.at(0);
  EXPECT_EQ(example.parent_executions, 4U);
  EXPECT_EQ(example.count, 9U);
  EXPECT_EQ(example.lone_turns, 2U);
}

TEST(SessionTracker, StatementsThatEndInOneMillisecond) {
  Stream stream;
  for (int i = 0; i < 8; ++i) {
    stream.run(1, kInsert, {number(i)}, 1, 0).last().duration = 100;
    stream.last().time = Stream::kStart + (i < 2 ? 0 : kMillisecond);  // two, then six
  }
  EXPECT_EQ(inserted(stream).closest_idle, (1000 - 5 * 100) / 5);
}

TEST(SessionTracker, OneChildIsALatentPair) {
  Stream stream;
  stream.run(1, kPosts, {}, 9).run(1, kComments, {"1"});
  const Workload facts = stream.facts();
  EXPECT_TRUE(facts.loops.empty());
  ASSERT_EQ(facts.latent_pairs.size(), 1U);
  EXPECT_EQ(facts.latent_pairs.begin()->second.scopes, 1U);
}

TEST(SessionTracker, NestedLoopsCountUnderTheirRoot) {
  const std::string authors = "SELECT id FROM authors";
  const std::string books = "SELECT id FROM books WHERE author_id = $1";
  const std::string chapters = "SELECT * FROM chapters WHERE book_id = $1";
  Stream stream;
  stream.run(1, authors, {}, 3);
  for (int author = 0; author < 3; ++author) {
    stream.run(1, books, {number(author)}, 4);
    for (int book = 0; book < 4; ++book) stream.run(1, chapters, {number(author * 10 + book)}, 2);
  }
  const Workload facts = stream.facts();
  const Loop* outer = loop_of(facts, books, authors);
  const Loop* inner = loop_of(facts, chapters, books);
  ASSERT_NE(outer, nullptr);
  ASSERT_NE(inner, nullptr);
  EXPECT_EQ(outer->executions, 3U);
  EXPECT_EQ(inner->executions, 12U);
  EXPECT_EQ(inner->scopes, 1U);  // one request
  EXPECT_EQ(inner->examples.at(0).parent_executions, 3U);
  EXPECT_EQ(inner->examples.at(0).root, outer->key.parent);
}

TEST(SessionTracker, APauseEndsTheWindowButNotInATransaction) {
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

TEST(SessionTracker, APoolResetOrADisconnectionEndsTheWindow) {
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
TEST(SessionTracker, AResetAfterEveryStatementEndsNothing) {
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

TEST(SessionTracker, ChildrenOnOtherConnectionsAreOneLoop) {
  Stream stream;
  stream.run(1, kPosts, {}, 6);
  for (int i = 0; i < 6; ++i) stream.run(static_cast<uint64_t>(2 + i % 3), kComments, {number(i)});
  const Workload facts = stream.facts();
  const Loop* loop = loop_of(facts, kComments, kPosts);
  ASSERT_NE(loop, nullptr);
  EXPECT_EQ(loop->scopes, 1U);
  EXPECT_EQ(loop->executions, 6U);
  EXPECT_EQ(loop->examples.at(0).sessions, 3U);
  EXPECT_EQ(loop->examples.at(0).scope, ScopeKind::kFanOut);
  EXPECT_EQ(loop->examples.at(0).beside_parent, 0U);
  for (Step& step : stream.steps) {
    if (step.session != 1) step.application = "another program";
  }
  EXPECT_EQ(loop_of(stream.facts(), kComments, kPosts), nullptr);
}

TEST(SessionTracker, WhatASessionRanIsKeptWhoeverHeldTheRunLast) {
  Stream stream;
  stream.run(1, kPosts, {}, 6);
  for (int i = 0; i < 6; ++i) stream.run(1, kComments, {number(i)});
  const Workload facts = stream.facts();
  const Loop* loop = loop_of(facts, kComments, kPosts);
  ASSERT_NE(loop, nullptr);
  ASSERT_EQ(loop->databases.values().size(), 1U);
  EXPECT_EQ(loop->databases.values()[0].text, "db");
  ASSERT_EQ(loop->applications.values().size(), 1U);
  EXPECT_NE(loop->examples.at(0).other_median_gap, kUnknownTime);
}

TEST(SessionTracker, TheRowsOfACursorComeWithItsFetches) {
  const std::string declare = "DECLARE c CURSOR FOR SELECT id FROM posts";
  Stream stream;
  stream.run(1, "BEGIN").run(1, declare);
  for (int page = 0; page < 3; ++page) {
    stream.run(1, "FETCH 2 FROM c");
    for (int i = 0; i < 2; ++i) stream.run(1, kComments, {number(page * 2 + i)});
  }
  stream.run(1, "COMMIT");
  const Workload facts = stream.facts();
  ASSERT_EQ(facts.loops.size(), 1U);
  const Loop& loop = facts.loops.begin()->second;
  EXPECT_EQ(loop.key.child, pattern_of(facts, kComments)->key);
  EXPECT_EQ(facts.find(loop.key.parent)->shape->kind, StatementKind::kDeclareCursor);
  EXPECT_EQ(loop.executions, 6U);
}

// What is asked for in other transactions than the list and its turns is of another request.
TEST(SessionTracker, ALoopWithinATransactionEndsWithIt) {
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

// A burst of turns after the list; moments later a request asks for one more, among other things.
TEST(SessionTracker, ABurstOfTurnsEndsWithAPauseAndOtherStatements) {
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
TEST(SessionTracker, EmptyingATableEndsTheWindow) {
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
TEST(SessionTracker, ATransactionForEachRowEndsNoLoop) {
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

TEST(SessionTracker, APauseInATransactionIsChargedToTheStatementBefore) {
  Stream stream;
  stream.run(1, "BEGIN").run(1, "UPDATE accounts SET balance = $1 WHERE id = $2", {"5", "1"});
  stream.wait(3 * kSecond).run(1, "SELECT * FROM rates").run(1, "COMMIT").wait(60 * kSecond).run(1, kPosts);
  const Workload facts = stream.facts();
  const Pattern* update = pattern_of(facts, "UPDATE accounts SET balance = $1 WHERE id = $2");
  ASSERT_NE(update, nullptr);
  EXPECT_EQ(update->longest_pause.gap, 3 * kSecond + 300);
  EXPECT_EQ(update->longest_pause.writes_before, 1U);
  EXPECT_EQ(update->longest_pause.tables_written, "accounts");
  EXPECT_EQ(update->longest_pause.next, pattern_of(facts, "SELECT * FROM rates")->key);
  EXPECT_EQ(update->transaction_gaps.count(), 1U);
  EXPECT_EQ(pattern_of(facts, "COMMIT")->transaction_gaps.count(), 0U);
}

// %t: what a log tells of times is when a statement ended, to the second before.
Stream in_whole_seconds(Stream stream) {
  for (Step& step : stream.steps) step.time -= step.time % kSecond;
  return stream;
}

TEST(SessionTracker, AClockOfWholeSecondsTellsNoShortPause) {
  const char* const update = "UPDATE accounts SET balance = $1 WHERE id = $2";
  const auto longest = [&](Microseconds pause) {
    Stream stream;
    // Every statement falls into another part of the second; some into the next one.
    for (int i = 0; i < 40; ++i)
      stream.run(1, "BEGIN").run(1, update, {"5", "1"}).wait(pause).run(1, "COMMIT").wait(37 * kMillisecond);
    return pattern_of(in_whole_seconds(stream).facts(), update)->longest_pause.gap;
  };
  EXPECT_EQ(longest(0), TransactionPause().gap);
  EXPECT_EQ(longest(400 * kMillisecond), TransactionPause().gap);
  const Microseconds known = longest(5 * kSecond);
  EXPECT_GE(known, 3 * kSecond);
  EXPECT_LE(known, 5 * kSecond + kMillisecond);
}

TEST(SessionTracker, AClockOfWholeSecondsEndsAWindowOnlyAfterAKnownPause) {
  const auto windows = [](Microseconds pause) {
    Stream stream;
    for (int i = 0; i < 8; ++i) stream.run(1, kPosts).run(1, kPosts).run(1, kPosts).wait(pause);
    const Workload facts = in_whole_seconds(stream).facts();
    return facts.repeats.empty() ? 0 : facts.repeats.begin()->second.windows;
  };
  EXPECT_EQ(windows(700 * kMillisecond), 1U);
  EXPECT_EQ(windows(4 * kSecond), 8U);
}

TEST(SessionTracker, MomentsAgoOnAnotherConnectionIsNotKnownInWholeSeconds) {
  Stream stream;
  stream.run(1, kPosts);
  for (int i = 0; i < 6; ++i) stream.run(2, kComments, {number(i)});
  const auto has_parent = [](const Workload& facts) {
    return std::any_of(facts.loops.begin(), facts.loops.end(),
                       [](const auto& loop) { return loop.first.parent != kNoPattern; });
  };
  EXPECT_TRUE(has_parent(stream.facts()));
  EXPECT_FALSE(has_parent(in_whole_seconds(stream).facts()));
}

TEST(SessionTracker, APauseIsNotChargedToTheTidyingUpBeforeIt) {
  const std::string read = "SELECT balance FROM accounts WHERE id = $1";
  Stream stream;
  stream.run(1, "BEGIN").run(1, read, {"1"}).run(1, "DEALLOCATE pdo_stmt_00000001").run(1, "SAVEPOINT a");
  stream.wait(3 * kSecond).run(1, "COMMIT");
  const Workload facts = stream.facts();
  const Pattern* asked = pattern_of(facts, read);
  ASSERT_NE(asked, nullptr);
  EXPECT_GE(asked->longest_pause.gap, 3 * kSecond);
}

TEST(SessionTracker, TheSameValuesAgainUnlessSomethingWasWritten) {
  const std::string read = "SELECT value FROM settings WHERE name = $1";
  Stream stream;
  for (int i = 0; i < 4; ++i) stream.run(1, read, {"theme"});
  stream.run(1, "UPDATE settings SET value = $1", {"x"});
  stream.run(1, read, {"theme"});
  Workload facts = stream.facts();
  EXPECT_TRUE(facts.repeats.empty());  // the window's last state: once since the write
  stream.run(1, read, {"theme"}).run(1, read, {"language"});
  facts = stream.facts();
  ASSERT_EQ(facts.repeats.size(), 1U);
  const Repeat& repeat = facts.repeats.begin()->second;
  EXPECT_EQ(repeat.repetitions, 1U);
  EXPECT_EQ(repeat.executions, 7U);
  EXPECT_EQ(repeat.windows, 1U);
}

TEST(SessionTracker, WithoutASessionNothingIsASequence) {
  Stream stream;
  stream.run(0, kPosts, {}, 6);
  for (int i = 0; i < 6; ++i) stream.run(0, kComments, {number(i)});
  const Workload facts = stream.facts();
  EXPECT_TRUE(facts.loops.empty());
  EXPECT_EQ(facts.sessions, 0U);
  EXPECT_EQ(facts.executions, 7U);
}

// Twenty pairs, the first one seen in one scope, the last one in twenty.
TEST(SessionTracker, RarePairsMakeRoom) {
  Stream stream;
  uint64_t session = 0;
  const auto table = [](int i) { return "list_" + std::string(1, static_cast<char>('a' + i)); };
  for (int i = 19; i >= 0; --i) {
    for (int scope = 0; scope <= i; ++scope) {
      stream.run(++session, "SELECT id, item_id FROM " + table(i));
      stream.run(session, "SELECT * FROM items WHERE id = $1", {number(scope)}, 1);
      stream.end(session);
    }
  }
  WorkloadOptions few;
  few.max_loops = 8;
  const Workload facts = stream.facts(few);
  const Workload all = stream.facts();
  ASSERT_EQ(all.latent_pairs.size(), 20U);
  EXPECT_LE(facts.latent_pairs.size(), few.max_loops);
  uint64_t kept = 0, most = 0;
  for (const auto& [key, pair] : facts.latent_pairs) {
    kept += pair.scopes;
    most = std::max(most, pair.scopes);
  }
  EXPECT_EQ(kept + facts.dropped.loops, 210U);
  EXPECT_EQ(most, 20U);
}

TEST(SessionTracker, CapsAreCounted) {
  Stream stream;
  for (uint64_t session = 1; session <= 20; ++session) stream.run(session, kPosts);
  WorkloadOptions few;
  few.max_open_scopes = 5;
  few.max_patterns = 30;
  EXPECT_EQ(stream.facts(few).dropped.scopes, 15U);
  Stream wide;
  for (int i = 0; i < 100; ++i)
    wide.run(1, "SELECT * FROM table_" + std::string(1, static_cast<char>('a' + i % 10)) +
                    std::string(1, static_cast<char>('a' + i / 10)));
  EXPECT_EQ(wide.facts().dropped.scope_statements, 100 - Session::kMaxGroups);
  EXPECT_EQ(wide.facts(few).dropped.patterns, 70U);
}

// Twenty statements in loops of their own, the first one of two turns, the last one of 21.
TEST(SessionTracker, LoopsOfFewTurnsMakeRoom) {
  Stream stream;
  const auto child = [](int i) {
    return "SELECT * FROM child_" + std::string(1, static_cast<char>('a' + i)) + " WHERE id = $1";
  };
  for (int i = 19; i >= 0; --i) {
    for (int turn = 0; turn < i + 2; ++turn)
      stream.run(static_cast<uint64_t>(i) + 1, child(i), {number(turn)}, 1);
    stream.end(static_cast<uint64_t>(i) + 1);
  }
  WorkloadOptions few;
  few.max_loops = 8;
  const Workload facts = stream.facts(few);
  EXPECT_LE(facts.loops.size(), few.max_loops);
  EXPECT_EQ(facts.loops.size() + facts.dropped.loops, 20U);
  EXPECT_NE(loop_of(facts, child(19), ""), nullptr);
  EXPECT_NE(loop_of(facts, child(18), ""), nullptr);
  const Workload all = stream.facts();
  EXPECT_EQ(all.loops.size(), 20U);
  EXPECT_EQ(all.dropped.loops, 0U);
}

}  // namespace
}  // namespace pgsieve
