// The rooms of the house: includes run one way. The check must also notice when they don't.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/tools/run_program.h"

namespace pgsieve {
namespace {

using ::testing::HasSubstr;

RunResult check(const std::string& root) {
  return run_command({"python3", std::string(PGSIEVE_SOURCE_DIR) + "/tools/check_includes.py", root});
}

class Tree {
 public:
  void file(const std::string& path, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(directory_.path(path)).parent_path());
    directory_.write(path, content);
  }
  RunResult result() const { return check(directory_.path("")); }

 private:
  TemporaryDirectory directory_;
};

TEST(Architecture, IncludesRunOneWay) {
  const RunResult result = check(PGSIEVE_SOURCE_DIR);
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

TEST(Architecture, AnUpwardIncludeIsAnOffence) {
  Tree tree;
  tree.file("analyzer/base/a.h", "#include \"analyzer/sql/b.h\"\n");
  tree.file("analyzer/sql/b.h", "#pragma once\n");
  const RunResult result = tree.result();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out, HasSubstr("analyzer/base may not include analyzer/sql/b.h"));
}

TEST(Architecture, ACircleInsideARoomIsAnOffence) {
  Tree tree;
  tree.file("analyzer/base/a.h", "#include \"analyzer/base/b.h\"\n");
  tree.file("analyzer/base/b.h", "#include \"analyzer/base/c.h\"\n");
  tree.file("analyzer/base/c.h", "#include \"analyzer/base/a.h\"\n");
  const RunResult result = tree.result();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out,
              HasSubstr("circle of includes: analyzer/base/a.h -> analyzer/base/b.h -> analyzer/base/c.h"));
}

TEST(Architecture, AnUnknownRoomIsAnOffence) {
  Tree tree;
  tree.file("analyzer/cellar/a.h", "#pragma once\n");
  EXPECT_EQ(tree.result().exit_code, 1);
}

TEST(Architecture, TheWorkloadSeesOnlyEventsOfTheCapture) {
  Tree tree;
  tree.file("analyzer/capture/event.h", "#pragma once\n");
  tree.file("analyzer/capture/source.h", "#pragma once\n");
  tree.file("analyzer/workload/good.h", "#include \"analyzer/capture/event.h\"\n");
  EXPECT_EQ(tree.result().exit_code, 0) << tree.result().out;
  tree.file("analyzer/workload/bad.h", "#include \"analyzer/capture/source.h\"\n");
  EXPECT_EQ(tree.result().exit_code, 1);
}

TEST(Architecture, ScriptsPassShellcheck) {
  if (run_command({"shellcheck", "--version"}).exit_code != 0) GTEST_SKIP() << "no shellcheck here";
  const std::string root = PGSIEVE_SOURCE_DIR;
  const RunResult result = run_command({"shellcheck", root + "/tools/setup.sh", root + "/tools/quickstart.sh",
                                        root + "/tools/test.sh", root + "/.ci/run"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

}  // namespace
}  // namespace pgsieve
