#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/tools/run_program.h"
#include "tools/pgsieve/project_kind.h"

namespace pgsieve {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

RunResult init_in(const TemporaryDirectory& folder, const std::string& arguments) {
  return run_command(
      {"sh", "-c", "cd '" + folder.path("") + "' && " + PGSIEVE_BINARY + " init " + arguments});
}

TEST(Init, WritesConfigurationAndWorkflow) {
  TemporaryDirectory folder;
  folder.write("Gemfile", "");
  folder.write(".rspec", "");
  const RunResult result = init_in(folder, "--ci github");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("written  pgsieve.toml"));
  EXPECT_THAT(result.out, HasSubstr("Ruby with RSpec"));
  EXPECT_THAT(read_file(folder.path("pgsieve.toml")), HasSubstr("schema = 1"));
  const std::string workflow = read_file(folder.path(".github/workflows/pgsieve.yml"));
  EXPECT_THAT(workflow, HasSubstr("-- bundle exec rspec"));
  EXPECT_THAT(workflow, HasSubstr("repository: ${{ vars.PGSIEVE_REPOSITORY }}"));
}

TEST(Init, NeverOverwrites) {
  TemporaryDirectory folder;
  folder.write("pgsieve.toml", "mine");
  const RunResult result = init_in(folder, "--ci gitlab");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("kept     pgsieve.toml"));
  EXPECT_EQ(read_file(folder.path("pgsieve.toml")), "mine");
  EXPECT_THAT(read_file(folder.path(".gitlab/pgsieve.yml")),
              HasSubstr("codequality: gl-code-quality-report.json"));
  EXPECT_THAT(init_in(folder, "--force").out, HasSubstr("written  pgsieve.toml"));
  EXPECT_THAT(read_file(folder.path("pgsieve.toml")), HasSubstr("schema = 1"));
  std::filesystem::remove(folder.path("pgsieve.toml"));
  std::filesystem::create_symlink("/nonexistent/elsewhere", folder.path("pgsieve.toml"));
  EXPECT_THAT(init_in(folder, "").out, HasSubstr("kept     pgsieve.toml"));  // not followed
}

TEST(Init, KnowsTheProject) {
  const std::pair<const char*, const char*> cases[] = {
      {"pyproject.toml", "pytest"},          {"package.json", "npm test"},
      {"pom.xml", "mvn --batch-mode test"},  {"build.gradle", "./gradlew test"},
      {"go.mod", "go test ./..."},           {"mix.exs", "mix test"},
      {"phpunit.xml", "vendor/bin/phpunit"}, {"README", "make test"}};
  for (const auto& [file, command] : cases) {
    TemporaryDirectory folder;
    folder.write(file, "");
    EXPECT_EQ(project_kind(folder.path("")).test_command, command) << file;
  }
}

TEST(Init, MistakesAreUsage) {
  TemporaryDirectory folder;
  EXPECT_EQ(init_in(folder, "--ci jenkins").exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(folder.path("pgsieve.toml")));
  folder.write(".github", "a file where a folder should be");
  EXPECT_EQ(init_in(folder, "--ci github").exit_code, 2);
}

}  // namespace
}  // namespace pgsieve
