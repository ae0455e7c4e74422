// Details of the sequence: which statement of several failed, fetches that come late, transactions never
// seen.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/capture/collect.h"

namespace pgsieve {
namespace {

const std::string kQuery = "SELECT 'é'; SELECT nope; SELECT 3";  // the error is at character 20, byte 21

std::string failed_text(const std::string& log) {
  const auto failed = testing::ingest_text(log).kept.of(Event::Kind::kFailed);
  return failed.size() == 1 ? failed[0].text : "";
}

TEST(FailedPart, IsKnownByThePositionInEveryFormat) {
  EXPECT_EQ(
      failed_text("2026-11-22 01:00:00.000 UTC [7] ERROR:  column \"nope\" does not exist at character 20\n"
                  "2026-11-22 01:00:00.000 UTC [7] STATEMENT:  " +
                  kQuery + "\n"),
      "SELECT nope");
  EXPECT_EQ(failed_text(
                "2026-11-22 01:00:00.000 UTC,\"u\",\"d\",7,\"h:5\",6b.7,3,\"SELECT\",2026-11-22 00:00:00 UTC,"
                "3/4,0,ERROR,42703,\"column \"\"nope\"\" does not exist\",,,,,,\"" +
                kQuery + "\",20,,\"app\",\"client backend\",,0\n"),
            "SELECT nope");
  EXPECT_EQ(failed_text(
                R"({"timestamp":"2026-11-22 01:00:00.000 UTC","pid":7,"session_id":"6b.7","line_num":3,)"
                R"("error_severity":"ERROR","state_code":"42703","message":"column \"nope\" does not exist",)"
                R"("statement":")" +
                kQuery +
                R"(","cursor_position":20})"
                "\n"),
            "SELECT nope");
}

TEST(FailedPart, WithoutAPositionTheFirstStandsForAll) {
  EXPECT_EQ(failed_text("2026-11-22 01:00:00.000 UTC [7] ERROR:  division by zero\n"
                        "2026-11-22 01:00:00.000 UTC [7] STATEMENT:  " +
                        kQuery + "\n"),
            "SELECT 'é'");
}

// The whole string came at once. How else a statement was sent, a log of the extended protocol does not say.
TEST(Sent, StatementsOfOneStringCameAtOnce) {
  const std::string head = "2026-11-22 01:00:00.000 UTC [7] LOG:  duration: 1.000 ms  ";
  const auto events = testing::ingest_text(head + "statement: SELECT 1; SELECT 2; SELECT 3\n" + head +
                                           "execute <unnamed>: SELECT 4\n")
                          .kept.of(Event::Kind::kExecuted);
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0].sent, Event::Sent::kUnknown);
  EXPECT_EQ(events[1].sent, Event::Sent::kBeforeAnswer);
  EXPECT_EQ(events[2].sent, Event::Sent::kBeforeAnswer);
  EXPECT_EQ(events[3].sent, Event::Sent::kUnknown);
}

TEST(Sent, ASpanLastsUntilTheAnswer) {
  const auto events =
      testing::ingest_text(
          R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c",)"
          R"("spanId":"b7ad6b7169203331","startTimeUnixNano":"1790000000000000000",)"
          R"("endTimeUnixNano":"1790000000001000000","attributes":[{"key":"db.system","value":)"
          R"({"stringValue":"postgresql"}},{"key":"db.query.text","value":{"stringValue":"SELECT 1"}}]}]}]}]})"
          "\n")
          .kept.of(Event::Kind::kExecuted);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].sent, Event::Sent::kAfterAnswer);
}

// A list and the turns of its loop on other connections: the list was logged first, and comes first.
TEST(Sequence, KeepsTheOrderOfTheLogAcrossSessions) {
  const auto line = [](int session, std::string_view text) {
    return fmt::format("2026-11-22 01:00:00.000 UTC [{}] LOG:  duration: 1.000 ms  {}\n", session, text);
  };
  const auto texts = [](const std::string& log) {
    std::vector<std::string> read;
    for (const auto& event : testing::ingest_text(log).kept.of(Event::Kind::kExecuted))
      read.push_back(event.text);
    return read;
  };
  const std::string detail = "2026-11-22 01:00:00.000 UTC [7] DETAIL:  parameters: $1 = '5'\n";
  using Texts = std::vector<std::string>;
  EXPECT_EQ(texts(line(7, "statement: SELECT 1") + line(8, "statement: SELECT 2, 2") +
                  line(8, "statement: SELECT 3, 3, 3") + line(7, "statement: SELECT 4, 4, 4, 4")),
            (Texts{"SELECT 1", "SELECT 2, 2", "SELECT 3, 3, 3", "SELECT 4, 4, 4, 4"}));
  EXPECT_EQ(texts(line(7, "execute <unnamed>: SELECT $1") + detail + line(8, "statement: SELECT 2, 2") +
                  line(8, "statement: SELECT 3, 3, 3")),
            (Texts{"SELECT $1", "SELECT 2, 2", "SELECT 3, 3, 3"}));
}

// Another session's entry may stand between an execution and what belongs to it.
TEST(Sequence, WaitsForWhatBelongsToTheExecution) {
  const std::string head = "2026-11-22 01:00:00.000 UTC [7] ";
  const std::string other = "2026-11-22 01:00:00.000 UTC [8] LOG:  duration: 1.000 ms  statement: SELECT 2\n";
  const auto first = [](const std::string& log) {
    const auto events = testing::ingest_text(log).kept.of(Event::Kind::kExecuted);
    const auto of = std::ranges::find_if(events, [](const auto& event) { return event.text != "SELECT 2"; });
    EXPECT_NE(of, events.end());
    return *of;
  };
  const std::string execute = head + "LOG:  duration: 1.000 ms  execute S_1: SELECT $1\n";
  EXPECT_EQ(first(execute + other + head + "DETAIL:  parameters: $1 = '5'\n").parameters.size(), 1U);
  EXPECT_EQ(first(head + "LOG:  duration: 1.000 ms  statement: EXECUTE one(5)\n" + other + head +
                  "DETAIL:  prepare: PREPARE one AS SELECT $1\n")
                .text,
            "SELECT $1");
  EXPECT_EQ(first(head + "LOG:  duration: 1.000 ms  execute S_1/C_1: SELECT 1\n" + other + head +
                  "LOG:  duration: 2.000 ms  execute fetch from S_1/C_1: SELECT 1\n")
                .duration,
            3 * kMillisecond);
  EXPECT_EQ(
      first(head + "LOG:  statement: SELECT 1\n" + other + head + "LOG:  duration: 4.000 ms\n").duration,
      4 * kMillisecond);
}

bool warns(const testing::Ingested& got, std::string_view part) {
  return std::any_of(got.stats.warnings.begin(), got.stats.warnings.end(),
                     [part](const std::string& warning) { return warning.find(part) != std::string::npos; });
}

TEST(LateFetch, IsReportedWithItsTime) {
  const std::string head = "2026-11-22 01:00:00.000 UTC [7] LOG:  duration: ";
  const testing::Ingested got = testing::ingest_text(
      head + "1.000 ms  execute S_1/C_1: SELECT * FROM a\n" + head + "2.000 ms  execute S_2: SELECT 1\n" +
      head + "3.500 ms  execute fetch from S_1/C_1: SELECT * FROM a\n");
  EXPECT_EQ(got.stats.executions, 2U);
  EXPECT_TRUE(warns(got, "1 fetch (3.500 ms) came after other statements"));
}

TEST(Clock, ThatIsMissingIsToldOf) {
  const testing::Ingested got = testing::ingest_text("[7] LOG:  duration: 0.512 ms  statement: SELECT 1\n");
  EXPECT_TRUE(warns(got, "no time"));
}

// log_duration shows that statements ran of which log_statement left out the text.
TEST(Settings, StatementsThatAreLeftOutAreToldOf) {
  const std::string head = "2026-11-22 01:00:00.000 UTC [7] LOG:  ";
  std::string log = head + "statement: INSERT INTO a VALUES (1)\n" + head + "duration: 0.100 ms\n";
  EXPECT_FALSE(warns(testing::ingest_text(log), "no statement"));
  for (int i = 0; i < 20; ++i) log += head + "duration: 0.100 ms\n";
  const testing::Ingested got = testing::ingest_text(log);
  EXPECT_TRUE(warns(got, "durations have no statement"));
  EXPECT_EQ(got.stats.settings.at("log_statement"), "not 'all': durations without a statement");
}

TEST(Settings, WhatAFunctionRaisesIsNoThreshold) {
  const std::string head = "2026-11-22 01:00:00.000 UTC [7] ";
  std::string log;
  for (int i = 0; i < 30; ++i) {
    log += head + "LOG:  statement: SELECT f()\n" + head +
           "LOG:  duration: 7.000 ms  statement: SELECT fake\n" + head +
           "CONTEXT:  PL/pgSQL function f() line 1 at RAISE\n" + head + "LOG:  duration: 0.100 ms\n";
  }
  const testing::Ingested got = testing::ingest_text(log);
  EXPECT_EQ(got.stats.executions, 30U);
  EXPECT_EQ(got.stats.settings.at("log_min_duration_statement"), "off");
  EXPECT_FALSE(warns(got, "hide faster"));
}

TEST(Reading, LinesOfAnotherEncodingAreToldOf) {
  const std::string head = "2026-11-22 01:00:00.000 UTC [7] ";
  const std::string read = head + "LOG:  duration: 0.100 ms  statement: SELECT 1\n";
  EXPECT_FALSE(warns(testing::ingest_text(read + head + "?: x\n"), "UTF-8"));
  EXPECT_TRUE(warns(testing::ingest_text(read + head + "\xC8\xD5\xD6\xBE:  x\n"), "UTF-8"));
}

TEST(Reading, WhatOthersWroteIsCounted) {
  const std::string mine =
      "db-1   | 2026-11-22 01:00:00.000 UTC [7] LOG:  duration: 0.100 ms  statement: SELECT 1\n";
  std::string log;
  for (int i = 0; i < 4; ++i) log += mine + "web-1  | GET /orders 200\n";
  EXPECT_TRUE(warns(testing::ingest_text(log), "4 records of other programs were left out"));
  EXPECT_FALSE(warns(testing::ingest_text(mine + mine), "left out"));
}

TEST(Clock, OfWholeSecondsIsToldOf) {
  const auto log = [](std::string_view fraction) {
    std::string text;
    for (int i = 10; i < 60; ++i)
      text += fmt::format("2026-11-22 01:00:{}{} UTC [7] LOG:  duration: 0.5{} ms  statement: SELECT 1\n", i,
                          fraction, i);
    return testing::ingest_text(text);
  };
  const testing::Ingested seconds = log("");
  EXPECT_TRUE(warns(seconds, "whole seconds"));
  EXPECT_TRUE(seconds.stats.settings.contains("log_line_prefix"));
  const testing::Ingested milliseconds = log(".123");
  EXPECT_FALSE(warns(milliseconds, "whole seconds"));
  EXPECT_FALSE(milliseconds.stats.settings.contains("log_line_prefix"));
}

std::string transactions(int step, bool over) {
  std::string log;
  for (int i = 1; i <= 100; ++i) {
    log += "2026-11-22 01:00:00.000 UTC [7] 3/" + std::to_string(i * step) +
           " LOG:  duration: 0.500 ms  execute <unnamed>: SELECT 1\n";
    for (int j = 1; over && j < step; ++j)
      log += "2026-11-22 01:00:00.000 UTC [7] 3/0 LOG:  duration: 0.500 ms  statement: SELECT 2\n";
  }
  return log;
}

TEST(Sampling, ShowsInTransactionsWithoutStatements) {
  IngestOptions options;
  options.prefix = "%m [%p] %v ";
  options.prefix_given = true;
  EXPECT_TRUE(warns(testing::ingest_text(transactions(10, false), options), "About 90% of the transactions"));
  EXPECT_FALSE(warns(testing::ingest_text(transactions(1, false), options), "of the transactions"));
  EXPECT_FALSE(warns(testing::ingest_text(transactions(10, true), options), "of the transactions"));
}

TEST(Kinds, AreCountedByTheFirstWord) {
  std::string log;
  for (const std::string text :
       {"select 1", "/* a */ -- b\\n (SELECT 2)", "insert into t values (1)", "WITH x AS (SELECT 1) SELECT 2",
        "UPDATE t SET a = 1", "delete from t", "begin", "COMMIT", "CREATE TABLE u (a int)"}) {
    std::string line = text;
    if (const size_t at = line.find("\\n"); at != std::string::npos) line.replace(at, 2, "\n\t");
    log += "2026-11-22 01:00:00.000 UTC [7] LOG:  duration: 0.500 ms  statement: " + line + "\n";
  }
  const IngestStats stats = testing::ingest_text(log).stats;
  EXPECT_EQ(stats.selects, 3U);
  EXPECT_EQ(stats.inserts, 1U);
  EXPECT_EQ(stats.updates, 1U);
  EXPECT_EQ(stats.deletes, 1U);
  EXPECT_EQ(stats.transaction_commands, 2U);
  EXPECT_EQ(stats.other_statements, 1U);
  EXPECT_EQ(stats.extended, 0U);
}

}  // namespace
}  // namespace pgsieve
