// Guessing log_line_prefix from lines alone.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "analyzer/capture/detect.h"
#include "tests/capture/collect.h"

namespace pgsieve {
namespace {

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
        // Keys: of any kind between, before and behind the fields.
        Lines{"%m pid %p user %u db %d ",
              {kTime + "pid 77 user jo db shop ", kTime + "pid 78 user al db shop "}},
        Lines{"ts: %m/pid: %p/app: %a/db: %d/session_start: %s ",
              {"ts: 2026-11-22 01:02:03.004 UTC/pid: 77/app: my app/db: shop/session_start: 2026-11-22 "
               "01:00:00 "
               "UTC ",
               "ts: 2026-11-22 01:02:03.004 UTC/pid: 78/app: web/db: shop/session_start: 2026-11-22 01:00:00 "
               "UTC "}},
        Lines{"%m:app=%a:user=%u:<session=%c> ",
              {"2026-11-22 01:02:03.004 UTC:app=my app:user=jo:<session=6a1b2c3d.4d> ",
               "2026-11-22 01:02:03.004 UTC:app=web:user=al:<session=6a1b2c3d.4e> "}},
        Lines{"%m cmd=%i DB=%d (app=%a) pid=%p ",
              {kTime + "cmd=SELECT DB=shop (app=web) pid=77 ",
               kTime + "cmd=CREATE TABLE DB=shop (app=my (app)) pid=78 "}},
        Lines{"%t@%p,user=%u@database=%d> ",
              {"2026-11-22 01:02:03 UTC@77,user=jo@database=shop> ",
               "2026-11-22 01:02:03 UTC@78,user=al@database=shop> "}},
        Lines{"%m,%x,%p,%h ",
              {"2026-11-22 01:02:03.004 UTC,0,77,fe80::1%eth0 ", "2026-11-22 01:02:03.004 UTC,0,78,::1 "}},
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
