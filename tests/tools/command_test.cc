// The program as its users meet it: exit codes, streams, and what it says about input that is wrong.
#include <gmock/gmock.h>
#include <cstdint>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/tools/run_program.h"

namespace pgsieve {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kFixtures = std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/quickstart";
const std::string kLog = kFixtures + "/postgresql.log";
const std::string kSchema = kFixtures + "/schema.sql";

// Statements of one session, in the prefix that PostgreSQL has by default.
std::string stderr_log(int statements, const std::string& line_end = "\n") {
  std::string log;
  for (int number = 0; number < statements; ++number) {
    log += "2026-11-22 01:00:0" + std::to_string(number % 10) +
           ".000 UTC [77] LOG:  duration: 1.500 ms  statement: SELECT " +
           "name FROM users WHERE id = " + std::to_string(number) + line_end;
  }
  return log;
}

json report(std::vector<std::string> arguments, const std::string& input = {}) {
  arguments.insert(arguments.begin(), "report");
  arguments.insert(arguments.end(), {"-o", "json", "--top", "0"});
  const RunResult result = run_pgsieve(arguments, input);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return json::parse(result.out, nullptr, false);
}

uint64_t executions(const json& document) {
  return document["ingest"]["executions"].get<uint64_t>();
}

TEST(Command, MistypedNamesGetASuggestion) {
  const RunResult command = run_pgsieve({"reprot", "a.log"});
  EXPECT_EQ(command.exit_code, 2);
  EXPECT_THAT(command.err, HasSubstr("did you mean 'report'?"));
  EXPECT_THAT(command.out, IsEmpty());
  const RunResult option = run_pgsieve({"report", "--shcema", "x", "a.log"});
  EXPECT_EQ(option.exit_code, 2);
  EXPECT_THAT(option.err, HasSubstr("did you mean '--schema'?"));
  const RunResult rule = run_pgsieve({"rules", "n-plus-on"});
  EXPECT_EQ(rule.exit_code, 2);
  EXPECT_THAT(rule.err, HasSubstr("did you mean 'n-plus-one'?"));
}

TEST(Command, TheSchemaSaysWhatAStarBringsAlready) {
  const std::string fixtures = std::string(PGSIEVE_SOURCE_DIR) + "/fixtures";
  const std::string log = fixtures + "/traffic/tickets_eloquent_n1_small3/dur.stderr.log";
  const json known =
      report({log, "--schema", fixtures + "/schema/traffic_tickets.sql", "--rule", "n-plus-one"});
  ASSERT_EQ(known["findings"].size(), 1U);
  EXPECT_THAT(known["findings"][0]["parent_query"].get<std::string>(), HasSubstr("tkt_tickets"));
  EXPECT_EQ(known["findings"][0]["count"], 3);
}

TEST(Command, HelpAndVersionAreNoFailures) {
  EXPECT_EQ(run_pgsieve({"--help"}).exit_code, 0);
  EXPECT_EQ(run_pgsieve({"report", "--help"}).exit_code, 0);
  const RunResult version = run_pgsieve({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.out, HasSubstr("pgsieve 0."));
  EXPECT_EQ(run_pgsieve({}).exit_code, 2);
}

TEST(Command, ReportExitsZeroAndLintOneOnTheSameFindings) {
  const RunResult report_result = run_pgsieve({"report", kLog, "--schema", kSchema});
  EXPECT_EQ(report_result.exit_code, 0) << report_result.err;
  EXPECT_THAT(report_result.out, HasSubstr("n-plus-one"));
  EXPECT_THAT(report_result.out, HasSubstr("--prefix '%m [%p] %q%u@%d %a '"));
  EXPECT_THAT(report_result.out, Not(HasSubstr("\x1b[")));
  EXPECT_THAT(report_result.err, IsEmpty());
  EXPECT_EQ(run_pgsieve({"lint", kLog, "--schema", kSchema}).exit_code, 1);
  EXPECT_EQ(run_pgsieve({"lint", kLog, "--fail-on", "never"}).exit_code, 0);
}

TEST(Command, LintExitsZeroWithoutFindings) {
  TemporaryDirectory directory;
  const std::string log = directory.write("a.log", stderr_log(1));
  EXPECT_EQ(run_pgsieve({"lint", log}).exit_code, 0);
}

TEST(Command, SeveralOutputsInOneRun) {
  TemporaryDirectory directory;
  const std::string file = directory.path("out.json");
  const RunResult result = run_pgsieve({"report", kLog, "-o", "text", "-o", "json:" + file});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("finding"));
  EXPECT_EQ(json::parse(read_file(file))["schema"], "pgsieve.report/1");
  EXPECT_EQ(run_pgsieve({"report", kLog, "-o", "json:/nonexistent/out.json"}).exit_code, 2);
}

TEST(Command, ColourOnlyWhenForced) {
  EXPECT_THAT(run_pgsieve({"report", kLog}, {}, {"CLICOLOR_FORCE=1"}).out, HasSubstr("\x1b["));
  EXPECT_THAT(run_pgsieve({"report", kLog}, {}, {"CLICOLOR_FORCE=1", "NO_COLOR=1"}).out,
              Not(HasSubstr("\x1b[")));
  EXPECT_THAT(run_pgsieve({"report", kLog, "--color", "always"}, {}, {"NO_COLOR=1"}).out, HasSubstr("\x1b["));
}

TEST(Command, StandardInputIsAnInput) {
  EXPECT_EQ(executions(report({"-"}, stderr_log(5))), 5U);
}

TEST(Command, FingerprintNormalises) {
  const RunResult result = run_pgsieve({"fingerprint", "SELECT * FROM a WHERE b = 12; SELECT 1"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("SELECT * FROM a WHERE b = $1"));
  EXPECT_THAT(result.out, HasSubstr("50fde20626009aba"));  // libpg_query's documented fingerprint of SELECT 1
  EXPECT_EQ(run_pgsieve({"fingerprint", "-"}, "SELECT 2").out, run_pgsieve({"fingerprint", "SELECT 1"}).out);
  EXPECT_EQ(run_pgsieve({"fingerprint", "SELEC 1"}).exit_code, 3);
  EXPECT_EQ(run_pgsieve({"fingerprint"}, "").exit_code, 3);
}

// ---- input that is wrong

TEST(BadInput, MissingFileIsExitThree) {
  const RunResult result = run_pgsieve({"report", "/nonexistent/a.log"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("/nonexistent/a.log"));
}

TEST(BadInput, OneUnusableInputDoesNotHideTheOthers) {
  const RunResult result = run_pgsieve({"report", "/nonexistent/a.log", kLog});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("/nonexistent/a.log"));
  EXPECT_THAT(result.out, HasSubstr("n-plus-one"));
}

TEST(BadInput, EmptyInputIsExitThreeUnlessAllowed) {
  TemporaryDirectory directory;
  const std::string log = directory.write("empty.log", "");
  const RunResult result = run_pgsieve({"report", log});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, Not(IsEmpty()));
}

TEST(BadInput, ABinaryFileIsExitThree) {
  TemporaryDirectory directory;
  std::string bytes;
  for (int number = 0; number < 200000; ++number) bytes += static_cast<char>(number * 7919 >> 3);
  const RunResult result = run_pgsieve({"report", directory.write("core", bytes)});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, Not(HasSubstr("\x1b")));
}

TEST(BadInput, ALogWithoutStatementsSaysSo) {
  TemporaryDirectory directory;
  const std::string log =
      directory.write("a.log",
                      "2026-11-22 01:00:00.000 UTC [7] LOG:  checkpoint starting: time\n"
                      "2026-11-22 01:00:01.000 UTC [7] LOG:  checkpoint complete: wrote 3 buffers\n");
  const RunResult result = run_pgsieve({"report", log});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("no statements"));
}

TEST(BadInput, AWrongPrefixIsNeverASilentSuccess) {
  TemporaryDirectory directory;
  const std::string log = directory.write("a.log", stderr_log(5));
  const RunResult result = run_pgsieve({"report", log, "--prefix", "%t:%r:%u@%d:[%p]: "});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("%t:%r:%u@%d:[%p]: "));
}

TEST(BadInput, ATruncatedLastLineLosesNothingElse) {
  TemporaryDirectory directory;
  const std::string cut = stderr_log(5) + "2026-11-22 01:00:09.000 UTC [77] LOG:  dura";
  EXPECT_EQ(executions(report({directory.write("a.log", cut)})), 5U);
}

TEST(BadInput, CarriageReturnsAreNoObstacle) {
  TemporaryDirectory directory;
  const json document = report({directory.write("a.log", stderr_log(5, "\r\n"))});
  EXPECT_EQ(executions(document), 5U);
  EXPECT_EQ(document["patterns"].size(), 1U);
}

TEST(BadInput, InvalidUtf8ComesOutAsValidJson) {
  TemporaryDirectory directory;
  const std::string log =
      stderr_log(3) +
      "2026-11-22 01:00:09.000 UTC [77] LOG:  duration: 1.0 ms  statement: SELECT \"caf\xe9\" FROM t\n";
  const json document = report({directory.write("a.log", log)});
  ASSERT_FALSE(document.is_discarded());
  EXPECT_EQ(executions(document), 4U);
}

TEST(BadInput, ATextThatImitatesALogEntryIsNone) {
  TemporaryDirectory directory;
  const std::string log =
      stderr_log(2) +
      "2026-11-22 01:00:09.000 UTC [77] LOG:  duration: 1.0 ms  statement: SELECT '\n"
      "\t2026-11-22 01:00:09.000 UTC [77] LOG:  duration: 9999.0 ms  statement: DROP TABLE users'\n";
  const json document = report({directory.write("a.log", log)});
  EXPECT_EQ(executions(document), 3U);
  EXPECT_EQ(document.dump().find("DROP TABLE"), std::string::npos);
}

TEST(BadInput, SchemaAndStatisticsFilesAreConfiguration) {
  EXPECT_EQ(run_pgsieve({"report", kLog, "--schema", "/nonexistent.sql"}).exit_code, 2);
  EXPECT_EQ(run_pgsieve({"report", kLog, "--stats", kFixtures + "/statistics.json"}).exit_code, 2);
}

}  // namespace
}  // namespace pgsieve
