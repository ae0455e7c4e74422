// The first weeks of a team with pgsieve, in two languages: a fresh clone of a small application, the
// workflow that `pgsieve init` writes, run step by step; the baseline; then what must turn it red, and what
// must not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/integration/library_server.h"
#include "tests/tools/run_program.h"

namespace pgsieve {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

struct Application {
  std::string name;
  std::string probe;
  std::vector<std::pair<std::string, std::string>> files;     // what makes it look like what it is
  std::string guessed_command, command;                       // as init guesses it; as this machine has it
  std::string filtered_command;                               // runs only the test without a loop
  std::string source;                                         // the file with the statements
  std::pair<std::string, std::string> reformatted;            // the same statement, written otherwise
  std::vector<std::pair<std::string, std::string>> new_loop;  // file, text to append
  std::string new_place;                                      // of the statement in the new loop
};

std::ostream& operator<<(std::ostream& out, const Application& application) {
  return out << application.name;
}

const Application kApplications[] = {
    {.name = "pytest",
     .probe = "pytest --version && /usr/bin/python3 -c 'import pytest, psycopg2'",
     .files = {{"pytest.ini", "[pytest]\naddopts = -p no:cacheprovider\n"}},
     .guessed_command = "pytest",
     .command = "pytest",
     .filtered_command = "pytest -k at_once",
     .source = "library.py",
     .reformatted = {"SELECT title FROM books WHERE author_id = %s",
                     "select  b.title\\n from books b where b.author_id=%s /* shelf */"},
     .new_loop = {{"library.py",
                   "\n\ndef authors_of_books(connection):\n    with connection.cursor() as cursor:\n"
                   "        cursor.execute(\"SELECT id, author_id FROM books ORDER BY id LIMIT 20\")\n"
                   "        for _, author_id in cursor.fetchall():\n"
                   "            cursor.execute(\"SELECT name FROM authors WHERE id = %s\", (author_id,))\n"},
                  {"test_library.py",
                   "\n\ndef test_authors_of_books(connection):\n    from library import authors_of_books\n"
                   "    authors_of_books(connection)\n"}},
     .new_place = "library.py:28"},
    {.name = "rspec",
     .probe = "rspec --version && ruby -rpg -e 1",
     .files = {{"Gemfile", ""}, {".rspec", ""}},
     .guessed_command = "bundle exec rspec",
     .command = "rspec",
     .filtered_command = "rspec -e 'at once'",
     .source = "library.rb",
     .reformatted = {"SELECT title FROM books WHERE author_id = $1",
                     "select  b.title from books b where b.author_id=$1 /* shelf */"},
     .new_loop =
         {{"library.rb",
           "\nclass Library\n  def authors_of_books\n"
           "    @connection.exec(\"SELECT id, author_id FROM books ORDER BY id LIMIT 20\").each do |book|\n"
           "      @connection.exec_params('SELECT name FROM authors WHERE id = $1', [book[\"author_id\"]])\n"
           "    end\n  end\nend\n"},
          {"spec/library_spec.rb",
           "\nRSpec.describe Library do\n  it \"knows who wrote what\" do\n"
           "    described_class.new(CONNECTION).authors_of_books\n  end\nend\n"}},
     .new_place = "library.rb:28"},
};

class Adoption : public ::testing::TestWithParam<Application> {
 protected:
  void SetUp() override {
    const Application& application = GetParam();
    if (testing::library().server == nullptr && testing::library().missing)
      GTEST_SKIP() << testing::library().why;
    ASSERT_NE(testing::library().server, nullptr) << testing::library().why;
    if (run_command({"sh", "-c", application.probe}).exit_code != 0)
      GTEST_SKIP() << application.name << " is not here (tools/setup.sh --tests)";
    const std::string origin = folder_.path("origin");
    fs::copy(testing::projects() + application.name, origin, fs::copy_options::recursive);
    for (const auto& [name, text] : application.files) std::ofstream(origin + "/" + name) << text;
    const RunResult cloned = run_command(
        {"sh", "-c",
         "cd '" + origin +
             "' && git init -q . && git add -A && git -c user.name=a -c user.email=a@b commit -qm a && "
             "git clone -q . ../clone"});
    ASSERT_EQ(cloned.exit_code, 0) << cloned.err;
    // What the job's first steps leave behind: the source of pgsieve, and the program from the cache.
    fs::create_directories(path(".pgsieve/build/release"));
    fs::create_symlink(PGSIEVE_BINARY, path(".pgsieve/build/release/pgsieve"));
    fs::create_symlink(std::string(PGSIEVE_SOURCE_DIR) + "/tools", path(".pgsieve/tools"));
  }

  std::string path(const std::string& name) const { return folder_.path("clone/" + name); }
  std::string read(const std::string& name) const { return read_file(path(name)); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  void replace(const std::string& name, const std::string& from, const std::string& to) const {
    std::string text = read(name);
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << name << " lacks " << from;
    write(name, text.replace(at, from.size(), to));
  }

  RunResult in_clone(const std::string& command, std::vector<std::string> environment = {}) const {
    environment.insert(environment.end(),
                       {"DATABASE_URL=" + testing::library().url, "PYTHONDONTWRITEBYTECODE=1"});
    return run_command({"sh", "-ec", "cd '" + folder_.path("clone") + "'\n" + command}, {}, environment);
  }

  // The steps of the workflow that run something of pgsieve's, one after another, as the runner would:
  // GitHub's environment, `sh -e`, the first failure ends the job.
  RunResult run_workflow() const {
    std::istringstream lines(read(".github/workflows/pgsieve.yml"));
    std::string script;
    bool conditional = false;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("      - ")) conditional = line.find("- if:") != std::string::npos;
      const size_t run = line.find("run: ");
      if (run != std::string::npos && line.find(".pgsieve/") != std::string::npos && !conditional)
        script += line.substr(run + 5) + "\n";
    }
    EXPECT_THAT(script, HasSubstr(".pgsieve/tools/setup.sh\n"));
    write("summary.md", "");
    return in_clone(script, {"GITHUB_ACTIONS=true", "CI=true", "GITHUB_STEP_SUMMARY=" + path("summary.md")});
  }

  TemporaryDirectory folder_;
};

TEST_P(Adoption, FromTheFirstRunToTheFirstRegression) {
  const Application& application = GetParam();
  ASSERT_EQ(in_clone(".pgsieve/build/release/pgsieve init --ci github").exit_code, 0);
  replace(".github/workflows/pgsieve.yml", "-- " + application.guessed_command, "-- " + application.command);
  EXPECT_EQ(in_clone(".pgsieve/build/release/pgsieve config check").exit_code, 0);

  // The first run on an old suite: red, and what to do about it.
  const RunResult first = run_workflow();
  EXPECT_EQ(first.exit_code, 1) << first.out << first.err;
  EXPECT_THAT(first.out, HasSubstr("n-plus-one on books"));
  EXPECT_THAT(first.out, HasSubstr("\n::error file="));
  EXPECT_THAT(read("summary.md"), HasSubstr("n-plus-one"));
  EXPECT_TRUE(fs::exists(path("pgsieve.html")) && fs::exists(path("pgsieve.sarif")));
  EXPECT_THAT(first.out + first.err, HasSubstr("pgsieve baseline create"));

  // Today's state is accepted: green.
  const RunResult recorded =
      in_clone(".pgsieve/build/release/pgsieve exec --write run.pgcap -o concise -- " + application.command +
               " || true\n"
               ".pgsieve/build/release/pgsieve baseline create run.pgcap");
  ASSERT_EQ(recorded.exit_code, 0) << recorded.out << recorded.err;
  EXPECT_THAT(read("pgsieve-baseline.toml"), HasSubstr("\"n-plus-one\""));
  const RunResult second = run_workflow();
  EXPECT_EQ(second.exit_code, 0) << second.out << second.err;
  EXPECT_THAT(second.out, Not(HasSubstr("::error ")));
  EXPECT_THAT(second.out, HasSubstr("known"));

  // The same statement in another shape stays green; so does a run of other tests only.
  replace(application.source, application.reformatted.first, application.reformatted.second);
  const RunResult reformatted = run_workflow();
  EXPECT_EQ(reformatted.exit_code, 0) << reformatted.out << reformatted.err;
  const RunResult filtered =
      in_clone(".pgsieve/build/release/pgsieve exec -- " + application.filtered_command);
  EXPECT_EQ(filtered.exit_code, 0) << filtered.out << filtered.err;
  EXPECT_THAT(filtered.out, Not(HasSubstr("stale:")));

  // One new loop: red, and only it, at its line.
  for (const auto& [file, text] : application.new_loop) write(file, read(file) + text);
  const RunResult regression = run_workflow();
  EXPECT_EQ(regression.exit_code, 1) << regression.out << regression.err;
  EXPECT_THAT(regression.out, HasSubstr("n-plus-one on authors"));
  EXPECT_THAT(regression.out, Not(HasSubstr("n-plus-one on books")));
  EXPECT_THAT(regression.out, HasSubstr(application.new_place + " (the statement)"));
  EXPECT_THAT(regression.out, HasSubstr("1 new"));
}

INSTANTIATE_TEST_SUITE_P(All, Adoption, ::testing::ValuesIn(kApplications),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace pgsieve
