// What went over a connection, message by message, and what is made of it.
#include "analyzer/wire/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/wire/wire_testing.h"

namespace pgsieve {
namespace {

using testing::bind;
using testing::complete;
using testing::describe;
using ::testing::ElementsAre;
using testing::error;
using testing::execute;
using ::testing::IsEmpty;
using testing::Message;
using testing::parse;
using testing::query;
using testing::ready;
using testing::row;
using testing::row_description;
using testing::simple;
using testing::startup;
using testing::sync;
using testing::Talk;
using testing::welcome;

TEST(Connection, SimpleQuery) {
  Talk talk;
  talk.client(query("SELECT 1"))
      .server(row_description({{"a"}}) + row({"1"}) + complete("SELECT 1") + ready());
  EXPECT_THAT(talk.finish(), ElementsAre("executed SELECT 1 rows=1"));
  EXPECT_EQ(talk.log.durations.front(), 1000);
}

// A client need not wait until it is let in.
TEST(Connection, RequestsSentWithTheStartUpPacket) {
  Talk talk(/*started=*/false);
  talk.client(startup() + query("SELECT 1") + parse("", "SELECT 2") + bind("", "", {}) + execute("") + sync())
      .server(welcome())
      .server(complete("SELECT 1") + ready())
      .server(simple('1') + simple('2') + complete("SELECT 2") + ready());
  EXPECT_THAT(talk.finish(), ElementsAre("executed SELECT 1 rows=1", "executed SELECT 2 rows=2"));
}

TEST(Connection, ARefusedStartFailsNoStatement) {
  Talk talk(/*started=*/false);
  talk.client(startup() + query("SELECT 1")).server(error("28000", "no entry"));
  EXPECT_THAT(talk.finish(), IsEmpty());
}

TEST(Connection, StatementsOfOneQueryAreToldApart) {
  Talk talk;
  talk.client(query("BEGIN; SELECT ';'; DELETE FROM t"))
      .server(complete("BEGIN") + row_description({{"a"}}) + row({";"}) + complete("SELECT 1") +
              complete("DELETE 3") + ready('T'));
  EXPECT_THAT(talk.finish(),
              ElementsAre("executed BEGIN", "executed SELECT ';' rows=1", "executed DELETE FROM t rows=3"));
  EXPECT_EQ(talk.log.transactions[0], talk.log.transactions[2]);
  EXPECT_NE(talk.log.transactions[0], 0U);
}

TEST(Connection, AnErrorEndsTheQueryAtTheStatementThatFailed) {
  Talk talk;
  talk.client(query("SELECT 1; SELECT 1/0; SELECT 2"))
      .server(row_description({{"a"}}) + row({"1"}) + complete("SELECT 1") +
              error("22012", "division by zero") + ready());
  EXPECT_THAT(talk.finish(), ElementsAre("executed SELECT 1 rows=1", "failed 22012 SELECT 1/0"));
}

TEST(Connection, ASyntaxErrorIsWhereItsPositionSays) {
  Talk talk;
  talk.client(query("SELECT 1; SELEC 2")).server(error("42601", "syntax error", "11") + ready());
  EXPECT_THAT(talk.finish(), ElementsAre("failed 42601 SELEC 2"));
}

TEST(Connection, APipelineOfAThousandKeepsItsOrder) {
  Talk talk;
  std::string requests = parse("s", "SELECT $1::int", {23});
  std::string answers = simple('1');
  std::vector<std::string> expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string value = std::to_string(i);
    requests += bind("", "s", {{value}}) + execute("");
    answers += simple('2') + row({value}) + complete("SELECT 1");
    expected.push_back("executed SELECT $1::int $1='" + value + "' rows=1");
  }
  talk.client(requests + sync()).server(answers + ready());
  EXPECT_EQ(talk.finish(), expected);
  EXPECT_EQ(talk.counts.unmatched, 0U);
}

constexpr Event::Sent kAfter = Event::Sent::kAfterAnswer, kBefore = Event::Sent::kBeforeAnswer;

TEST(Connection, WhatIsSentBeforeTheAnswerIsToldApart) {
  Talk talk;
  const std::string one = bind("", "s", {{"1"}}) + execute("");
  const std::string done = simple('2') + row({"1"}) + complete("SELECT 1");
  talk.client(parse("s", "SELECT $1::int", {23}) + one + one + one + sync())
      .server(simple('1') + done + done + done + ready());
  talk.client(one + sync()).server(done + ready());
  talk.client(one + sync() + one + sync()).server(done + ready() + done + ready());  // a Sync each
  EXPECT_EQ(talk.finish().size(), 6U);
  EXPECT_THAT(talk.log.sent, ElementsAre(kAfter, kBefore, kBefore, kAfter, kAfter, kBefore));
}

TEST(Connection, AnAnswerThatWasFlushedIsAnAnswer) {
  Talk talk;
  const std::string one = bind("", "s", {{"1"}}) + execute("");
  const std::string done = simple('2') + row({"1"}) + complete("SELECT 1");
  talk.client(parse("s", "SELECT $1::int", {23}) + one + simple('H')).server(simple('1') + done);
  talk.client(one + sync()).server(done + ready());
  EXPECT_EQ(talk.finish().size(), 2U);
  EXPECT_THAT(talk.log.sent, ElementsAre(kAfter, kAfter));
}

TEST(Connection, StatementsOfOneStringAreSentAtOnce) {
  Talk talk;
  talk.client(query("DELETE FROM t; DELETE FROM u"))
      .server(complete("DELETE 1") + complete("DELETE 1") + ready());
  talk.client(query("DELETE FROM t")).server(complete("DELETE 1") + ready());
  EXPECT_EQ(talk.finish().size(), 3U);
  EXPECT_THAT(talk.log.sent, ElementsAre(kAfter, kBefore, kAfter));
}

// The later fetches of a portal are not the statement: whether it was sent ahead shows in the first.
TEST(Connection, FetchesSentAheadDoNotChangeHowTheStatementWasSent) {
  Talk talk;
  talk.client(parse("", "SELECT a FROM t") + bind("c", "", {}) + execute("c", 2) + sync())
      .server(simple('1') + simple('2') + row({"1"}) + row({"2"}) + simple('s') + ready('T'));
  talk.client(execute("c", 1) + execute("c", 1) + sync())
      .server(row({"3"}) + simple('s') + complete("SELECT 0") + ready('T'));
  EXPECT_EQ(talk.finish().size(), 1U);
  EXPECT_THAT(talk.log.sent, ElementsAre(kAfter));
}

TEST(Connection, AfterAnErrorEverythingUpToSyncIsPassedOver) {
  Talk talk;
  talk.client(parse("a", "SELECT 1") + bind("", "a", {}) + execute("") + parse("b", "SELEC") +
              bind("", "b", {}) + execute("") + sync() + parse("b", "SELECT 2") + bind("", "b", {}) +
              execute("") + sync())
      .server(simple('1') + simple('2') + complete("SELECT 1") + error("42601", "syntax error") + ready() +
              simple('1') + simple('2') + complete("SELECT 1") + ready());
  EXPECT_THAT(talk.finish(),
              ElementsAre("executed SELECT 1 rows=1", "failed 42601 SELEC", "executed SELECT 2 rows=1"));
}

TEST(Connection, ARefusedParseLeavesTheOldStatement) {
  Talk talk;
  talk.client(parse("a", "SELECT 1") + sync()).server(simple('1') + ready());
  talk.client(parse("a", "SELECT 2") + sync()).server(error("42P05", "already exists") + ready());
  talk.client(bind("", "a", {}) + execute("") + sync()).server(simple('2') + complete("SELECT 1") + ready());
  EXPECT_THAT(talk.finish(), ElementsAre("failed 42P05 SELECT 2", "executed SELECT 1 rows=1"));
}

TEST(Connection, CrossedPortalsKeepTheirValues) {
  Talk talk;
  talk.client(parse("a", "SELECT $1") + bind("p1", "a", {{"one"}}) + bind("p2", "a", {{"two"}}) +
              execute("p2") + execute("p1") + sync())
      .server(simple('1') + simple('2') + simple('2') + complete("SELECT 1") + complete("SELECT 1") +
              ready());
  EXPECT_THAT(talk.finish(),
              ElementsAre("executed SELECT $1 $1='two' rows=1", "executed SELECT $1 $1='one' rows=1"));
}

TEST(Connection, FetchesOfAPortalAreOneExecution) {
  Talk talk;
  talk.client(parse("", "SELECT a FROM t") + bind("c", "", {}) + describe('P', "c") + execute("c", 2) +
              sync())
      .server(simple('1') + simple('2') + row_description({{"a", 7, 1}}) + row({"1"}) + row({"2"}) +
              simple('s') + ready('T'));
  talk.client(execute("c", 2) + sync()).server(row({"3"}) + complete("SELECT 1") + ready('T'));
  EXPECT_THAT(talk.finish(), ElementsAre("executed SELECT a FROM t rows=3"));
  EXPECT_EQ(talk.log.cells.front().size(), 3U);
}

TEST(Connection, ASuspendedPortalComesBeforeWhatRunsBetweenItsFetches) {
  Talk talk;
  talk.client(parse("", "SELECT a FROM t") + bind("c", "", {}) + execute("c", 1) + sync())
      .server(simple('1') + simple('2') + row({"1"}) + simple('s') + ready('T'));
  talk.client(query("SELECT 2")).server(complete("SELECT 1") + ready('T'));
  talk.client(execute("c", 1) + sync()).server(complete("SELECT 0") + ready('T'));
  EXPECT_THAT(talk.finish(), ElementsAre("executed SELECT a FROM t rows=1", "executed SELECT 2 rows=1"));
  EXPECT_EQ(talk.counts.late_fetches, 1U);
}

TEST(Connection, SyncSentAheadOfCopyDataIsIgnoredByTheServer) {
  Talk talk;
  talk.client(parse("", "COPY t FROM STDIN") + bind("", "", {}) + execute("") + sync());
  talk.server(simple('1') + simple('2') + Message('G').u8(0).u16(0).done());
  talk.client(Message('d').bytes("1\n").done() + simple('c') + sync());
  talk.server(complete("COPY 1") + ready());
  talk.client(query("SELECT 1")).server(complete("SELECT 1") + ready());
  EXPECT_THAT(talk.finish(), ElementsAre("executed COPY t FROM STDIN rows=1", "executed SELECT 1 rows=1"));
  EXPECT_EQ(talk.counts.unmatched, 0U);
}

TEST(Connection, LateCopyDataAfterAnErrorIsNothing) {
  Talk talk;
  talk.client(query("COPY t FROM STDIN")).server(Message('G').u8(0).u16(0).done());
  talk.client(Message('d').bytes("x\n").done());
  talk.server(error("22P02", "invalid input") + ready());
  talk.client(Message('d').bytes("y\n").done() + simple('c'));
  talk.client(query("SELECT 1")).server(complete("SELECT 1") + ready());
  EXPECT_THAT(talk.finish(), ElementsAre("failed 22P02 COPY t FROM STDIN", "executed SELECT 1 rows=1"));
}

TEST(Connection, NoticesAndTheirKinMayComeAnywhere) {
  const std::string notice = Message('N').u8('M').text("hello").u8(0).done();
  const std::string status = Message('S').text("TimeZone").text("UTC").done();
  const std::string notification = Message('A').u32(1).text("c").text("p").done();
  Talk talk;
  talk.client(query("SELECT 1"))
      .server(notice + row_description({{"a"}}) + status + row({"1"}) + notification + complete("SELECT 1") +
              notice + ready() + notification);
  EXPECT_THAT(talk.finish(), ElementsAre("executed SELECT 1 rows=1"));
}

TEST(Connection, EncryptionRefusedThenPlain) {
  Talk talk(false);
  talk.client(Message().u32(80877104).done()).server("N").client(Message().u32(80877103).done()).server("N");
  talk.client(startup()).server(welcome());
  talk.client(query("SELECT 1")).server(complete("SELECT 1") + ready());
  EXPECT_THAT(talk.finish(), ElementsAre("executed SELECT 1 rows=1"));
  EXPECT_EQ(talk.counts.encrypted, 0U);
}

TEST(Connection, EncryptionIsCounted) {
  Talk asked(false);
  asked.client(Message().u32(80877103).done()).server("S").client("\x16\x03\x01garbage");
  EXPECT_THAT(asked.finish(), IsEmpty());
  EXPECT_EQ(asked.counts.encrypted, 1U);
  Talk direct(false);
  direct.client("\x16\x03\x01\x02garbage");
  EXPECT_EQ(direct.counts.encrypted, 1U);
}

TEST(Connection, SqlLevelPreparedStatements) {
  Talk talk;
  talk.client(query("PREPARE st (int) AS SELECT * FROM t WHERE a = $1"))
      .server(complete("PREPARE") + ready());
  talk.client(query("EXECUTE st(7)")).server(complete("SELECT 0") + ready());
  talk.client(query("DEALLOCATE st")).server(complete("DEALLOCATE") + ready());
  talk.client(query("EXECUTE st(7)")).server(error("26000", "does not exist") + ready());
  const std::vector<std::string> lines = talk.finish();
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[1], "executed SELECT * FROM t WHERE a = $1 $1='7' rows=0");
  EXPECT_EQ(lines[3], "failed 26000 EXECUTE st(7)");
}

TEST(Connection, BinaryKeysHashLikeTheirText) {
  Talk talk;
  talk.client(parse("s", "SELECT id FROM t WHERE a = $1") + describe('S', "s") + sync())
      .server(simple('1') + Message('t').u16(1).u32(20).done() + row_description({{"id", 9, 1, 20}}) +
              ready());
  talk.client(bind("", "s", {{Message().u64(42).body(), true}}, true) + execute("") + sync())
      .server(simple('2') + row({Message().u64(77).body()}) + complete("SELECT 1") + ready());
  EXPECT_THAT(talk.finish(), ElementsAre("executed SELECT id FROM t WHERE a = $1 $1='42' rows=1"));
  ASSERT_EQ(talk.log.cells.front().size(), 1U);
  EXPECT_EQ(talk.log.cells.front().front().value_hash, slot_value_hash("77"));
}

TEST(Connection, MidStream) {
  Talk talk(false);
  talk.connection.start_mid_stream();
  talk.server("in the middle of a row");
  talk.client(bind("", "s", {}) + execute("") + sync()).server(simple('2') + complete("SELECT 1") + ready());
  talk.client(query("SELECT 1")).server(complete("SELECT 1") + ready());
  EXPECT_THAT(talk.finish(), ElementsAre("executed SELECT 1 rows=1"));
  EXPECT_EQ(talk.counts.unknown_statements, 1U);
}

TEST(Connection, AHoleInTheAnswerLeavesTheExecution) {
  Talk talk;
  talk.client(query("SELECT a FROM t")).server(row_description({{"a"}}) + row({"1"}));
  talk.connection.gap(Side::kServer, 5000, talk.now);
  talk.client(query("SELECT 1")).server(complete("SELECT 1") + ready());
  EXPECT_THAT(talk.finish(), ElementsAre("executed SELECT a FROM t", "executed SELECT 1 rows=1"));
  EXPECT_EQ(talk.counts.gaps, 1U);
}

// Any cut of the streams into pieces gives the same events.
TEST(Connection, PiecesDoNotMatter) {
  const std::string requests = startup();
  const std::string more = parse("s", "SELECT $1", {25}) + bind("", "s", {{"x"}}) + execute("") + sync();
  const std::string answers = simple('1') + simple('2') + row({"x"}) + complete("SELECT 1") + ready();
  Talk talk(false);
  for (const char byte : requests) talk.client({&byte, 1});
  for (const char byte : welcome()) talk.server({&byte, 1});
  for (const char byte : more) talk.client({&byte, 1});
  for (const char byte : answers) talk.server({&byte, 1});
  EXPECT_THAT(talk.finish(), ElementsAre("executed SELECT $1 $1='x' rows=1"));
}

// Whatever is cut off or changed, nothing breaks and memory stays small.
TEST(Connection, DamageIsSurvived) {
  const std::string requests = startup() + parse("s", "SELECT $1", {23}) + describe('S', "s") +
                               bind("p", "s", {{"1"}, {Message().u32(5).body(), true}}) + execute("p", 3) +
                               sync() + query("SELECT 1; SELECT 2");
  const std::string answers = welcome() + simple('1') + Message('t').u16(1).u32(23).done() +
                              row_description({{"id", 1, 1}}) + simple('2') + row({"1"}) +
                              complete("SELECT 1") + ready() + complete("SELECT 1") + complete("SELECT 1") +
                              ready();
  for (size_t at = 0; at < requests.size(); ++at) {
    for (const int change : {0, 1, 0x7f, 0xff}) {
      Talk talk(false);
      std::string broken = requests;
      broken[at] = static_cast<char>(change);
      talk.client(broken).server(answers).client(requests).server(answers);
      talk.finish();
    }
  }
  for (size_t at = 0; at < answers.size(); ++at) {
    Talk talk(false);
    std::string broken = answers;
    broken[at] = static_cast<char>(broken[at] ^ 0x55);
    talk.client(requests).server(broken);
    talk.connection.gap(Side::kClient, at, talk.now);
    talk.client(requests).server(answers.substr(at));
    talk.finish();
  }
}

}  // namespace
}  // namespace pgsieve
