// What repeats within one piece of work, and what one request after another asks again.
#include <gtest/gtest.h>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

const std::string kCount = "SELECT count(*) FROM shipments";

std::string page(int number) {
  return "SELECT id, status FROM shipments ORDER BY id LIMIT 10 OFFSET " + std::to_string(number * 10);
}

TEST(DuplicateQuery, TheSameAgainWithinARequest) {
  SequenceBench bench;
  for (int i = 0; i < 4; ++i) {
    bench.run("SELECT value FROM settings WHERE name = 'theme'");
    bench.run("SELECT id FROM parts WHERE number = " + std::to_string(i));
  }
  EXPECT_EQ(bench.findings("duplicate-query").size(), 1U);
}

// The count follows its page at once, but the pages come one by one.
TEST(DuplicateQuery, OncePerRequestIsNoRepetition) {
  for (const Microseconds think : {6 * kMillisecond, 40 * kMillisecond, 200 * kMillisecond}) {
    SequenceBench bench;
    for (int i = 0; i < 8; ++i) {
      bench.run(page(i), think);
      bench.run(kCount, 300);
      bench.run("SELECT name FROM carriers WHERE code = 'x" + std::to_string(i) + "'", 300);
    }
    EXPECT_TRUE(bench.findings("duplicate-query").empty()) << think;
  }
}

// A busy pool serves the next page at once, on a busy machine with statements held up here and there.
TEST(DuplicateQuery, PagesOneRightAfterAnother) {
  SequenceBench bench;
  for (int i = 0; i < 10; ++i) {
    bench.run("SELECT name, value FROM settings", (5 + i % 4) * kMillisecond);
    bench.run("SELECT id, state FROM parts WHERE number = " + std::to_string(i),
              i % 4 == 0 ? 2 * kMillisecond : 400);
    bench.run("SELECT id FROM offers WHERE part = " + std::to_string(i), 700);
  }
  EXPECT_TRUE(bench.findings("duplicate-query").empty());
}

// As slow, but all of it for the rows of one list.
TEST(DuplicateQuery, InEveryTurnOfALoop) {
  SequenceBench bench;
  bench.run("SELECT id, name FROM parts ORDER BY name LIMIT 8");
  for (int i = 0; i < 8; ++i) {
    bench.run("SELECT name, value FROM settings", 7 * kMillisecond);
    bench.run("SELECT id FROM offers WHERE part_id = " + std::to_string(i), 400);
  }
  EXPECT_EQ(bench.findings("duplicate-query").size(), 1U);
}

// A slow program is slow between all of its statements.
TEST(DuplicateQuery, TheSessionsPaceIsTheYardstick) {
  SequenceBench bench;
  for (int i = 0; i < 6; ++i) {
    bench.run(kCount, 8 * kMillisecond);
    bench.run("SELECT id FROM parts WHERE number = " + std::to_string(i), 7 * kMillisecond);
  }
  EXPECT_EQ(bench.findings("duplicate-query").size(), 1U);
}

// Logs with %t show whole seconds.
TEST(DuplicateQuery, ByAClockOfWholeSeconds) {
  const auto asked = [](int times, Microseconds gap) {
    SequenceBench bench;
    bench.clock_step(kSecond);
    for (int i = 0; i < times; ++i) bench.run("SELECT value FROM settings WHERE key = 'theme'", gap);
    return bench.findings("duplicate-query");
  };
  const std::vector<Finding> many = asked(300, kMillisecond);
  ASSERT_EQ(many.size(), 1U);
  EXPECT_EQ(many[0].confidence, Confidence::kHigh);
  const std::vector<Finding> some = asked(12, kMillisecond);
  ASSERT_EQ(some.size(), 1U);
  EXPECT_EQ(some[0].confidence, Confidence::kLow);
  EXPECT_TRUE(asked(4, kMillisecond).empty());
  EXPECT_TRUE(asked(12, 400 * kMillisecond).empty());
}

}  // namespace
}  // namespace pgsieve
