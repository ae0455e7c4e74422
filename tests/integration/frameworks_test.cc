// Adoption as its users meet it: real test frameworks on small projects, through `pgsieve exec` and through
// the server's log. Each project lists books in two tests: one by one (a loop) and at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/integration/library_server.h"
#include "tests/integration/npm_packages.h"
#include "tests/tools/run_program.h"

namespace pgsieve {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Framework {
  std::string name;
  std::string probe;    // succeeds where the framework is installed
  std::string prepare;  // in a copy of the project
  std::string command;
  std::string test;   // name of the test with the loop
  std::string place;  // of that test
  std::string loop;   // where the source has the statement of the loop
};

std::ostream& operator<<(std::ostream& out, const Framework& framework) {
  return out << framework.name;
}

const std::string kJars = "/usr/share/java/";
const std::string kClassPath = "classes:" + kJars + "junit-jupiter-api.jar:" + kJars +
                               "junit-jupiter-engine.jar:" + kJars + "junit-platform-commons.jar:" + kJars +
                               "junit-platform-engine.jar:" + kJars + "junit-platform-launcher.jar:" + kJars +
                               "opentest4j.jar:" + kJars + "apiguardian-api.jar:" + kJars +
                               "postgresql.jar:" + kJars + "junit-platform-console-standalone.jar";

const Framework kFrameworks[] = {
    {"pytest", "/usr/bin/python3 -c 'import pytest, psycopg2'", "",
     "/usr/bin/python3 -m pytest -q -p no:cacheprovider", "test_library.py::test_books_one_by_one",
     "test_library.py:4", "library.py:10"},
    {"rspec", "rspec --version && ruby -rpg -e 1", "", "rspec", "./spec/library_spec.rb:6",
     "spec/library_spec.rb:6", "library.rb:10"},
    {"phpunit", "phpunit --version && php -m | grep -qx pdo_pgsql", "", "phpunit --do-not-cache-result tests",
     "LibraryTest::testBooksOneByOne", "tests/LibraryTest.php:8", "src/Library.php:13"},
    {"junit",
     "test -e " + kJars + "junit-platform-console-standalone.jar && test -e " + kJars +
         "postgresql.jar && javac -version",
     "mkdir classes && javac -cp " + kClassPath + " -d classes $(find src -name '*.java')",
     "java -cp " + kClassPath +
         " org.junit.platform.console.ConsoleLauncher --scan-classpath classes --details summary",
     "shop.LibraryTest#booksOneByOne", "src/test/java/shop/LibraryTest.java:11",
     "src/main/java/shop/Library.java:21"},
    {"vitest", "test -e " + testing::npm_modules() + "/vitest && test -e " + testing::npm_modules() + "/pg",
     "ln -s " + testing::npm_modules() + " node_modules", "node_modules/.bin/vitest run",
     "library.test.js > the library > lists books one by one", "library.test.js:6", "library.js:6"},
};

class Frameworks : public ::testing::TestWithParam<Framework> {
 protected:
  void SetUp() override {
    const Framework& framework = GetParam();
    if (testing::library().server == nullptr && testing::library().missing)
      GTEST_SKIP() << testing::library().why;
    ASSERT_NE(testing::library().server, nullptr) << testing::library().why;
    if (run_command({"sh", "-c", framework.probe}).exit_code != 0)
      GTEST_SKIP() << framework.name << " is not here (tools/setup.sh --tests)";
    fs::copy(testing::projects() + framework.name, folder_.path("project"), fs::copy_options::recursive);
    fs::create_directory(folder_.path("project/.git"));  // a checkout
    const RunResult prepared = in_project("true; " + framework.prepare);
    ASSERT_EQ(prepared.exit_code, 0) << prepared.out << prepared.err;
  }

  RunResult in_project(const std::string& command) const {
    return run_command({"sh", "-c", "cd '" + folder_.path("project") + "' && " + command}, {},
                       {"DATABASE_URL=" + testing::library().url, "XDG_STATE_HOME=" + folder_.path("state"),
                        "PYTHONDONTWRITEBYTECODE=1", "PGSIEVE=" PGSIEVE_BINARY});
  }

  // Exactly one loop, in the right test, at the right line; and SARIF that points there.
  void expect_the_loop(const std::string& json_file, const std::string& sarif_file) const {
    const Framework& framework = GetParam();
    const json report = json::parse(read_file(json_file), nullptr, false);
    ASSERT_FALSE(report.is_discarded());
    std::vector<std::string> loops;
    for (const json& finding : report["findings"]) {
      if (finding["rule"] != "n-plus-one") continue;
      loops.push_back(finding["table"]);
      EXPECT_EQ(finding["tags"].value("test", ""), framework.test) << finding.dump(1);
    }
    EXPECT_THAT(loops, ElementsAre("books"));
    const json sarif = json::parse(read_file(sarif_file), nullptr, false);
    ASSERT_FALSE(sarif.is_discarded());
    const auto text = [](const json& location) {
      const json& place = location["physicalLocation"];
      return place["artifactLocation"]["uri"].get<std::string>() + ":" +
             std::to_string(place["region"]["startLine"].get<int>());
    };
    for (const json& result : sarif["runs"][0]["results"]) {
      if (result["ruleId"] != "n-plus-one") continue;
      EXPECT_EQ(text(result["locations"][0]), framework.place);
      ASSERT_TRUE(result.contains("relatedLocations")) << result.dump(1);
      EXPECT_EQ(text(result["relatedLocations"][0]), framework.loop);
    }
  }

  TemporaryDirectory folder_;
};

TEST_P(Frameworks, ThroughTheTap) {
  const RunResult result =
      in_project("$PGSIEVE exec -o json:../r.json -o sarif:../r.sarif -o text -- " + GetParam().command);
  EXPECT_EQ(result.exit_code, 1) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("n-plus-one on books"));
  expect_the_loop(folder_.path("r.json"), folder_.path("r.sarif"));
}

TEST_P(Frameworks, ThroughTheLogOfTheServer) {
  const std::string log = testing::library().server->folder() + "/server.log";
  ASSERT_EQ(in_project("$PGSIEVE doctor --db \"$DATABASE_URL\" --apply").exit_code, 0);
  const uintmax_t before = fs::file_size(log);
  const RunResult tests = in_project(GetParam().command);
  EXPECT_EQ(tests.exit_code, 0) << tests.out << tests.err;
  EXPECT_EQ(in_project("$PGSIEVE doctor --db \"$DATABASE_URL\" --revert").exit_code, 0);
  const RunResult result =
      in_project("tail -c +" + std::to_string(before + 1) + " '" + log +
                 "' | $PGSIEVE lint - --exclude-app pgsieve -o json:../r.json -o sarif:../r.sarif");
  EXPECT_EQ(result.exit_code, 1) << result.out << result.err;
  expect_the_loop(folder_.path("r.json"), folder_.path("r.sarif"));
}

INSTANTIATE_TEST_SUITE_P(All, Frameworks, ::testing::ValuesIn(kFrameworks),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace pgsieve
