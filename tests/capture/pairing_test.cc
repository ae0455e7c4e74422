// From lines to Events: pairing, accounts, damage.
#include <gtest/gtest.h>

#include <random>

#include "tests/capture/collect.h"

namespace pgsieve {
namespace {

using testing::fixture;
using testing::ingest_text;
using testing::Ingested;

const std::string kHead = "2026-11-22 01:02:03.004 UTC [77] ";

void expect_account(const Ingested& got, size_t bytes) {
  EXPECT_EQ(got.stats.entry_bytes + got.stats.unread_bytes + got.stats.blank_bytes, bytes);
}

TEST(Pairing, NoSessionInformation) {
  const Ingested got =
      ingest_text("2026-11-22 01:02:03.004 UTC LOG:  duration: 1.0 ms  statement: select 1\n");
  EXPECT_EQ(got.stats.executions, 1u);
  EXPECT_EQ(got.stats.no_session, 1u);
  EXPECT_EQ(got.kept.events.at(0).session, 0u);
}

TEST(Pairing, AnnouncedStatementThatFailsIsOneFailure) {
  const Ingested got = ingest_text(kHead + "LOG:  statement: select 1/0\n" + kHead +
                                   "ERROR:  division by zero\n" + kHead + "STATEMENT:  select 1/0\n");
  EXPECT_EQ(got.stats.executions, 0u);
  ASSERT_EQ(got.stats.errors, 1u);
  EXPECT_EQ(got.kept.events.at(0).error_message, "division by zero");
}

TEST(Pairing, ErrorParametersComeFromContext) {
  const Ingested got = ingest_text(kHead + "ERROR:  division by zero\n" + kHead +
                                   "CONTEXT:  unnamed portal with parameters: $1 = '0', $2 = NULL\n" + kHead +
                                   "STATEMENT:  select 1/$1, $2\n");
  ASSERT_EQ(got.stats.errors, 1u);
  EXPECT_EQ(got.kept.events.at(0).parameters, (std::vector<std::string>{"'0'", "NULL"}));
}

// A prefix without pid: an error is not taken for another client's whose statement came just before.
TEST(Pairing, ErrorsOfOtherClientsWithoutSessions) {
  const std::string error = "u@d app2 ERROR:  relation \"nope\" does not exist\n";
  IngestOptions options;
  options.prefix = "%u@%d %a ";
  options.prefix_given = true;
  const Ingested got = ingest_text("u@d app1 LOG:  duration: 1.000 ms  statement: SELECT 1\n" + error +
                                       "u@d app2 STATEMENT:  SELECT * FROM nope\n",
                                   options);
  ASSERT_EQ(got.kept.events.size(), 2u);
  EXPECT_EQ(got.kept.events[0].application, "app1");
  EXPECT_EQ(got.kept.events[1].application, "app2");
  EXPECT_EQ(got.kept.events[1].text, "SELECT * FROM nope");
}

TEST(Pairing, SlowBindWithoutExecuteIsAnOrphan) {
  const Ingested got = ingest_text(kHead + "LOG:  duration: 26.0 ms  bind S_1: select $1\n" + kHead +
                                   "LOG:  duration: 30.0 ms  bind S_1: select $1\n" + kHead +
                                   "LOG:  duration: 40.0 ms  execute S_1: select $1\n" + kHead +
                                   "DETAIL:  Parameters: $1 = '5'\n");
  EXPECT_EQ(got.stats.orphan_binds, 1u);
  ASSERT_EQ(got.stats.executions, 1u);
  EXPECT_EQ(got.kept.events.at(0).prepare, 30'000);
  EXPECT_EQ(got.kept.events.at(0).parameters.at(0), "'5'");
}

TEST(Pairing, RaisedImitationIsNoStatement) {
  const Ingested got = ingest_text(kHead + "LOG:  duration: 1.0 ms  statement: select fake\n" + kHead +
                                   "CONTEXT:  PL/pgSQL function f() line 1 at RAISE\n");
  EXPECT_EQ(got.stats.executions, 0u);
}

// The statement whose function raised it has been announced, and still gets its duration.
TEST(Pairing, RaisedImitationTakesNoDuration) {
  const Ingested got = ingest_text(
      kHead + "LOG:  statement: select f()\n" + kHead + "LOG:  duration: 1.0 ms  statement: select fake\n" +
      kHead + "CONTEXT:  PL/pgSQL function f() line 1 at RAISE\n" + kHead + "LOG:  duration: 2.000 ms\n" +
      kHead + "LOG:  statement: select 2\n" + kHead + "LOG:  duration: 3.000 ms  statement: select 3\n");
  ASSERT_EQ(got.stats.executions, 3u);
  EXPECT_EQ(got.kept.events[0].text, "select f()");
  EXPECT_EQ(got.kept.events[0].duration, 2000);
  EXPECT_EQ(got.kept.events[1].text, "select 2");
  EXPECT_EQ(got.kept.events[2].text, "select 3");
  EXPECT_EQ(got.stats.orphan_durations, 0u);
}

// stderr adds where to the message, in its language.
TEST(Pairing, TheMessageOfAnErrorEndsBeforeItsPosition) {
  for (const char* where :
       {" at character 15", " bei Zeichen 15", "(15文字目)", " (символ 15)", " 15 번째 문자 부근"}) {
    const Ingested got = ingest_text(kHead + "ERROR:  no relation" + where + "\n" + kHead +
                                     "STATEMENT:  select * from nope\n");
    ASSERT_EQ(got.stats.errors, 1u);
    EXPECT_EQ(got.kept.events[0].error_message, "no relation");
  }
}

TEST(Pairing, LocalisedMessages) {
  const Ingested got = ingest_text(kHead + "LOG:  Dauer: 1.500 ms  Anweisung: select 1\n" + kHead +
                                   "LOG:  durée : 2.500 ms, instruction : select 2\n" + kHead +
                                   "СООБЩЕНИЕ:  продолжительность: 3.500 мс, выполнение S_1: select $1\n" +
                                   kHead + "ПОДРОБНОСТИ:  параметры: $1 = '7'\n");
  ASSERT_EQ(got.stats.executions, 3u);
  EXPECT_EQ(got.kept.events[1].duration, 2500);
  EXPECT_EQ(got.kept.events[2].parameters, (std::vector<std::string>{"'7'"}));
  EXPECT_GT(got.stats.localized_entries, 0u);
}

TEST(Reading, SqueezedBlanksCrlfBomAndForeignLines) {
  const std::string text =
      "\xEF\xBB\xBF" + kHead +
      "LOG: duration: 1.0 ms statement: select 1,\r\n\t2\r\n\r\npg_ctl: could not start\r\n" + kHead +
      "LOG:  checkpoint starting\r\n\xFF\xFE garbage\r\n";
  const Ingested got = ingest_text(text);
  ASSERT_EQ(got.error, "");
  EXPECT_EQ(got.kept.events.at(0).text, "select 1,\n2");
  EXPECT_EQ(got.stats.unread_lines, 2u);
  expect_account(got, text.size());
}

TEST(Reading, TrimmedTabsAreContinuations) {
  const std::string text =
      kHead + "LOG:  duration: 1.0 ms  statement: select a\nfrom t\nwhere b = 1\n" + kHead + "LOG:  x\n";
  const Ingested got = ingest_text(text);
  EXPECT_EQ(got.kept.events.at(0).text, "select a\nfrom t\nwhere b = 1");
  expect_account(got, text.size());
}

// Where the tabs are still there, a line without one is another program's.
TEST(Reading, ForeignLinesBehindAStatement) {
  const std::string text = kHead + "LOG:  duration: 1.0 ms  statement: select a\n\tfrom t\n" + kHead +
                           "LOG:  duration: 1.0 ms  statement: COMMIT\nsome program: hello\n";
  const Ingested got = ingest_text(text);
  EXPECT_EQ(got.kept.events.at(1).text, "COMMIT");
  EXPECT_EQ(got.stats.unread_lines, 1u);
  expect_account(got, text.size());
}

TEST(Reading, NothingThatIsALog) {
  EXPECT_NE(ingest_text("hello\nworld\n").error.find("matched 0 of 2 lines"), std::string::npos);
  EXPECT_NE(ingest_text("").error.find("empty"), std::string::npos);
  EXPECT_NE(
      ingest_text("2026-11-22 01:02:03.004 UTC [12] LOG C-0x55d0: db/u@1.2.3.4:5 login attempt: db=db\n")
          .error.find("PgBouncer"),
      std::string::npos);
  IngestOptions wrong;
  wrong.prefix = "%u|%p|";
  wrong.prefix_given = true;
  EXPECT_NE(ingest_text(kHead + "LOG:  x\n", wrong).error.find("with prefix '%u|%p|'"), std::string::npos);
}

TEST(Reading, CutCsvRowIsPassedOver) {
  std::string text = testing::slurp(fixture("all.csv"));
  const size_t row = text.find("\n2026-11-22 00:51:18.573");
  const size_t middle = text.find("SELECT * FROM child", row) + 10;
  const size_t next = text.find("\n2026-", middle);
  text.erase(middle, next - middle);
  const Ingested got = ingest_text(text);
  EXPECT_EQ(got.stats.executions, 249u);
  EXPECT_EQ(got.stats.errors, 2u);
  ASSERT_FALSE(got.stats.warnings.empty());
  expect_account(got, text.size());
}

TEST(Reading, LongLineIsBounded) {
  IngestOptions options;
  options.max_entry_bytes = 100'000;
  PipelineLimits limits;
  limits.chunk_bytes = 10'000;
  const std::string text = kHead + "LOG:  duration: 1.0 ms  statement: select '" +
                           std::string(1'000'000, 'x') + "'\n" + kHead +
                           "LOG:  duration: 1.0 ms  statement: select 2\n";
  const Ingested got = ingest_text(text, options, limits);
  ASSERT_EQ(got.stats.executions, 2u);
  EXPECT_LE(got.kept.events[0].text.size(), 100'000u);
  EXPECT_EQ(got.kept.events[1].text, "select 2");
  expect_account(got, text.size());
}

TEST(Pipeline, ThreadsAndChunksNeverChangeTheEvents) {
  for (const char* name : {"all.log", "all.csv", "all.json", "stmtall.log.gz", "explboth.csv.gz"}) {
    const Ingested whole = testing::ingest_file(fixture(name));
    for (const unsigned threads : {1U, 4U}) {
      IngestOptions options;
      options.threads = threads;
      PipelineLimits limits;
      limits.chunk_bytes = 1500;
      const Ingested cut = testing::ingest_file(fixture(name), options, limits);
      ASSERT_EQ(cut.kept.events.size(), whole.kept.events.size()) << name;
      for (size_t i = 0; i < cut.kept.events.size(); ++i) {
        ASSERT_EQ(testing::facts(cut.kept.events[i]), testing::facts(whole.kept.events[i])) << name;
        ASSERT_EQ(cut.kept.events[i].line, whole.kept.events[i].line) << name;
        ASSERT_EQ(cut.kept.events[i].session, whole.kept.events[i].session) << name;
      }
      EXPECT_EQ(cut.stats.lines, whole.stats.lines);
    }
  }
}

TEST(Pipeline, EveryByteIsAccountedForWhateverTheDamage) {
  std::mt19937 random(7);
  for (const char* name : {"all.log", "all.csv", "all.json"}) {
    const std::string original = testing::slurp(fixture(name)).substr(0, 40'000);
    for (int round = 0; round < 60; ++round) {
      std::string text = original.substr(0, 20'000 + random() % 20'000);
      for (int i = 0; i < 8; ++i) {
        const size_t at = random() % text.size();
        switch (random() % 4) {
          case 0:
            text[at] = static_cast<char>(random());
            break;
          case 1:
            text.erase(at, random() % 300);
            break;
          case 2:
            text.insert(at, "\n\"\t\r,");
            break;
          default:
            text[at] = '"';
            break;
        }
      }
      PipelineLimits limits;
      limits.chunk_bytes = 1000 + random() % 5000;
      const Ingested got = ingest_text(text, {}, limits);
      if (got.error.empty()) expect_account(got, text.size());
    }
  }
}

TEST(Pipeline, NewestFirstIsTurnedAround) {
  std::string text = testing::slurp(fixture("all.json"));
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at) + 1;
    lines.push_back(text.substr(at, end - at));
    at = end;
  }
  std::string reversed;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) reversed += *line;
  const Ingested got = ingest_text(reversed);
  EXPECT_EQ(got.stats.executions, 250u);
  EXPECT_EQ(got.stats.orphan_binds, 0u);
  EXPECT_EQ(got.kept.with_text("WHERE id <= $1 ORDER BY id").at(0).fetches, 3u);
}

TEST(Pipeline, RotatedFilesContinueSessionsInAnyOrderGiven) {
  const std::string text = testing::slurp(fixture("all.log"));
  const size_t cut = text.find("execute S_1: SELECT * FROM child WHERE parent_id = $1", text.size() / 3);
  const size_t middle = text.rfind('\n', cut) + 1;
  const testing::TempFile older(text.substr(0, middle));
  const testing::TempFile newer(text.substr(middle));
  testing::Keeper both;
  const auto stats = ingest({newer.path(), older.path(), newer.path()}, {}, both);
  ASSERT_TRUE(stats.ok());
  const Ingested whole = testing::ingest_file(fixture("all.log"));
  ASSERT_EQ(both.events.size(), whole.kept.events.size());
  for (size_t i = 0; i < both.events.size(); ++i) {
    EXPECT_EQ(testing::facts(both.events[i]), testing::facts(whole.kept.events[i]));
    EXPECT_EQ(both.events[i].session, whole.kept.events[i].session);
  }
  EXPECT_EQ(stats->warnings.size(), 1u);  // the file that was given twice
}

TEST(Pipeline, FiltersApplyAfterPairing) {
  IngestOptions options;
  options.applications = {"params"};
  const Ingested got = testing::ingest_file(fixture("all.csv"), options);
  EXPECT_EQ(got.stats.executions, 8u);
  EXPECT_EQ(got.stats.filtered, 244u);
}

// A log that is read up to now, and further tomorrow: a plan at its end waits for its statement's entry,
// which is counted.
TEST(Pairing, APlanAtTheEndIsNoExecutionWhereStatementsAreLogged) {
  const std::string statement = kHead + "LOG:  duration: 5.0 ms  statement: select 1\n";
  const auto plan = [](const std::string& duration) {
    return kHead + "LOG:  duration: " + duration +
           " ms  plan:\n\tQuery Text: select 2\n\tSeq Scan on t  (cost=0..1 rows=2 width=3)\n";
  };
  const Ingested cut = ingest_text(statement + plan("7.0"));
  EXPECT_EQ(cut.stats.executions, 1u);
  EXPECT_EQ(cut.kept.of(Event::Kind::kNestedPlan).size(), 1u);
  // Too short for an entry of its own, alone, or before another statement: it was an execution.
  EXPECT_EQ(ingest_text(statement + plan("3.0")).stats.executions, 2u);
  EXPECT_EQ(ingest_text(plan("7.0")).stats.executions, 1u);
  EXPECT_EQ(ingest_text(statement + plan("7.0") + statement).stats.executions, 3u);
}

// log_statement_sample_rate draws lots for each line: executes come without their binds.
TEST(Pairing, ASampleOfStatementsIsSaid) {
  const std::string bind =
      kHead + "LOG:  duration: 0.1 ms  bind S_1: select $1\n" + kHead + "DETAIL:  parameters: $1 = '1'\n";
  const std::string execute =
      kHead + "LOG:  duration: 0.1 ms  execute S_1: select $1\n" + kHead + "DETAIL:  parameters: $1 = '1'\n";
  std::string whole, sample, slow;
  for (int i = 0; i < 30; ++i) {
    whole += bind + execute;
    sample += i % 3 == 0 ? bind + execute : execute;
    slow += kHead + "LOG:  duration: 20.0 ms  execute S_1: select $1\n" + kHead +
            "DETAIL:  parameters: $1 = '1'\n";
  }
  EXPECT_EQ(ingest_text(whole).stats.settings.count("log_statement_sample_rate"), 0u);
  EXPECT_EQ(ingest_text(slow).stats.settings.count("log_statement_sample_rate"), 0u);
  EXPECT_EQ(ingest_text(sample).stats.settings.at("log_statement_sample_rate"),
            "below 1: 67% of the executions come without the bind before them");
}

}  // namespace
}  // namespace pgsieve
