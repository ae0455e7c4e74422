#include "analyzer/capture/prefix.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

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

bool same_prefix(const LogEntry& left, const LogEntry& right) {
  const auto fields = [](const LogEntry& entry) {
    return std::tie(entry.severity, entry.time, entry.user, entry.database, entry.application, entry.host,
                    entry.server, entry.pid, entry.session_id, entry.session_line, entry.transaction,
                    entry.sqlstate, entry.query_id, entry.localized);
  };
  return fields(left) == fields(right);
}

// Every line after every other: what was read before must not show.
TEST(PrefixMemo, ChangesNothing) {
  const std::string_view prefixes[] = {"%m [%p] %q%u@%d %a ",
                                       "%m [%p] %u@%d ",
                                       "%t:%r:%u@%d:[%p]:",
                                       "%m [%p] ",
                                       "%m %u",
                                       "%m|%u|%d|%c|%v|%x|",
                                       "%m %q%u ",
                                       "%m %s ",
                                       "%m %p",
                                       "%m %e ",
                                       "%m [%l] ",
                                       "%n %p ",
                                       "%m %-8u|",
                                       "%m %8u|",
                                       "%m%q|%u|",
                                       "%m %u%q %d "};
  const std::string_view heads[] = {"[7] ",
                                    "[7]  ",
                                    "[77] ",
                                    "[7] a@b ",
                                    "[7] a@b c ",
                                    "[7] a@b c d ",
                                    "[7] A@b ",
                                    "[7] @b ",
                                    "[8] a@b ",
                                    "[7] LO@b ",
                                    "a ",
                                    "a  ",
                                    "LOG ",
                                    "|a|b|6a.4d|3/45|0|",
                                    "|a|b|6a.4d|3/46|0|",
                                    "|a|",
                                    ":1.2.3.4(9):u@d:[7]:",
                                    ":::@:[7]:",
                                    "a       |",
                                    "       a|",
                                    "2026-11-22 01:02:03 UTC ",
                                    "42P01 ",
                                    "7",
                                    "",
                                    "DE"};
  const std::string_view levels[] = {"LOG:  x", " LOG:  x", "DETAIL:  y", "WARNING: z",
                                     "BUG:  x", "LOG",      "",           "FEHLER:  q"};
  const std::string_view times[] = {"2026-11-22 01:02:03.004 UTC ", "2026-11-22 01:02:59.9 UTC ",
                                    "2026-11-22 01:02:03 UTC", "1763773323.004 ", ""};
  std::vector<std::string> lines;
  for (const std::string_view time : times)
    for (const std::string_view head : heads)
      for (const std::string_view level : levels)
        lines.push_back(std::string(time) + std::string(head) + std::string(level));
  size_t entries = 0;
  for (const std::string_view prefix : prefixes) {
    const Result<PrefixMatcher> matcher = PrefixMatcher::compile(prefix);
    ASSERT_TRUE(matcher.ok());
    for (const size_t step : {1U, 2U, 7U, 8U, 200U, 201U}) {
      TimeMemo time;
      PrefixMemo memo;
      for (size_t i = 0, at = 0; i < lines.size(); ++i, at = (at + step) % lines.size()) {
        LogEntry plain, repeated;
        const size_t length = matcher->match(lines[at], plain, time);
        ASSERT_EQ(matcher->match(lines[at], repeated, memo), length) << prefix << " | " << lines[at];
        if (length == 0) continue;
        ASSERT_TRUE(same_prefix(plain, repeated)) << prefix << " | " << lines[at];
        ++entries;
      }
    }
  }
  EXPECT_GT(entries, 1000u);
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
        Guess{"2026-11-22 01:02:03.004 UTC-6a1b2c3d.4d-jo-shop-10.0.0.1-", "%m-%c-%u-%d-%h-"},
        Guess{"2026-11-22 01:02:03 UTC-77-jo-shop-10.0.0.1 ", "%t-%p-%u-%d-%h "},
        Guess{"2026-11-22 01:02:03.004 UTC_6a1b2c3d.4d_jo_", "%m_%c_%u_"},
        Guess{"2026-11-22 01:02:03.004 UTC_77_jo_shop_", "%m_%p_%u_%d_"},
        Guess{"2026-11-22 01:02:03.004 UTC jo@my-shop->77 ", "%m %u@%d->%p "}, Guess{"", ""}));

// A log as a server writes it: what a prefix is filled in with, in turn, each with a statement behind it.
struct Lines {
  const char* prefix;
  std::vector<std::string> heads;
};
class SeveralLines : public ::testing::TestWithParam<Lines> {};

TEST_P(SeveralLines, TellTheFieldsApart) {
  std::string log;
  for (const std::string& head : GetParam().heads)
    log += head + "LOG:  duration: 1.5 ms  statement: select 1\n";
  const testing::Ingested got = testing::ingest_text(log);
  ASSERT_EQ(got.error, "");
  EXPECT_EQ(got.stats.prefix, GetParam().prefix);
  EXPECT_EQ(got.stats.executions, GetParam().heads.size());
  EXPECT_EQ(got.stats.unread_lines, 0u);
}

const std::string kTime = "2026-11-22 01:02:03.004 UTC ";
INSTANTIATE_TEST_SUITE_P(
    Lines, SeveralLines,
    ::testing::Values(
        Lines{"%m [%p] %Q ",
              {kTime + "[77] 0 ", kTime + "[77] -3555590147197800 ", kTime + "[78] 5948044967000001 "}},
        Lines{"%m [%p] %i ", {kTime + "[77] idle ", kTime + "[77] SELECT ", kTime + "[77] CREATE TABLE "}},
        Lines{"%m [%p] %e ", {kTime + "[77] 00000 ", kTime + "[77] 42P01 ", kTime + "[77] 00000 "}},
        Lines{"%m [%p] %v %x ", {kTime + "[77] 3/4 0 ", kTime + "[77] 3/5 745 ", kTime + "[77]  0 "}},
        Lines{"%m [%p] %u@%d/%a %v/%x ",
              {kTime + "[77] jo@shop/[unknown] 8/0/0 ", kTime + "[77] jo@shop/[unknown] 8/6/0 ",
               kTime + "[77] jo@shop/[unknown] 8/7/22318 "}},
        Lines{"%l %c %m ", {"1 6a1b2c3d.4d " + kTime, "2 6a1b2c3d.4d " + kTime, "1 6a1b2c3e.4e " + kTime}},
        Lines{"%m [%p] %q[user=%u,db=%d,app=%a] ",
              {kTime + "[77] [user=[unknown],db=[unknown],app=[unknown]] ",
               kTime + "[77] [user=jo,db=shop,app=[unknown]] ", kTime + "[77] [user=jo,db=shop,app=web] ",
               kTime + "[77] [user=jo,db=shop,app=web] "}},
        Lines{"%m [%p] %u@%d/%a/%h ",
              {kTime + "[77] jo@shop/web/10.0.0.1 ", kTime + "[77] jo@shop//[local] "}},
        Lines{"pg: %m [%p] app=%a user=%u ",
              {"pg: " + kTime + "[77] app=web user=jo ", "pg: " + kTime + "[78] app= user=al "}},
        // Heroku's own; its fields stand between quotes.
        Lines{"sql_error_code = %e time_ms = \"%m\" pid=\"%p\" session_id=\"%c\" tid=\"%x\" log_line=\"%l\" "
              "%qdatabase=\"%d\" connection_source=\"%r\" user=\"%u\" application_name=\"%a\" ",
              {"sql_error_code = 00000 time_ms = \"2026-11-22 01:02:03.004 UTC\" pid=\"77\" "
               "session_id=\"6a1b2c3d.4d\" tid=\"0\" log_line=\"1\" ",
               "sql_error_code = 00000 time_ms = \"2026-11-22 01:02:03.004 UTC\" pid=\"78\" "
               "session_id=\"6a1b2c3d.4e\" tid=\"0\" log_line=\"1\" database=\"shop\" "
               "connection_source=\"10.0.0.1(5432)\" user=\"jo\" application_name=\"my app\" "}},
        Lines{"{\"ts\":\"%m\",\"pid\":%p,\"user\":\"%u\",\"db\":\"%d\"} ",
              {"{\"ts\":\"2026-11-22 01:02:03.004 UTC\",\"pid\":77,\"user\":\"jo\",\"db\":\"shop\"} ",
               "{\"ts\":\"2026-11-22 01:02:03.004 UTC\",\"pid\":76,\"user\":\"\",\"db\":\"\"} "}},
        Lines{"\"%m\" \"%p\" \"%u\" '%d' ",
              {"\"2026-11-22 01:02:03.004 UTC\" \"77\" \"jo\" 'shop' ",
               "\"2026-11-22 01:02:03.004 UTC\" \"76\" \"\" '' "}},
        Lines{"[%m] [%p] [%u] [%d] [%a] [%h] [%l] ",
              {"[2026-11-22 01:02:03.004 UTC] [77] [jo] [shop] [my app] [10.0.0.1] [1] ",
               "[2026-11-22 01:02:03.004 UTC] [77] [jo] [shop] [] [10.0.0.1] [2] "}},
        Lines{"%m\t%p\t%u\t%d\t",
              {"2026-11-22 01:02:03.004 UTC\t77\tjo\tshop\t", "2026-11-22 01:02:03.004 UTC\t78\tal\tshop\t"}},
        Lines{"%m:%p:%u@%d:%a:%r:",
              {"2026-11-22 01:02:03.004 UTC:77:jo@shop:my app:10.0.0.1(99):",
               "2026-11-22 01:02:03.004 UTC:76:@:::"}},
        Lines{"[%m] [%p] [%a] [%u@%d] ",
              {"[2026-11-22 01:02:03.004 UTC] [77] [web] [jo@shop] ",
               "[2026-11-22 01:02:03.004 UTC] [77] [my app] [jo@shop] "}},
        // Background processes' prefix ends where no client's field begins.
        Lines{"%m [%p] %q%x %c ", {kTime + "[77] 0 6a1b2c3d.4d ", kTime + "[76] "}},
        Lines{"%m %p %qvxid=%v, state=%e ", {kTime + "77 vxid=3/4, state=00000 ", kTime + "76 "}},
        // Empty fields leave their blanks.
        Lines{"%m %u %d %p %r ", {kTime + "jo shop 77 10.0.0.1(5432) ", kTime + "  76  "}},
        Lines{"<%p %u %n> ", {"<77 jo 1763773323.004> ", "<76  1763773323.004> "}},
        Lines{"%t [%p]: [%l-1] %c %x %d %u %a %h ",
              {"2026-11-22 01:02:03 UTC [77]: [1-1] 6a1b2c3d.4d 0 shop jo my app 10.0.0.1 ",
               "2026-11-22 01:02:03 UTC [76]: [1-1] 6a1b2c3d.4c 0     "}},
        // Of two numbers, the one that counts upward is the line's; a transaction's is 0 but for writers.
        Lines{"%l %m %p %u ",
              {"1 " + kTime + "77 jo ", "2 " + kTime + "77 jo ", "1 " + kTime + "78 al ",
               "3 " + kTime + "77 jo ", "4 " + kTime + "77 jo "}},
        Lines{"%m %l %p ",
              {kTime + "1 77 ", kTime + "1 78 ", kTime + "2 77 ", kTime + "2 78 ", kTime + "3 77 "}},
        Lines{"%m %x %p %l ", {kTime + "0 77 1 ", kTime + "0 77 2 ", kTime + "0 78 1 ", kTime + "0 77 3 "}},
        Lines{"%m %p %l ", {kTime + "77 1 ", kTime + "78 1 ", kTime + "79 1 ", kTime + "80 1 "}},
        Lines{"%u:%d:%p:%m ", {"jo:shop:77:" + kTime, "jo:shop:5401:" + kTime}},
        Lines{"%m/%p/%u/%d/%a/",
              {"2026-11-22 01:02:03.004 UTC/77/jo/shop/psql/",
               "2026-11-22 01:02:03.004 UTC/78/jo/shop/my app/"}},
        Lines{"%t %h %u %d %a %p ",
              {"2026-11-22 01:02:03 UTC 10.0.0.1 jo shop my app 77 ",
               "2026-11-22 01:02:03 UTC 10.0.0.1 jo shop psql 78 "}},
        // A client's name may have several words, and some have one.
        Lines{"%m [%p] %a ", {kTime + "[77] web ", kTime + "[77] my app ", kTime + "[77] web "}},
        Lines{"%m [%p] %b %q%u@%d/%a ",
              {kTime + "[77] client backend jo@shop/web ", kTime + "[76] checkpointer "}},
        Lines{"%m [%p] %i %u@%d ", {kTime + "[77] DECLARE CURSOR jo@shop ", kTime + "[77] SELECT jo@shop "}},
        Lines{"%m [%p] %q%h %u@%d ", {kTime + "[77] db.example jo@shop ", kTime + "[76] "}},
        Lines{"%m [%6p] ", {kTime + "[  9999] ", kTime + "[ 10000] "}},
        Lines{"%m|%p|%c|%l|%s|%v|%x|%i|%e|%Q|%b|%P|%u|%d|%a|%r|",
              {"2026-11-22 01:02:03.004 UTC|77|6a1b2c3d.4d|1|2026-11-22 01:00:00 "
               "UTC|3/4|0|SELECT|00000|-35555901471978006|client backend|76|jo|shop|web|10.0.0.1(99)|",
               "2026-11-22 01:02:03.004 UTC|78|6a1b2c3d.4e|1|2026-11-22 01:00:00 UTC||0|idle|00000|0|client "
               "backend|76|jo|shop|web|10.0.0.1(98)|"}}));

// Connection messages tell the names: which word is which, and where those with blanks end.
TEST(PrefixGuess, ConnectionMessagesTellTheNames) {
  const auto guess = [](const std::string& fields) {
    std::string log;
    for (int i = 0; i < 4; ++i) {
      log += kTime + "[77] " + fields +
             " LOG:  connection authorized: user=jo database=my shop application_name=web app\n" + kTime +
             "[77] " + fields + " LOG:  duration: 1.5 ms  statement: select 1\n";
    }
    return testing::ingest_text(log);
  };
  for (const char* fields : {"web app", "jo my shop", "jo@my shop", "(web app)"}) {
    const testing::Ingested got = guess(fields);
    ASSERT_EQ(got.stats.executions, 4u) << fields << " as " << got.stats.prefix;
    const std::string_view text = fields;
    const testing::KeptEvent& event = got.kept.events.front();
    EXPECT_EQ(event.application, text.find("web app") == std::string_view::npos ? "" : "web app")
        << got.stats.prefix;
    EXPECT_EQ(event.user, text.find("jo") == std::string_view::npos ? "" : "jo") << got.stats.prefix;
    EXPECT_EQ(event.database, text.find("my shop") == std::string_view::npos ? "" : "my shop")
        << got.stats.prefix;
  }
}

// %m and %t read the same, but the report names the prefix.
TEST(PrefixGuess, WholeSecondsAreNotMilliseconds) {
  const std::string rest = " UTC [77] jo@shop LOG:  duration: 1.5 ms  statement: select 1\n";
  EXPECT_EQ(testing::ingest_text("2026-11-22 01:02:03" + rest).stats.prefix, "%t [%p] %q%u@%d ");
  EXPECT_EQ(testing::ingest_text("2026-11-22 01:02:03.004" + rest).stats.prefix, "%m [%p] %q%u@%d ");
}

TEST(PrefixGuess, APaddedPidTellsSessionsApart) {
  const testing::Ingested got =
      testing::ingest_text(kTime + "[      77] LOG:  duration: 1.5 ms  statement: select 1\n");
  for (const std::string& warning : got.stats.warnings)
    EXPECT_EQ(warning.find("told apart"), std::string::npos);
}

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
