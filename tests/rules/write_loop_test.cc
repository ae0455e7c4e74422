// Rows written one by one.
#include <fmt/format.h>
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

// Somebody else was faster, again and again.
TEST(WriteLoop, TryingAgainWithTheNextVersionIsNoLoop) {
  const auto count = [](bool same_row) {
    SequenceBench bench;
    for (int i = 0; i < 8; ++i)
      bench.run("UPDATE acts SET rating = 1, version = version + 1 WHERE id = " +
                    std::to_string(same_row ? 7 : 7 + i) + " AND version = " + std::to_string(3 + i),
                900);
    return bench.findings("write-loop").size();
  };
  EXPECT_EQ(count(true), 0U);
  EXPECT_EQ(count(false), 1U);
}

TEST(WriteLoop, RowsWrittenOneAfterAnother) {
  SequenceBench bench;
  for (int i = 0; i < 12; ++i)
    bench.run("INSERT INTO events (kind, body) VALUES ('click', 'b" + std::to_string(i) + "')", 900);
  EXPECT_EQ(bench.findings("write-loop").size(), 1U);
}

// Orders with six lines each, order after order: what is one loop is told for each transaction, however long
// the next one takes to begin.
TEST(WriteLoop, TheRowsOfOneTransactionAreOneLoop) {
  const auto surely_written = [](int lines) {
    SequenceBench bench;
    for (int order = 0; order < 6; ++order) {
      bench.run("BEGIN", (20 + 9 * (order % 4)) * kMillisecond);
      for (int line = 0; line < lines; ++line)
        bench.run(fmt::format("INSERT INTO order_lines (order_id, item) VALUES ({}, 'i{}')", order, line),
                  6 * kMillisecond);
      bench.run("COMMIT");
    }
    const std::vector<Finding> findings = bench.findings("write-loop");
    return findings.size() == 1 && findings[0].confidence == Confidence::kHigh && findings[0].scopes == 6;
  };
  EXPECT_TRUE(surely_written(6));
  EXPECT_FALSE(surely_written(1));
}

// Rows that are checked and inserted, each in a transaction of its own as frameworks do it.
TEST(WriteLoop, ChecksBeforeARowAreAPartOfItsTurn) {
  SequenceBench bench;
  for (int i = 0; i < 8; ++i) {
    bench.run("BEGIN", 900);
    bench.run("SELECT id, name FROM authors WHERE id = 3", 400);
    bench.run(fmt::format("SELECT 1 AS one FROM books WHERE isbn = 'i{}' LIMIT 1", i), 400);
    bench.run(fmt::format("INSERT INTO books (author_id, isbn) VALUES (3, 'i{}') RETURNING id", i), 400);
    bench.run("COMMIT", 400);
  }
  EXPECT_EQ(bench.findings("write-loop").size(), 1U);
}

// A service under load: each request reads what it needs, then writes down what it answered.
TEST(WriteLoop, ATurnOfManyStatementsMayBeARequest) {
  const auto written = [](bool in_transaction) {
    SequenceBench bench;
    if (in_transaction) bench.run("BEGIN");
    for (int i = 0; i < 12; ++i) {
      const std::string user = "'u" + std::to_string(i) + "'";
      bench.run("SELECT secret FROM accounts WHERE login = " + user, 600);
      bench.run("SELECT attribute, value FROM replies WHERE login = " + user, 300);
      bench.run("SELECT plan FROM memberships WHERE login = " + user, 300);
      bench.run("INSERT INTO sign_ins (login, answer) VALUES (" + user + ", 'yes')", 300);
    }
    if (in_transaction) bench.run("COMMIT");
    return bench.findings("write-loop");
  };
  const std::vector<Finding> loose = written(false);
  ASSERT_EQ(loose.size(), 1U);
  EXPECT_EQ(loose[0].confidence, Confidence::kMedium);
  const std::vector<Finding> held = written(true);
  ASSERT_EQ(held.size(), 1U);
  EXPECT_EQ(held[0].confidence, Confidence::kHigh);
}

// Who asks, that he was here, and what he asks for. That only the key of the new row is read says nothing.
TEST(WriteLoop, TwoReadsAndAWriteMayBeARequest) {
  const auto confidence = [](bool of_request) {
    SequenceBench bench;
    for (int i = 0; i < 12; ++i) {
      const std::string token = "'t" + std::to_string(i * 37 % 101) + "'";
      bench.run("SELECT user_id FROM tokens WHERE token = " + token, 600);
      bench.run(of_request ? "UPDATE tokens SET seen = now() WHERE token = " + token
                           : "INSERT INTO tokens (token) VALUES (" + token + ")",
                300);
      bench.run(of_request ? "SELECT name FROM users WHERE id = " + std::to_string(i * 53 % 97)
                           : "SELECT lastval()",
                300);
    }
    const std::vector<Finding> findings = bench.findings("write-loop");
    return findings.size() == 1 ? findings[0].confidence : Confidence::kLow;
  };
  EXPECT_EQ(confidence(true), Confidence::kMedium);
  EXPECT_EQ(confidence(false), Confidence::kHigh);
}

// Each transaction reads and writes several things and follows no list: a request. What only writes a row is
// a loop that pays a commit for each.
TEST(WriteLoop, ATransactionOfManyStatementsIsARequest) {
  const auto written = [](bool several, bool listed) {
    SequenceBench bench;
    if (listed) bench.run("SELECT id, balance FROM accounts WHERE branch = 4");
    for (const int id : {193, 248, 846, 17, 530, 902, 77, 411, 655, 29}) {
      const std::string account = std::to_string(id);
      bench.run("BEGIN", 300);
      if (several) bench.run("SELECT balance FROM accounts WHERE id = " + account + " FOR UPDATE", 300);
      bench.run("UPDATE accounts SET balance = " + std::to_string(7 * id) + " WHERE id = " + account, 300);
      if (several) bench.run("INSERT INTO bookings (account_id) VALUES (" + account + ")", 300);
      bench.run("COMMIT", 300);
    }
    return bench.findings("write-loop").size();
  };
  EXPECT_EQ(written(true, false), 0U);
  EXPECT_EQ(written(true, true), 2U);
  EXPECT_EQ(written(false, false), 1U);
}

// Logs with %t show whole seconds. Many rows leave no room for pauses, some leave it open, few and seldom
// ones are not spoken of.
TEST(WriteLoop, ByAClockOfWholeSeconds) {
  const auto inserted = [](int rows, Microseconds gap) {
    SequenceBench bench;
    bench.clock_step(kSecond);
    for (int i = 0; i < rows; ++i)
      bench.run("INSERT INTO events (kind, body) VALUES ('click', 'b" + std::to_string(i) + "')", gap);
    return bench.findings("write-loop");
  };
  const std::vector<Finding> many = inserted(600, kMillisecond);
  ASSERT_EQ(many.size(), 1U);
  EXPECT_GE(many[0].confidence, Confidence::kMedium);
  const std::vector<Finding> some = inserted(12, kMillisecond);
  ASSERT_EQ(some.size(), 1U);
  EXPECT_EQ(some[0].confidence, Confidence::kLow);
  EXPECT_FALSE(some[0].why_not_higher.empty());
  EXPECT_TRUE(inserted(12, 400 * kMillisecond).empty());
  EXPECT_TRUE(inserted(12, 5 * kSecond).empty());
}

// log_parameter_max_length = 0, and most spans.
TEST(WriteLoop, WithoutTheValues) {
  const auto findings = [](const std::string& statement) {
    SequenceBench bench;
    bench.hide_parameters();
    for (int i = 0; i < 8; ++i) bench.run_bound(statement, {std::to_string(i), "x"});
    return bench.findings("write-loop");
  };
  for (const std::string statement :
       {"INSERT INTO events (kind, body) VALUES ($1, $2)", "UPDATE events SET body = $2 WHERE id = $1"}) {
    const std::vector<Finding> found = findings(statement);
    ASSERT_EQ(found.size(), 1U) << statement;
    EXPECT_EQ(found[0].confidence, Confidence::kMedium);
  }
  EXPECT_TRUE(
      findings("UPDATE events SET body = 'x', version = version + 1 WHERE id = $1 AND version = $2").empty());
}

}  // namespace
}  // namespace pgsieve
