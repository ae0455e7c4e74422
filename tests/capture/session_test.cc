// What is one session: the same one in two runs over a log and its continuation, never two processes at once.
#include <gtest/gtest.h>

#include <algorithm>

#include <map>
#include <set>
#include <string>

#include "tests/capture/collect.h"

namespace pgsieve {
namespace {

std::string line(const std::string& time, int pid, const std::string& message) {
  return "2026-11-22 " + time + ".000 UTC [" + std::to_string(pid) + "] app@shop LOG:  " + message + "\n";
}
std::string statement(const std::string& time, int pid, const std::string& text) {
  return line(time, pid, "duration: 1.000 ms  statement: " + text);
}

std::vector<uint64_t> sessions_of(const std::string& text) {
  std::vector<uint64_t> sessions;
  for (const testing::KeptEvent& event : testing::ingest_text(text).kept.events) {
    if (event.kind == Event::Kind::kExecuted) sessions.push_back(event.session);
  }
  return sessions;
}

TEST(Session, GoesOnInTheNextRun) {
  const std::string before = line("01:00:00", 7, "connection received: host=[local]") +
                             statement("01:00:01", 7, "SELECT 1") + statement("01:00:02", 8, "SELECT 2");
  const std::string after = statement("01:00:03", 7, "SELECT 3") + statement("01:00:04", 8, "SELECT 4");
  const auto first = sessions_of(before);
  const auto second = sessions_of(after);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first, second);
  EXPECT_NE(first[0], first[1]);
  const auto whole = sessions_of(before + after);
  EXPECT_EQ(whole, (std::vector<uint64_t>{first[0], first[1], second[0], second[1]}));
}

TEST(Session, ReusedProcessIdsAreOtherSessions) {
  const std::string received = "connection received: host=[local]";
  const std::string ended = "disconnection: session time: 0:00:00.002 user=app database=shop host=[local]";
  const auto sessions = sessions_of(
      statement("01:00:00", 7, "SELECT 1") + line("01:00:01", 7, received) +  // its end was not logged
      line("01:00:01", 7, "connection authorized: user=app database=shop") +
      statement("01:00:02", 7, "SELECT 2") + line("01:00:03", 7, ended) +
      statement("01:00:04", 7, "SELECT 3") +
      line("01:00:05", 7, "connection authorized: user=app database=shop") +
      statement("01:00:06", 7, "SELECT 4") + statement("09:00:06", 7, "SELECT 5"));
  ASSERT_EQ(sessions.size(), 5U);
  EXPECT_EQ(std::set<uint64_t>(sessions.begin(), sessions.end()).size(), 5U);
}

// A prefix without %p and %c: the client's port tells its connections apart, where there is one.
TEST(Session, ByTheClientsPort) {
  const auto from = [](const std::string& remote, const std::string& text) {
    return "2026-11-22 01:00:00.000 UTC " + remote +
           " app@shop LOG:  duration: 1.000 ms  statement: " + text + "\n";
  };
  const auto sessions = sessions_of(from("10.0.0.1(5000)", "SELECT 1") + from("10.0.0.1(5002)", "SELECT 2") +
                                    from("10.0.0.2(5000)", "SELECT 3") + from("10.0.0.1(5000)", "SELECT 4") +
                                    from("fe80::1(5000)", "SELECT 5") + from("[local]", "SELECT 6"));
  ASSERT_EQ(sessions.size(), 6U);
  EXPECT_EQ(sessions[3], sessions[0]);
  EXPECT_EQ(std::set<uint64_t>(sessions.begin(), sessions.end()).size(), 5U);
  EXPECT_EQ(sessions[5], 0U);
}

TEST(Session, AnIdleHourEndsNothing) {
  const auto sessions =
      sessions_of(statement("01:00:00", 7, "SELECT 1") + statement("03:00:00", 7, "SELECT 2"));
  ASSERT_EQ(sessions.size(), 2U);
  EXPECT_EQ(sessions[0], sessions[1]);
}

TEST(Session, EqualProcessIdsOfTwoSyslogHosts) {
  const auto record = [](const std::string& host, int number, const std::string& text) {
    return "2026-11-22T01:00:00.5Z " + host + " postgres[7]: [" + std::to_string(number) +
           "-1] app@shop LOG:  duration: 1.000 ms  statement: " + text + "\n";
  };
  const auto part = [](const std::string& host, int number, const std::string& text) {
    return "2026-11-22T01:00:00.5Z " + host + " postgres[7]: [" + std::to_string(number) + "-2] #011" + text +
           "\n";
  };
  const testing::Ingested got = testing::ingest_text(
      record("db1", 1, "SELECT 1") + record("db2", 1, "SELECT 2") + part("db1", 1, "FROM a") +
      part("db2", 1, "FROM b") + record("db1", 2, "SELECT 3") + record("db2", 2, "SELECT 4"));
  ASSERT_EQ(got.error, "");
  EXPECT_EQ(got.stats.prefix, "%m %L [%p] %q%u@%d ");
  ASSERT_EQ(got.kept.events.size(), 4U);
  std::map<std::string, std::set<uint64_t>> sessions;
  std::set<std::string> texts;
  for (const testing::KeptEvent& event : got.kept.events) {
    sessions[event.host].insert(event.session);
    texts.insert(event.host + ": " + event.text);
  }
  ASSERT_EQ(sessions.size(), 2U);
  EXPECT_EQ(sessions["db1"].size(), 1U);
  EXPECT_EQ(sessions["db2"].size(), 1U);
  EXPECT_NE(*sessions["db1"].begin(), *sessions["db2"].begin());
  EXPECT_EQ(texts, (std::set<std::string>{"db1: SELECT 1\nFROM a", "db1: SELECT 3", "db2: SELECT 2\nFROM b",
                                          "db2: SELECT 4"}));
}

TEST(Session, ThePrefixReportedForSyslogCanBeGivenBack) {
  const std::string record =
      "2026-11-22T01:00:00.5Z db1 postgres[7]: [1-1] app@shop LOG:  duration: 1.000 ms  statement: SELECT "
      "1\n";
  IngestOptions options;
  options.prefix = testing::ingest_text(record).stats.prefix;
  options.prefix_given = true;
  const testing::Ingested got = testing::ingest_text(record, options);
  ASSERT_EQ(got.kept.events.size(), 1U);
  EXPECT_EQ(got.kept.events[0].host, "db1");
  EXPECT_EQ(got.kept.events[0].user, "app");
}

// A filter that keeps nothing: what there would be.
TEST(Filters, NamesThatWereLeftOut) {
  IngestOptions options;
  options.databases = {"Shop"};
  const std::string log =
      "2026-11-22 01:02:03.004 UTC [77] jo@shop LOG:  duration: 1.0 ms  statement: select 1\n";
  const testing::Ingested got = testing::ingest_text(log, options);
  EXPECT_EQ(got.stats.filtered, 1u);
  EXPECT_EQ(got.stats.other_names.at("databases"), std::set<std::string>{"shop"});
  EXPECT_EQ(got.stats.other_names.count("users"), 0u);
}

// Nobody can say where such a name ends: nothing is made up, and it is said.
TEST(Session, ALevelWordInTheNameOfTheApplicationIsReported) {
  const std::string head = "2026-11-22 10:00:00.000 UTC [7] u@d ";
  const std::string said = "LOG:  duration: 1.000 ms  statement: SELECT 1\n";
  IngestOptions options;
  options.prefix = "%m [%p] %q%u@%d %a ";
  options.prefix_given = true;
  const testing::Ingested named =
      testing::ingest_text(head + "app " + said + head + "evil LOG:  x " + said, options);
  EXPECT_EQ(named.stats.executions, 1U);
  const auto told = [](const testing::Ingested& ingested) {
    return std::any_of(
        ingested.stats.warnings.begin(), ingested.stats.warnings.end(),
        [](const std::string& text) { return text.find("application_name") != std::string::npos; });
  };
  EXPECT_TRUE(told(named));
  const testing::Ingested quoted =
      testing::ingest_text(head +
                               "app LOG:  duration: 1.000 ms  statement: SELECT 'LOG:  duration: 1.000 ms  "
                               "statement: SELECT 2'\n" +
                               head + "app LOG:  checkpoint starting: time\n",
                           options);
  EXPECT_EQ(quoted.stats.executions, 1U);
  EXPECT_FALSE(told(quoted));
}

}  // namespace
}  // namespace pgsieve
