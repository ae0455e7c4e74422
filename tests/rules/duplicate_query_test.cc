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

// A loop of another time that runs the same statement holds nothing together here.
TEST(DuplicateQuery, AStatementOfALoopAtAnotherTime) {
  const auto counted = [](int part) {
    return "SELECT count(*) FROM offers WHERE part_id = " + std::to_string(part);
  };
  SequenceBench bench;
  bench.run("SELECT id, name FROM parts ORDER BY name LIMIT 8");
  for (int part = 1; part <= 8; ++part) bench.run(counted(part), 700);
  bench.pause();
  bench.session(2);
  for (int i = 0; i < 6; ++i) {  // from page to page
    bench.run(counted(3), 40 * kMillisecond);
    bench.run("SELECT id, price FROM offers WHERE part_id = 3 LIMIT 5 OFFSET " + std::to_string(5 * i), 400);
  }
  EXPECT_TRUE(bench.findings("duplicate-query").empty());
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

const std::string kTheme = "SELECT value FROM settings WHERE name = 'theme'";

// A load test: requests follow each other on one connection without a pause. Which of four kinds comes next
// is not to be foreseen.
void load_test(SequenceBench& bench, int theme_reads, bool transactions, const std::string& trace) {
  constexpr Microseconds kAtOnce = 300;
  uint32_t dice = 7;
  for (int i = 0; i < 120; ++i) {
    const std::string tag =
        trace.empty() ? trace
                      : " /*traceparent='00-" + std::string(30, 'a') + std::to_string(10 + i % 90) + trace;
    const auto run = [&](const std::string& text) { bench.run(text, kAtOnce, tag); };
    const std::string part = std::to_string(900 + i);
    dice = dice * 1103515245U + 12345U;
    if (transactions) run("BEGIN");
    for (int read = 0; read < theme_reads; ++read) {
      run(kTheme);
      if (read == 1) run("SELECT name FROM carriers WHERE part = " + part);
      if (read == 2) run("SELECT stock FROM depots WHERE part = " + part);
    }
    if (dice % 31 < 16) run("SELECT id, state FROM parts WHERE number = " + part);
    if (dice % 29 < 15) run("SELECT id FROM offers WHERE part = " + part);
    if (transactions) run("COMMIT");
  }
}

const std::string kSpan = "-00f067aa0ba902b7-01'*/";

TEST(DuplicateQuery, OnceInEachRequestOfALoadTestIsNotCertain) {
  SequenceBench bench;
  load_test(bench, 1, false, {});
  for (const Finding& finding : bench.findings("duplicate-query")) {
    EXPECT_LT(finding.confidence, Confidence::kHigh) << finding.query;
    EXPECT_FALSE(finding.why_not_higher.empty());
  }
}

TEST(DuplicateQuery, OnceInEachTransactionOrTraceIsNone) {
  SequenceBench in_transactions, in_traces;
  load_test(in_transactions, 1, true, {});
  load_test(in_traces, 1, false, kSpan);
  EXPECT_TRUE(in_transactions.findings("duplicate-query").empty());
  EXPECT_TRUE(in_traces.findings("duplicate-query").empty());
}

TEST(DuplicateQuery, AgainInOneTransactionOrTraceIsCertain) {
  SequenceBench in_transactions, in_traces;
  load_test(in_transactions, 4, true, {});
  load_test(in_traces, 4, false, kSpan);
  for (SequenceBench* bench : {&in_transactions, &in_traces}) {
    const std::vector<Finding> findings = bench->findings("duplicate-query");
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].confidence, Confidence::kHigh);
    EXPECT_NE(findings[0].message.find("4 times"), std::string::npos) << findings[0].message;
  }
}

// Nothing holds these together, but they may belong to one request each.
TEST(DuplicateQuery, AgainInALoadTestIsLikely) {
  SequenceBench bench;
  load_test(bench, 4, false, {});
  const std::vector<Finding> findings = bench.findings("duplicate-query");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].confidence, Confidence::kMedium);
  EXPECT_FALSE(findings[0].why_not_higher.empty());
}

// One kind of request: the whole chain begins again, each time for another part.
TEST(DuplicateQuery, TheHeadOfAChainIsNone) {
  SequenceBench bench;
  for (int i = 0; i < 60; ++i) {
    bench.run(kTheme, 300);
    bench.run("SELECT id, state FROM parts WHERE number = " + std::to_string(i), 300);
    bench.run("SELECT id FROM offers WHERE part = " + std::to_string(i), 300);
  }
  EXPECT_TRUE(bench.findings("duplicate-query").empty());
}

// A pause before and after: one request.
TEST(DuplicateQuery, PausesAroundThemAreEvidence) {
  SequenceBench bench;
  for (int request = 0; request < 5; ++request) {
    for (int i = 0; i < 4; ++i) {
      bench.run(kTheme, i == 0 ? 90 * kMillisecond : 300);
      bench.run("SELECT id FROM parts WHERE number = " + std::to_string(10 * request + i * i), 300);
    }
  }
  const std::vector<Finding> findings = bench.findings("duplicate-query");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].confidence, Confidence::kHigh);
}

}  // namespace
}  // namespace pgsieve
