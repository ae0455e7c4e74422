// Manners on a terminal and off one, by the real program on a pseudo-terminal.
#include "tools/pgsieve/terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "analyzer/base/utf8.h"
#include "tests/tools/pseudo_terminal.h"

namespace pgsieve {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kLog = std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/quickstart/postgresql.log";
const char* const kColor = "\x1b[";

TerminalRun with(std::vector<std::string> environment) {
  TerminalRun run;
  run.environment = std::move(environment);
  return run;
}

TEST(Terminal, ColourIsForTerminalsThatWantIt) {
  EXPECT_THAT(run_on_terminal({"report", kLog}, {}).out, HasSubstr(kColor));
  EXPECT_THAT(run_on_terminal({"report", kLog}, with({"NO_COLOR=1"})).out, Not(HasSubstr(kColor)));
  EXPECT_THAT(run_on_terminal({"report", kLog}, with({"NO_COLOR="})).out, HasSubstr(kColor));
  EXPECT_THAT(run_on_terminal({"report", kLog}, with({"TERM=dumb"})).out, Not(HasSubstr(kColor)));
  EXPECT_THAT(run_on_terminal({"report", kLog, "--color", "never"}, {}).out, Not(HasSubstr(kColor)));
  EXPECT_THAT(run_pgsieve({"report", kLog}, {}, {"FORCE_COLOR=1"}).out, HasSubstr(kColor));
  EXPECT_THAT(run_pgsieve({"report", kLog}, {}, {"FORCE_COLOR=0"}).out, Not(HasSubstr(kColor)));
}

// Columns of the longest line, escape sequences not counted, words that can't be broken left out.
size_t widest(const std::string& text) {
  size_t most = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    for (size_t at = line.find('\x1b'); at != std::string::npos; at = line.find('\x1b'))
      line.erase(at, line.find('m', at) - at + 1);
    while (!line.empty() && line.back() == '\r') line.pop_back();
    const bool prose = line.starts_with("            ") && !line.starts_with("              ");
    if (prose) most = std::max(most, utf8_columns(line));
  }
  return most;
}

TEST(Terminal, WidthIsTheTerminalsElseColumns) {
  TerminalRun run;
  run.columns = 72;
  const size_t narrow = widest(run_on_terminal({"report", kLog}, run).out);
  EXPECT_LE(narrow, 72U);
  EXPECT_GT(narrow, 40U);
  run.columns = 140;
  const size_t wide = widest(run_on_terminal({"report", kLog}, run).out);
  EXPECT_LE(wide, 140U);
  EXPECT_GT(wide, 100U);
  EXPECT_LE(widest(run_pgsieve({"report", kLog}, {}, {"COLUMNS=64"}).out), 64U);
}

TEST(Terminal, LongDocumentsGoThroughThePagerThere) {
  const TerminalRun paged = with({"PGSIEVE_PAGER=sed s/^/PAGED:/"});
  EXPECT_THAT(run_on_terminal({"rules", "n-plus-one"}, paged).out, HasSubstr("PAGED:"));
  EXPECT_THAT(run_on_terminal({"report", "--help"}, paged).out, HasSubstr("PAGED:"));
  EXPECT_THAT(run_on_terminal({"--no-pager", "rules", "n-plus-one"}, paged).out, Not(HasSubstr("PAGED:")));
  EXPECT_THAT(run_on_terminal({"rules"}, paged).out, Not(HasSubstr("PAGED:")));         // short
  EXPECT_THAT(run_on_terminal({"report", kLog}, paged).out, Not(HasSubstr("PAGED:")));  // no document
  EXPECT_THAT(run_pgsieve({"rules", "n-plus-one"}, {}, paged.environment).out, Not(HasSubstr("PAGED:")));
  EXPECT_THAT(run_on_terminal({"rules", "n-plus-one"}, with({"PAGER=cat"})).out, HasSubstr("n-plus-one"));
  // A pager that is not there is no reason to show nothing.
  EXPECT_THAT(run_on_terminal({"rules", "n-plus-one"}, with({"PAGER=/nonexistent/pager"})).out,
              HasSubstr("## "));
}

TEST(Terminal, APagerLeftEarlyIsNoFailure) {
  EXPECT_EQ(run_on_terminal({"rules", "n-plus-one"}, with({"PAGER=true"})).exit_code, 0);
}

TEST(Terminal, ProgressOnlyWhereStandardErrorIsATerminal) {
  EXPECT_THAT(run_pgsieve({"report", kLog}).err, IsEmpty());
  TerminalRun run;
  run.output_elsewhere = true;
  const RunResult result = run_on_terminal({"report", kLog, "-o", "json"}, run);
  EXPECT_EQ(result.err.front(), '{');  // nothing but the format on standard output
}

TEST(Terminal, ControlCharactersOfAFileNameStayText) {
  const RunResult result = run_on_terminal({"report", "/nonexistent/\x1b]0;x\x07.log"}, with({"NO_COLOR=1"}));
  EXPECT_THAT(result.out, Not(HasSubstr("\x1b]")));
  EXPECT_THAT(result.out, HasSubstr("\\x1b]0;x\\x07"));
}

TEST(Terminal, AReaderThatGoesAwayIsNoError) {
  TemporaryDirectory directory;
  const std::string json = directory.path("out.json");
  const RunResult result = run_command(
      {"sh", "-c",
       std::string(PGSIEVE_BINARY) + " report '" + kLog + "' -o text -o json:" + json + " | true"});
  EXPECT_THAT(result.err, IsEmpty());
  EXPECT_THAT(read_file(json), HasSubstr("pgsieve.report/1"));  // the other output is written all the same
}

TEST(Terminal, AnInterruptedRunSaysThatItIsPartial) {
  // Standard input that does not end by itself: only Ctrl-C ends it. The signal is sent once the program
  // awaits it (SIGINT is the second lowest bit of the caught ones).
  TemporaryDirectory directory;
  const std::string pipe = directory.path("pipe");
  const std::string script = directory.write(
      "run.sh",
      "mkfifo " + pipe + "\n" + std::string(PGSIEVE_BINARY) + " report - -o json < " + pipe +
          " & pid=$!\nexec 3> " + pipe + "\ncat '" + kLog +
          "' >&3\nuntil grep -q '^SigCgt:.*[2367abef]$' /proc/$pid/status; do sleep 0.1; done\nsleep 1\n"
          "kill -INT $pid\nwait $pid\necho \"code $?\"\n");
  const RunResult result = run_command({"timeout", "60", "bash", script});
  EXPECT_THAT(result.out, HasSubstr("code 130"));
  EXPECT_THAT(result.out, HasSubstr("\"partial\": true"));
}

TEST(CiLog, HostileTextStartsNoCommand) {
  TemporaryDirectory directory;
  const std::string log =
      directory.write("a.log",
                      "2026-11-22 01:00:00.000 UTC [7] LOG:  duration: 1.0 ms  statement: SELECT 1 AS \"a\n"
                      "\t::error::owned\n\t##[error]x\" FROM t\n");
  const RunResult github = run_pgsieve({"report", log}, {}, {"GITHUB_ACTIONS=true", "CI=true", "COLUMNS=60"});
  std::istringstream lines(github.out + github.err);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_NE(line.substr(std::min(line.size(), line.find_first_not_of(" \t")), 2), "::") << line;
    EXPECT_EQ(line.find("##["), std::string::npos) << line;
  }
}

TEST(CiLog, LintInGitHubActionsAnnotatesAndSummarises) {
  TemporaryDirectory directory;
  const std::string summary = directory.write("summary.md", "# earlier step\n");
  const std::vector<std::string> environment{"GITHUB_ACTIONS=true", "CI=true",
                                             "GITHUB_STEP_SUMMARY=" + summary};
  const RunResult lint = run_pgsieve({"lint", kLog, "--source-root", ""}, {}, environment);
  EXPECT_EQ(lint.exit_code, 1);
  EXPECT_THAT(lint.out, HasSubstr("\n::error "));
  EXPECT_THAT(read_file(summary), HasSubstr("# earlier step\n## pgsieve: "));
  // A format for machines on standard output has it to itself.
  EXPECT_THAT(run_pgsieve({"lint", kLog, "-o", "json"}, {}, environment).out, Not(HasSubstr("::error ")));
  EXPECT_THAT(run_pgsieve({"report", kLog}, {}, environment).out, Not(HasSubstr("::error ")));
  directory.write("summary.md", std::string(999'900, 'x'));
  EXPECT_THAT(run_pgsieve({"lint", kLog, "--source-root", ""}, {}, environment).err,
              HasSubstr("no room left in this step's summary"));
}

TEST(CiLog, LintInGitLabNamesTheReportItWouldShow) {
  const RunResult result =
      run_pgsieve({"lint", kLog, "--source-root", ""}, {}, {"GITLAB_CI=true", "CI=true"});
  EXPECT_THAT(result.err, HasSubstr("-o gitlab:gl-code-quality-report.json"));
}

}  // namespace
}  // namespace pgsieve
