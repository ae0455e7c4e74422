// Turns of several statements: loops over values from outside the database, or requests at full speed.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

constexpr Microseconds kAtOnce = 300;
const std::vector<int> kRandom = {193, 248, 846, 17, 530, 902, 77, 411, 655, 29, 318, 740};
const std::vector<int> kAscending = {17, 29, 77, 193, 248, 318, 411, 530, 655, 740, 846, 902};

void read_order(SequenceBench& bench, int id, int customer) {
  bench.run("SELECT id, customer_id, total FROM orders WHERE id = " + std::to_string(id), kAtOnce);
  bench.run("SELECT sku, amount FROM order_lines WHERE order_id = " + std::to_string(id), kAtOnce);
  bench.run("SELECT name FROM customers WHERE id = " + std::to_string(customer), kAtOnce);
}

TEST(LoopTurns, ReadsWithATransactionPerTurnAreRequests) {
  SequenceBench bench;
  for (const int id : kAscending) {
    bench.run("BEGIN", kAtOnce);
    read_order(bench, id, 5000 - id);
    bench.run("COMMIT", kAtOnce);
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

TEST(LoopTurns, ARecordAndWhatBelongsToItInNoOrderAreRequests) {
  SequenceBench bench;
  for (const int id : kRandom) read_order(bench, id, 5000 - 7 * id);
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

// A schema that says that the first read has one row, so that it is no list, doesn't make a loop of the second.
TEST(LoopTurns, ARecordByAUniqueKeyAndWhatBelongsToItAreRequests) {
  for (const std::string_view ddl :
       {"", "CREATE TABLE customers (id int PRIMARY KEY, email text UNIQUE);"
            "CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers);"
            "CREATE INDEX ON orders (customer_id);"}) {
    SequenceBench bench(ddl);
    for (const int id : kRandom) {
      bench.run("SELECT id, email FROM customers WHERE email = 'c" + std::to_string(id) + "'", kAtOnce);
      bench.run("SELECT id, total FROM orders WHERE customer_id = " + std::to_string(7 * id + 3), kAtOnce);
    }
    EXPECT_TRUE(bench.findings("n-plus-one").empty()) << ddl;
  }
}

// One task runs one loop at a time. What runs on two connections at once, with pauses of all lengths, are the
// requests that a pool serves.
TEST(LoopTurns, WhatTwoConnectionsServeSideBySideAreRequests) {
  const auto found = [](std::string_view rule, bool side_by_side, auto&& statement) {
    constexpr int kTurns = 40;
    SequenceBench bench;
    const auto pause = [](int i) { return (i * 7 % 9) * kMillisecond / 2; };
    for (int i = 0; i < kTurns; ++i) {
      const int connection = side_by_side ? i % 2 : 2 * i / kTurns;
      bench.session(static_cast<uint64_t>(1 + connection));
      bench.run(statement(i), side_by_side ? pause(i) : pause(i) + pause(i + 1) + kMillisecond);
    }
    return bench.findings(rule).size();
  };
  const auto write = [](int i) {
    return "INSERT INTO places (courier, spot) VALUES (" + std::to_string(i * 37 % 101) + ", 'here')";
  };
  EXPECT_EQ(found("write-loop", true, write), 0U);
  EXPECT_EQ(found("write-loop", false, write), 1U);
  const auto read = [](int i) { return visit(100 + i * 37 % 101); };
  EXPECT_EQ(found("n-plus-one", true, read), 0U);
  EXPECT_EQ(found("n-plus-one", false, read), 1U);
}

// A pool that lends a connection for every look-up: requests leave short pauses, where one program that
// spreads its turns over the pool would leave none.
TEST(LoopTurns, ShortPausesSideBySideOnLentConnectionsAreRequests) {
  const auto found = [](bool pauses) {
    constexpr int kTurns = 60;
    SequenceBench bench;
    bench.extended(Event::Sent::kAfterAnswer, 100);
    for (int i = 0; i < kTurns; ++i) {
      bench.session(static_cast<uint64_t>(1 + i % 2));
      bench.run(visit(100 + i * 37 % 101), pauses ? (i * 7 % 9) * 180 : 0);
      bench.run("DISCARD ALL", 0);
    }
    return bench.findings("n-plus-one").size();
  };
  EXPECT_EQ(found(true), 0U);
  EXPECT_EQ(found(false), 1U);
}

TEST(LoopTurns, TheListOfTheTurnBeforeIsNotTheListOfTheTurns) {
  SequenceBench bench(
      "CREATE TABLE players (id int PRIMARY KEY, name text);"
      "CREATE TABLE games (id int PRIMARY KEY, white int REFERENCES players, black int REFERENCES players);");
  for (const int id : kRandom) {
    bench.run("SELECT id, name FROM players WHERE id = " + std::to_string(id), kAtOnce);
    bench.run("SELECT id, white, black FROM games WHERE white = " + std::to_string(id), kAtOnce);
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

TEST(LoopTurns, WhoTakesJobsDoesThemOneByOne) {
  SequenceBench bench;
  for (const int id : kRandom) {
    const std::string key = std::to_string(id);
    bench.run("BEGIN", kAtOnce);
    bench.run("SELECT id, student_id FROM jobs WHERE state = 'new' LIMIT 1 FOR UPDATE SKIP LOCKED", kAtOnce);
    bench.run("SELECT email FROM students WHERE id = " + key, kAtOnce);
    bench.run("UPDATE jobs SET state = 'done' WHERE id = " + std::to_string(9000 + id), kAtOnce);
    bench.run("COMMIT", kAtOnce);
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

TEST(LoopTurns, TheQueueMayBeTakenFromWithinAStatement) {
  const std::string taken =
      "SELECT id FROM jobs WHERE kind = 'mail' ORDER BY due LIMIT 1 FOR UPDATE SKIP LOCKED";
  for (const std::string& take :
       {"WITH next AS (" + taken +
            ") UPDATE jobs j SET state = 'taken', worker = $1 FROM next WHERE j.id = next.id "
            "RETURNING j.id",
        "UPDATE jobs SET state = 'taken', worker = $1 WHERE id = (" + taken + ") RETURNING id",
        "DELETE FROM jobs WHERE worker = $1 AND id IN (" + taken + ") RETURNING id"}) {
    SequenceBench bench;
    for (const int id : kRandom) {
      bench.run_bound(take, {std::to_string(id)}, kAtOnce);
      bench.run("SELECT email FROM students WHERE id = " + std::to_string(id), kAtOnce);
    }
    EXPECT_TRUE(bench.findings("write-loop").empty()) << take;
    EXPECT_TRUE(bench.findings("n-plus-one").empty()) << take;
  }
}

// Two kinds of requests at full speed: the list of one seems to feed the other.
TEST(LoopTurns, RequestsOfTwoKindsFollowTheListsOfEachOther) {
  SequenceBench bench;
  for (size_t i = 0; i < 48; ++i) {
    const std::string key = std::to_string(kRandom[i % kRandom.size()] + 1000 * static_cast<int>(i % 5));
    if (i * i % 7 < 3) {
      bench.run("SELECT id, teacher_id FROM courses WHERE code = 'C" + key + "'", kAtOnce);
      bench.run("SELECT id, topic FROM lessons WHERE course_id = " + std::to_string(i * 131 % 400), kAtOnce);
      bench.run("SELECT name FROM teachers WHERE id = " + std::to_string(i * 57 % 80), kAtOnce);
    } else {
      bench.run("SELECT id, email FROM students WHERE id = " + key, kAtOnce);
      bench.run("SELECT id, course_id, teacher_id FROM enrolments WHERE student_id = " + key, kAtOnce);
      bench.run("SELECT sum(amount) FROM payments WHERE student_id = " + key, kAtOnce);
    }
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

TEST(LoopTurns, InnerListsOfAFewRowsAreALoop) {
  SequenceBench bench;
  bench.run("SELECT id, name FROM teachers WHERE retired = false");
  for (size_t i = 0; i < kRandom.size(); ++i) {
    bench.run("SELECT id, title FROM courses WHERE teacher_id = " + std::to_string(kRandom[i]), kAtOnce);
    for (size_t course = 0; course < 1 + i % 3 / 2; ++course)
      bench.run("SELECT id, topic FROM lessons WHERE course_id = " + std::to_string(100 * i + course),
                kAtOnce);
  }
  EXPECT_EQ(bench.findings("n-plus-one").size(), 2U);
}

TEST(LoopTurns, KeysInOrderAreALoop) {
  SequenceBench bench;
  for (const int id : kAscending) read_order(bench, id, 5000 - id);
  EXPECT_FALSE(bench.findings("n-plus-one").empty());
}

TEST(LoopTurns, AListBeforeTheFirstTurnMakesThemALoop) {
  for (const bool transactions : {false, true}) {
    SequenceBench bench;
    bench.run("SELECT id FROM orders WHERE state = 'open' ORDER BY due");
    for (const int id : kRandom) {
      if (transactions) bench.run("BEGIN", kAtOnce);
      read_order(bench, id, 5000 - 7 * id);
      if (transactions) bench.run("COMMIT", kAtOnce);
    }
    EXPECT_FALSE(bench.findings("n-plus-one").empty()) << transactions;
  }
}

TEST(LoopTurns, OneTransactionAroundTheTurnsMakesThemALoop) {
  SequenceBench bench;
  bench.run("BEGIN", kAtOnce);
  for (const int id : kRandom) read_order(bench, id, 5000 - 7 * id);
  bench.run("COMMIT", kAtOnce);
  EXPECT_FALSE(bench.findings("n-plus-one").empty());
}

// The statements of one turn list and ask for each other's keys; none of them is the list of the others.
TEST(LoopTurns, WhatATurnReadsIsNotTheListOfWhatItWrites) {
  SequenceBench bench(
      "CREATE TABLE orders (id int PRIMARY KEY, total int);"
      "CREATE TABLE order_lines (id int PRIMARY KEY, \"order\" int REFERENCES orders, sku text);"
      "CREATE TABLE discounts (id int PRIMARY KEY, orders_id int REFERENCES orders, percent int);");
  bench.run("BEGIN", kAtOnce);
  for (const int id : kRandom) {
    const std::string key = " IN (" + std::to_string(id) + ")";
    bench.run("UPDATE orders SET total = " + std::to_string(7 * id) + " WHERE id" + key, kAtOnce);
    bench.run("SELECT \"order\", id FROM order_lines WHERE \"order\"" + key + " ORDER BY id LIMIT 500",
              kAtOnce);
    bench.run("SELECT orders_id, id FROM discounts WHERE orders_id" + key + " ORDER BY id LIMIT 500",
              kAtOnce);
  }
  bench.run("COMMIT", kAtOnce);
  EXPECT_EQ(bench.findings("write-loop").size(), 1U);
}

// One client that sends a request after the other, at full speed.
TEST(LoopTurns, RequestsThatWriteAmongManyStatementsAreNoLoop) {
  constexpr size_t kReads = 18;
  SequenceBench bench;
  for (size_t request = 0; request < kRandom.size(); ++request) {
    const std::string key = std::to_string(kRandom[request]);
    for (size_t i = 0; i < kReads + request % 3; ++i)
      bench.run("SELECT c" + std::to_string(i * (request + 1) % 23) + " FROM settings", kAtOnce);
    bench.run("BEGIN", kAtOnce);
    bench.run("INSERT INTO orders (id, state) VALUES (" + key + ", 'new')", kAtOnce);
    bench.run("COMMIT", kAtOnce);
  }
  EXPECT_TRUE(bench.findings("write-loop").empty());
}

// Some rows of a turn are known already; what tells its statements from requests is that there is no pause.
TEST(LoopTurns, UnlikeTurnsWithoutAPauseAreALoop) {
  for (const Microseconds pause : {kAtOnce, 5 * kAtOnce}) {
    SequenceBench bench;
    for (size_t i = 0; i < kRandom.size(); ++i) {
      const std::string key = std::to_string(kRandom[i]);
      bench.run("SELECT id, day FROM visits WHERE patient_ref = 'P" + key + "'", pause);
      if (i % 3 != 1) bench.run("SELECT name FROM wards WHERE id = " + std::to_string(i % 5), kAtOnce);
      if (i % 4 != 2) bench.run("SELECT name FROM nurses WHERE id = " + std::to_string(i * 7 % 4), kAtOnce);
    }
    EXPECT_EQ(bench.findings("n-plus-one").empty(), pause > kAtOnce) << pause;
  }
}

TEST(LoopTurns, LookedUpAndWrittenIsALoop) {
  SequenceBench bench;
  for (const int id : kRandom) {
    const std::string name = "'name " + std::to_string(id) + "'";
    bench.run("BEGIN", kAtOnce);
    bench.run("SELECT id FROM tags WHERE name = " + name, kAtOnce);
    bench.run("INSERT INTO tags (name) VALUES (" + name + ")", kAtOnce);
    bench.run("COMMIT", kAtOnce);
  }
  EXPECT_FALSE(bench.findings("write-loop").empty());
}

}  // namespace
}  // namespace pgsieve
