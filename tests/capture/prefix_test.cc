#include "analyzer/capture/prefix.h"

#include <gtest/gtest.h>

#include "analyzer/capture/detect.h"
#include "tests/capture/collect.h"

namespace pgsieve {
namespace {

LogEntry matched(std::string_view prefix, std::string_view line) {
  const Result<PrefixMatcher> matcher = PrefixMatcher::compile(prefix);
  EXPECT_TRUE(matcher.ok());
  LogEntry entry;
  TimeMemo memo;
  const size_t length = matcher->match(line, entry, memo);
  EXPECT_GT(length, 0u) << prefix << " | " << line;
  entry.message = line.substr(length);
  return entry;
}

bool matches(std::string_view prefix, std::string_view line) {
  const Result<PrefixMatcher> matcher = PrefixMatcher::compile(prefix);
  LogEntry entry;
  TimeMemo memo;
  return matcher->match(line, entry, memo) > 0;
}

TEST(Prefix, EveryField) {
  const LogEntry entry = matched("%m [%p] %l %c %v %x %e %u@%d %a %r ",
                                 "2026-11-22 01:02:03.004 CET [77] 5 6a1b2c3d.4d 3/45 0 42P01 jo@shop my app "
                                 "10.0.0.1(5432) ERROR:  boom");
  EXPECT_EQ(format_time(entry.time), "2026-11-22 00:02:03.004 UTC");
  EXPECT_EQ(entry.pid, 77u);
  EXPECT_EQ(entry.session_line, 5u);
  EXPECT_EQ(entry.session_id, "6a1b2c3d.4d");
  EXPECT_EQ(entry.transaction, "3/45");
  EXPECT_EQ(entry.sqlstate, "42P01");
  EXPECT_EQ(entry.user, "jo");
  EXPECT_EQ(entry.database, "shop");
  EXPECT_EQ(entry.application, "my app");
  EXPECT_EQ(entry.host, "10.0.0.1");
  EXPECT_EQ(entry.severity, Severity::kError);
  EXPECT_EQ(entry.message, "boom");
}

TEST(Prefix, PaddingQuitAndPercent) {
  EXPECT_EQ(matched("%t [%5p] %-10u|%%", "2026-11-22 01:02:03 UTC [   77] jo        |%LOG:  x").user, "jo");
  EXPECT_EQ(matched("%m [%p] %q%u@%d ", "2026-11-22 01:02:03.000 UTC [9] LOG:  checkpoint").pid, 9u);
  EXPECT_EQ(matched("%m [%p] %q%u@%d ", "2026-11-22 01:02:03.000 UTC [9] a@b LOG:  x").database, "b");
  EXPECT_EQ(matched("%t:%r:%u@%d:[%p]:", "2026-11-22 01:02:03 UTC:1.2.3.4(99):u@d:[7]:LOG:  x").host,
            "1.2.3.4");
  EXPECT_EQ(matched("%t:%r:%u@%d:[%p]:", "2026-11-22 01:02:03 UTC::@:[7]:LOG:  x").pid, 7u);
  EXPECT_EQ(format_time(matched("%n %Q ", "1763773323.004 -77 LOG: x").time), "2025-11-22 01:02:03.004 UTC");
}

// What follows a name may stand in the name, too: the first end at which the rest of the prefix fits is the
// name's.
TEST(Prefix, NamesWithWhatFollowsThem) {
  const LogEntry mail =
      matched("%m [%p] %u@%d LOG ", "2026-11-22 01:02:03.000 UTC [9] jo@example.org@shop LOG LOG:  x");
  EXPECT_EQ(mail.user, "jo");
  EXPECT_EQ(mail.database, "example.org@shop");
  const LogEntry pid = matched("%m %u[%p] ", "2026-11-22 01:02:03.000 UTC a[b[7] LOG:  x");
  EXPECT_EQ(pid.user, "a[b");
  EXPECT_EQ(pid.pid, 7u);
  EXPECT_EQ(matched("%m %a [%p] ", "2026-11-22 01:02:03.000 UTC my app [7] LOG:  x").application, "my app");
  EXPECT_EQ(matched("%m %d ", "2026-11-22 01:02:03.000 UTC Shop LOG:  x").database, "Shop");
  EXPECT_EQ(matched("%m %d", "2026-11-22 01:02:03.000 UTC LOGS LOG:  x").database, "LOGS");
}

// More free text than the way without retries keeps.
TEST(Prefix, ManyNames) {
  const LogEntry entry =
      matched("%m %u|%d|%a|%u|%d|%a|%u|%d|%a|%u ", "2026-11-22 01:02:03.000 UTC a|b|c|d|e|f|g|h|i|j LOG:  x");
  EXPECT_EQ(entry.user, "a");
  EXPECT_EQ(entry.database, "b");
  EXPECT_EQ(entry.application, "c");
  EXPECT_EQ(matched("%m %u|%u ", "2026-11-22 01:02:03.000 UTC a|b LOG:  x").user, "a");
}

// A field behind a %q that the level word follows is not read, whatever else the line has.
TEST(Prefix, NothingBehindQuit) {
  const LogEntry entry =
      matched("%m %a%q|%u@%d ", "2026-11-22 01:02:03.000 UTC checkpointer LOG:  x|y@z LOG:  w");
  EXPECT_EQ(entry.application, "checkpointer");
  EXPECT_TRUE(entry.user.empty());
  EXPECT_EQ(entry.message, "x|y@z LOG:  w");
}

TEST(Prefix, NoEntry) {
  EXPECT_FALSE(matches("%m [%p] ", "\t2026-11-22 01:02:03.000 UTC [9] LOG:  x"));
  EXPECT_FALSE(matches("%m [%p] ", "2026-11-22 01:02:03.000 UTC [9] hello"));
  EXPECT_FALSE(matches("%m [%p] ", ""));
  EXPECT_FALSE(PrefixMatcher::compile("%y").ok());
}

TEST(Prefix, HostileLinesCostLittle) {
  std::string line = "2026-11-22 01:02:03.000 UTC ";
  for (int i = 0; i < 20'000; ++i) line += "@ /";
  EXPECT_FALSE(matches("%m %u@%d %a/%r@%h/%i %b ", line));
}

TEST(Prefix, LocalisedLevels) {
  EXPECT_EQ(matched("%m ", "2026-11-22 01:02:03.000 UTC FEHLER:  x").severity, Severity::kError);
  EXPECT_EQ(matched("%m ", "2026-11-22 01:02:03.000 UTC СООБЩЕНИЕ:  x").severity, Severity::kLog);
  EXPECT_EQ(matched("%m ", "2026-11-22 01:02:03.000 UTC DÉTAIL : x").severity, Severity::kDetail);
}

struct Guess {
  const char* line;
  const char* prefix;
};
class OneLine : public ::testing::TestWithParam<Guess> {};

TEST_P(OneLine, IsEnough) {
  const testing::Ingested got =
      testing::ingest_text(std::string(GetParam().line) + "LOG:  duration: 1.5 ms  statement: select 1\n");
  ASSERT_EQ(got.error, "");
  EXPECT_EQ(got.stats.prefix, GetParam().prefix);
  EXPECT_EQ(got.stats.executions, 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Lines, OneLine,
    ::testing::Values(
        Guess{"2026-11-22 01:02:03.004 UTC [77] ", "%m [%p] "},
        Guess{"2026-11-22 01:02:03.004 UTC [77] jo@shop ", "%m [%p] %q%u@%d "},
        Guess{"2026-11-22 01:02:03 UTC:10.0.0.1(33):jo@shop:[77]:", "%t:%r:%u@%d:[%p]:"},
        Guess{"2026-11-22 01:02:03 UTC [77]: user=jo,db=shop,app=psql,client=10.0.0.1 ",
              "%t [%p]: user=%u,db=%d,app=%a,client=%h "},
        Guess{"2026-11-22 01:02:03 +03 [77]: [5-1] user=jo,db=shop ", "%t [%p]: [%l-1] user=%u,db=%d "},
        Guess{"2026-11-22 01:02:03.004 UTC:10.0.0.1(33):jo@shop:[77]:5:00000:2026-11-22 01:00:00 "
              "UTC:3/4:0:6a1b2c3d.4d:psql",
              "%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a"},
        Guess{"2026-11-22 01:02:03.004 UTC client backend[77] jo@shop ", "%m %b[%p] %u@%d "},
        Guess{"2026-11-22 01:02:03.004 UTC [77] user:jo db:shop ", "%m [%p] user:%u db:%d "},
        Guess{"2026-11-22 01:02:03.004 UTC [      77] jo        |shop  |app   ", "%m [%8p] %-10u|%-6d|%-5a "},
        Guess{"", ""}));

// The fields behind an application's name are not part of it.
TEST(PrefixGuess, ApplicationEndsWhereAnotherFieldStarts) {
  std::string log;
  for (int i = 1; i < 6; ++i) {
    log += "2026-11-22 01:02:03.004 UTC [77] jo@shop/my app from 10.0.0.1 client backend 6a1b2c3d.4d " +
           std::to_string(i) + " LOG:  duration: 1.5 ms  statement: select 1\n";
  }
  const testing::Ingested got = testing::ingest_text(log);
  ASSERT_EQ(got.stats.executions, 5u) << got.stats.prefix;
  for (const testing::KeptEvent& event : got.kept.events) {
    if (event.kind != Event::Kind::kExecuted) continue;
    EXPECT_EQ(event.application, "my app") << got.stats.prefix;
  }
}

// "TIME NAME LEVEL: …" of another program outnumbers the server's lines, and is still not the prefix.
TEST(PrefixGuess, OtherProgramsInTheSameStream) {
  std::string log;
  for (int i = 0; i < 6; ++i) {
    log += "2026-11-22 01:02:03.004 UTC [77] jo@shop LOG:  duration: 1.5 ms  statement: select 1\n";
    for (int k = 0; k < 2; ++k) log += "2026-11-22T01:02:03 patroni INFO: no action\n";
  }
  const testing::Ingested got = testing::ingest_text(log);
  EXPECT_EQ(got.stats.prefix, "%m [%p] %q%u@%d ");
  EXPECT_EQ(got.stats.unread_lines, 12u);
}

TEST(PrefixGuess, UnusualForms) {
  for (const char* head :
       {"1763773323.004 [77] 6a1b2c3d.4d jo@shop ", "<2026-11-22 01:02:03.004 CEST 77 6a1b2c3d.4d jo shop> ",
        "2026-11-22 01:02:03.004 UTC|77|jo|shop|app|3/4|", "pid=77 db=shop user=jo app=DBeaver 21 - Main "}) {
    const testing::Ingested got =
        testing::ingest_text(std::string(head) + "LOG:  duration: 1.5 ms  statement: select 1\n");
    ASSERT_EQ(got.error, "") << head;
    ASSERT_EQ(got.stats.executions, 1u) << head << " as " << got.stats.prefix;
    EXPECT_EQ(got.kept.events[0].user, "jo") << head << " as " << got.stats.prefix;
    EXPECT_EQ(got.kept.events[0].database, "shop") << head << " as " << got.stats.prefix;
    EXPECT_NE(got.kept.events[0].session, 0u) << head << " as " << got.stats.prefix;
  }
}

}  // namespace
}  // namespace pgsieve
