// Help, manual and completions, which all come from the option tree.
#include "tools/pgsieve/option_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/tools/run_program.h"

namespace pgsieve {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

bool present(const std::string& program) {
  return run_command({"sh", "-c", "command -v " + program}).exit_code == 0;
}

TEST(Help, NamesEveryCommandAndWraps) {
  const std::string help = run_pgsieve({"--help"}, {}, {"COLUMNS=70"}).out;
  for (const char* command : {"report", "lint", "doctor", "init", "completion", "man", "exec"})
    EXPECT_THAT(help, HasSubstr(std::string("\n  ") + command + " "));
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 70U) << line;
  EXPECT_THAT(run_pgsieve({"completion", "--help"}).out,
              HasSubstr("Usage: pgsieve completion [OPTIONS] SHELL"));
}

TEST(Manual, PassesTheLinters) {
  TemporaryDirectory directory;
  const std::string page = directory.write("pgsieve.1", run_pgsieve({"man"}).out);
  EXPECT_THAT(read_file(page), HasSubstr(".SH NAME\npgsieve \\- "));
  if (!present("mandoc") && !present("man")) GTEST_SKIP() << "neither mandoc nor man is here";
  if (present("mandoc")) {
    EXPECT_THAT(run_command({"mandoc", "-T", "lint", page}).out, IsEmpty());
  }
  if (present("man")) {
    const RunResult man =
        run_command({"man", "--warnings", "-l", page}, {}, {"LC_ALL=C.UTF-8", "MANWIDTH=80"});
    EXPECT_THAT(man.err, IsEmpty());
    EXPECT_THAT(man.out, HasSubstr("EXIT STATUS"));
  }
}

TEST(Manual, TextCantBeARequest) {
  CommandInfo tree{.name = "pgsieve",
                   .path = "pgsieve",
                   .help = ".TH x\n'y \\fB",
                   .footer = {},
                   .options = {},
                   .commands = {}};
  const std::string page = write_manual(tree, "1");
  EXPECT_THAT(page, HasSubstr("\\&.TH x"));
  EXPECT_THAT(page, HasSubstr("\\&'y \\efB"));
}

// What bash offers for a line, by sourcing the script as a user's shell does.
std::vector<std::string> offered(const std::vector<std::string>& words, const std::string& folder = "/") {
  TemporaryDirectory directory;
  directory.write("completion", run_pgsieve({"completion", "bash"}).out);
  std::string script = "cd '" + folder + "'; source '" + directory.path("completion") + "'; COMP_WORDS=(";
  for (const std::string& word : words) script += "'" + word + "' ";
  script +=
      "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _pgsieve; printf '%s\\n' \"${COMPREPLY[@]}\"; complete -p "
      "pgsieve >&2";
  const RunResult result = run_command({"bash", "--norc", "-c", script});
  EXPECT_THAT(result.err, HasSubstr("complete -F _pgsieve pgsieve"));
  std::vector<std::string> found;
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) found.push_back(line);
  return found;
}

TEST(Completion, BashKnowsCommandsOptionsAndValues) {
  EXPECT_THAT(offered({"pgsieve", "rep"}), UnorderedElementsAre("report"));
  EXPECT_THAT(offered({"pgsieve", "report", "--sch"}), UnorderedElementsAre("--schema"));
  EXPECT_THAT(offered({"pgsieve", "report", "--fail"}), IsEmpty());  // lint's, not report's
  EXPECT_THAT(offered({"pgsieve", "lint", "--fail"}), UnorderedElementsAre("--fail-on"));
  EXPECT_THAT(offered({"pgsieve", "lint", "--fail-on", ""}),
              UnorderedElementsAre("info", "warning", "error", "never"));
  EXPECT_THAT(offered({"pgsieve", "lint", "--color", "=", "al"}), UnorderedElementsAre("always"));
  EXPECT_THAT(offered({"pgsieve", "lint", "-o", "json"}), UnorderedElementsAre("json", "jsonl"));
  EXPECT_THAT(offered({"pgsieve", "rules", "n-plus"}), UnorderedElementsAre("n-plus-one"));
  EXPECT_THAT(offered({"pgsieve", "completion", ""}), UnorderedElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(offered({"pgsieve", "lint", "--db", ""}), IsEmpty());
}

TEST(Completion, BashCompletesNamesOfFilesWithBlanks) {
  TemporaryDirectory directory;
  directory.write("a log.txt", "");
  EXPECT_THAT(offered({"pgsieve", "report", "a"}, directory.path("")), UnorderedElementsAre("a log.txt"));
  EXPECT_THAT(offered({"pgsieve", "report", "--schema", "a"}, directory.path("")),
              UnorderedElementsAre("a log.txt"));
  EXPECT_THAT(offered({"pgsieve", "exec", "--", "a"}, directory.path("")), Contains("a log.txt"));
}

TEST(Completion, TheShellsReadTheirScripts) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const RunResult script = run_pgsieve({"completion", shell});
    EXPECT_EQ(script.exit_code, 0);
    if (!present(shell)) continue;
    TemporaryDirectory directory;
    const RunResult result = run_command({shell, "-n", directory.write("script", script.out)});
    EXPECT_EQ(result.exit_code, 0) << shell << result.err;
    EXPECT_THAT(result.err, IsEmpty()) << shell;
  }
  if (present("fish")) {
    TemporaryDirectory directory;
    const std::string file = directory.write("script", run_pgsieve({"completion", "fish"}).out);
    const RunResult result =
        run_command({"fish", "-c", "source " + file + "; complete -C 'pgsieve lint --fail-on '"}, {},
                    {"HOME=" + directory.path("")});
    EXPECT_THAT(result.out, HasSubstr("warning"));
    EXPECT_THAT(result.out, Not(HasSubstr("github")));
  }
  EXPECT_EQ(run_pgsieve({"completion", "tcsh"}).exit_code, 2);
}

}  // namespace
}  // namespace pgsieve
