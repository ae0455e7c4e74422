#include "analyzer/capture/input_watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace pgsieve {
namespace {

namespace fs = std::filesystem;

class InputWatchTest : public ::testing::Test {
 protected:
  InputWatchTest() {
    std::string pattern = (fs::temp_directory_path() / "pgsieve_watch_XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    log_ = directory_ / "server.log";
  }
  ~InputWatchTest() override { fs::remove_all(directory_); }

  static std::string entry(int number) {
    return "2026-11-20 10:00:10.000 UTC [100] u@d LOG:  duration: 0.1 ms  statement: SELECT " +
           std::to_string(number) + "\n";
  }
  // More than what is kept of a file's head.
  void write(int first) {
    std::ofstream log(log_, std::ios::binary | std::ios::app);
    for (int i = 0; i < 100; ++i) log << entry(first + i);
  }
  void rotate(const std::string& name) {
    fs::copy_file(log_, directory_ / name);
    fs::resize_file(log_, 0);
  }

  fs::path directory_, log_;
};

TEST_F(InputWatchTest, ANewFileIsFresh) {
  write(0);
  InputWatch watch({directory_.string()});
  ASSERT_TRUE(watch.start({}).ok());
  EXPECT_TRUE(watch.fresh().empty());
  std::ofstream(directory_ / "other.log") << entry(7000);
  EXPECT_EQ(watch.fresh(), std::vector<std::string>{(directory_ / "other.log").string()});
  EXPECT_TRUE(watch.fresh().empty());
}

// A copy holds what was read, also when the log was truncated before and begins with something else now.
TEST_F(InputWatchTest, CopiesBeforeATruncationAreNot) {
  write(0);
  InputWatch watch({directory_.string()});
  ASSERT_TRUE(watch.start({}).ok());
  for (int turn = 1; turn < 4; ++turn) {
    rotate("server.log." + std::to_string(turn));
    EXPECT_TRUE(watch.fresh().empty()) << turn;
    write(turn * 1000);
    EXPECT_TRUE(watch.fresh().empty()) << turn;
  }
}

}  // namespace
}  // namespace pgsieve
