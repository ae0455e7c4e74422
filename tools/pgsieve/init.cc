// pgsieve init [--ci SYSTEM]: writes the configuration and, for a CI system, the workflow. What is there
// already is left alone, unless --force says otherwise.
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "tools/pgsieve/commands.h"
#include "tools/pgsieve/project_kind.h"
#include "tools/pgsieve/terminal.h"

namespace pgsieve {

namespace fs = std::filesystem;

namespace {

struct NewFile {
  std::string path;
  std::string content;
};

constexpr const char* kGitHubFile = ".github/workflows/pgsieve.yml";
constexpr const char* kGitLabFile = ".gitlab/pgsieve.yml";

constexpr std::string_view kConfiguration =
    R"(# Configuration of pgsieve. `pgsieve config show` prints every value and where it comes from.
schema = 1
fail-on = "warning"              # least severity that fails: info, warning, error or never

# Findings that are known and not yet fixed; made by `pgsieve baseline create`.
# baseline = "pgsieve-baseline.toml"

# [rules.select-star]
# severity = "info"

# [[suppress]]
# rule = "n-plus-one"
# table = "audit_log"
# reason = "batch writer, bounded at 20"   # required
# until = 2027-03-31                       # afterwards the finding is back
)";

// The source of pgsieve is checked out and built once; afterwards the program comes from the cache, and only
// the libraries that it needs are installed.
std::string github_workflow(const ProjectKind& project) {
  return fmt::format(
      R"(# Runs the tests with their database traffic recorded, and fails when they show a wasteful query pattern.
# Repository variables: PGSIEVE_REPOSITORY (owner/name of pgsieve's source), PGSIEVE_VERSION (a tag or commit of it).
name: pgsieve
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read

jobs:
  pgsieve:
    runs-on: ubuntu-24.04
    services:
      postgres:
        image: postgres:17
        env: {{ POSTGRES_PASSWORD: postgres, POSTGRES_DB: app_test }}
        ports: ["5432:5432"]
        options: --health-cmd pg_isready --health-interval 5s --health-retries 20
    env:
      DATABASE_URL: postgres://postgres:postgres@localhost:5432/app_test
    steps:
      - uses: actions/checkout@v4
{0}      - uses: actions/checkout@v4
        with:
          repository: ${{{{ vars.PGSIEVE_REPOSITORY }}}}
          ref: ${{{{ vars.PGSIEVE_VERSION }}}}
          path: .pgsieve
      - uses: actions/cache@v4
        id: pgsieve
        with:
          path: .pgsieve/build/release/pgsieve
          key: pgsieve-${{{{ hashFiles('.pgsieve/analyzer/**', '.pgsieve/rules/**', '.pgsieve/tools/**') }}}}
      - run: .pgsieve/tools/setup.sh
      - if: steps.pgsieve.outputs.cache-hit != 'true'
        working-directory: .pgsieve
        run: cmake --preset release && cmake --build build/release --target pgsieve
      - name: Tests, with their queries judged
        run: .pgsieve/build/release/pgsieve exec -o text -o html:pgsieve.html -o sarif:pgsieve.sarif -- {1}
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: pgsieve
          path: pgsieve.*
)",
      project.github_setup, project.test_command);
}

std::string gitlab_job(const ProjectKind& project) {
  const std::string setup =
      project.gitlab_setup.empty() ? std::string() : fmt::format("    - {}\n", project.gitlab_setup);
  return fmt::format(
      R"(# Runs the tests with their database traffic recorded, and fails when they show a wasteful query pattern.
# In .gitlab-ci.yml:   include: {{ local: {2} }}
# CI/CD variables: PGSIEVE_REPOSITORY (URL of pgsieve's source), PGSIEVE_VERSION (a branch or tag of it).
pgsieve:
  stage: test
  image: {0}
  services:
    - name: postgres:17
      alias: postgres
  variables:
    POSTGRES_PASSWORD: postgres
    POSTGRES_DB: app_test
    DATABASE_URL: postgres://postgres:postgres@postgres:5432/app_test
    PGSIEVE_VERSION: main
  cache:
    key: pgsieve-$PGSIEVE_VERSION
    paths:
      - .pgsieve/
  before_script:
    - test -d .pgsieve || git clone --depth 1 --branch "$PGSIEVE_VERSION" "$PGSIEVE_REPOSITORY" .pgsieve
    - .pgsieve/tools/setup.sh
    - cd .pgsieve && (test -x build/release/pgsieve || (cmake --preset release && cmake --build build/release --target pgsieve)) && cd ..
{3}  script:
    - .pgsieve/build/release/pgsieve exec -o text -o gitlab:gl-code-quality-report.json -o junit:pgsieve-junit.xml -o html:pgsieve.html -- {1}
  artifacts:
    when: always
    paths:
      - pgsieve.html
    reports:
      codequality: gl-code-quality-report.json
      junit: pgsieve-junit.xml
)",
      project.gitlab_image, project.test_command, kGitLabFile, setup);
}

// nullopt: written. Else why not.
std::optional<std::string> write_new_file(const NewFile& file) {
  std::error_code failed;
  const fs::path path(file.path);
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), failed);
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream << file.content;
  stream.close();
  if (stream) return {};
  return fmt::format("can't write {}: {}", file.path, std::strerror(errno));
}

std::vector<NewFile> files_for(const InitOptions& options, const ProjectKind& project) {
  std::vector<NewFile> files{{"pgsieve.toml", std::string(kConfiguration)}};
  if (options.ci == "github") files.push_back({kGitHubFile, github_workflow(project)});
  if (options.ci == "gitlab") files.push_back({kGitLabFile, gitlab_job(project)});
  return files;
}

}  // namespace

int run_init(const InitOptions& options) {
  const ProjectKind project = project_kind(".");
  std::string out;
  for (const NewFile& file : files_for(options, project)) {
    std::error_code error;
    if (fs::exists(fs::symlink_status(file.path, error)) && !options.force) {
      out += fmt::format("kept     {}: it is there already (--force replaces it)\n", file.path);
      continue;
    }
    if (const std::optional<std::string> failed = write_new_file(file)) {
      tell(*failed);
      return kExitUsage;
    }
    out += fmt::format("written  {}\n", file.path);
  }
  if (!options.ci.empty()) {
    out += project.name.empty()
               ? fmt::format(
                     "Nothing here tells how the tests are run: put your command in the place of `{}`.\n",
                     project.test_command)
               : fmt::format("It looks like {}: tests are run by `{}`. Change that where it is wrong.\n",
                             project.name, project.test_command);
  }
  if (options.ci == "gitlab")
    out += fmt::format("Add to .gitlab-ci.yml:  include: {{ local: {} }}\n", kGitLabFile);
  out += "Next: pgsieve exec -- YOUR TEST COMMAND\n";
  return write_stdout(out) ? kExitOk : kExitInput;
}

}  // namespace pgsieve
