// Sequences by hand: which execution is attributed to which, and where a window ends.
#include "analyzer/workload/session_tracker.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/workload/stream.h"

namespace pgsieve {
namespace {

using testing::loop_of;
using testing::pattern_of;
using testing::Step;
using testing::Stream;

const std::string kPosts = "SELECT id, title FROM posts";
const std::string kComments = "SELECT * FROM comments WHERE post_id = $1";

std::string number(int value) {
  return std::to_string(value);
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

// Three requests take turns on two connections; the second and third ask for their list where the first did.
TEST(SessionTracker, TracesTellRequestsOnSharedConnectionsApart) {
  const auto traced = [](const std::string& text, int request) {
    return text + " /*traceparent='00-0af7651916cd43dd8448eb211c80319" + number(request) +
           "-b7ad6b7169203331-01'*/";
  };
  constexpr int kTurns = 4;
  Stream stream;
  for (int request = 1; request <= 3; ++request) {
    stream.run(1, traced(kPosts, request), {}, kTurns);
    stream.run(request == 1 ? 2 : 1, traced(kComments, request), {number(10 * request)}, 2);
  }
  for (int turn = 1; turn < kTurns; ++turn) {
    for (int request = 1; request <= 3; ++request)
      stream.run(1 + static_cast<uint64_t>(turn + request) % 2, traced(kComments, request),
                 {number(10 * request + turn)}, 2);
  }
  const Workload facts = stream.facts();
  const Loop* loop = loop_of(facts, kComments, kPosts);
  ASSERT_NE(loop, nullptr);
  EXPECT_EQ(loop->scopes, 3U);
  EXPECT_EQ(loop->executions, 12U);
  EXPECT_EQ(loop->per_scope.max(), 4U);
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

TEST(SessionTracker, MomentsAgoOnAnotherConnectionIsNotKnownInWholeSeconds) {
  Stream stream;
  stream.run(1, kPosts);
  for (int i = 0; i < 6; ++i) stream.run(2, kComments, {number(i)});
  const auto has_parent = [](const Workload& facts) {
    return std::any_of(facts.loops.begin(), facts.loops.end(),
                       [](const auto& loop) { return loop.first.parent != kNoPattern; });
  };
  EXPECT_TRUE(has_parent(stream.facts()));
  EXPECT_FALSE(has_parent(stream.in_whole_seconds().facts()));
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
