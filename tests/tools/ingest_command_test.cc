// pgsieve ingest, --follow and Ctrl-C, end to end.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/tools/run_program.h"

namespace pgsieve {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string entry(int number) {
  return "2026-11-22 01:00:00.000 UTC [7] app@shop LOG:  duration: 1.000 ms  statement: SELECT " +
         std::to_string(number) + "\n";
}

uint64_t executions(const std::string& report) {
  return json::parse(report, nullptr, false)["ingest"].value("executions", uint64_t{0});
}

// A running pgsieve whose standard output is kept in a file.
class Running {
 public:
  Running(std::vector<std::string> arguments, const std::string& out, int input = -1) {
    arguments.insert(arguments.begin(), PGSIEVE_BINARY);
    child_ = fork();
    if (child_ != 0) return;
    const int file = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(file, STDOUT_FILENO);
    if (input >= 0) dup2(input, STDIN_FILENO);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  int end(int signal) {
    kill(child_, signal);
    int status = 0;
    waitpid(child_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  pid_t id() const { return child_; }

 private:
  pid_t child_ = -1;
};

bool is_open(pid_t process, const std::string& path) {
  const std::string directory = "/proc/" + std::to_string(process) + "/fd/";
  for (int descriptor = 3; descriptor < 16; ++descriptor) {
    char target[4096];
    const ssize_t length = readlink((directory + std::to_string(descriptor)).c_str(), target, sizeof target);
    if (length > 0 && std::string_view(target, static_cast<size_t>(length)) == path) return true;
  }
  return false;
}

// Waits until the process keeps the file open; false when it never does. Before it is followed, a file is
// opened now and then for a look at it.
bool has_open(pid_t process, const std::string& path) {
  int looks = 0;
  for (int tries = 0; tries < 1200 && looks < 5; ++tries) {
    looks = is_open(process, path) ? looks + 1 : 0;
    poll(nullptr, 0, 30);
  }
  return looks == 5;
}

class IngestCommand : public ::testing::Test {
 protected:
  TemporaryDirectory directory_;
  std::string store_ = directory_.path("s.sqlite");
};

TEST_F(IngestCommand, FillsAStoreAndSaysSo) {
  const std::string log = directory_.write("a.log", entry(1) + entry(2));
  const RunResult result = run_pgsieve({"ingest", log, "--store", store_});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("2 executed statements"));
  EXPECT_EQ(executions(run_pgsieve({"report", "--store", store_, "-o", "json"}).out), 2U);
  EXPECT_EQ(run_pgsieve({"ingest", log}).exit_code, 2);
  EXPECT_EQ(run_pgsieve({"ingest", "--store", store_}).exit_code, 2);
}

TEST_F(IngestCommand, FollowsAcrossRotationUntilTheSignal) {
  const std::string log = directory_.write("a.log", entry(1) + entry(2));
  const std::string out = directory_.path("out.json");
  Running following({"ingest", "--follow", log, "--store", store_}, out);
  ASSERT_TRUE(has_open(following.id(), log));
  std::ofstream(log, std::ios::app) << entry(3);
  ASSERT_EQ(rename(log.c_str(), (log + ".1").c_str()), 0);
  directory_.write("a.log", entry(4) + entry(5));
  ASSERT_TRUE(has_open(following.id(), log));
  EXPECT_EQ(following.end(SIGTERM), 0);
  EXPECT_EQ(executions(run_pgsieve({"report", "--store", store_, "-o", "json"}).out), 5U);
  // What was followed is known: only the new part is read in the next run.
  std::ofstream(log, std::ios::app) << entry(6);
  EXPECT_EQ(run_pgsieve({"ingest", log, "--store", store_}).exit_code, 0);
  EXPECT_EQ(executions(run_pgsieve({"report", "--store", store_, "-o", "json"}).out), 6U);
}

// A directory whose files are rotated in all the ways there are: a new name, renaming, copying and
// truncating, compressing. Nothing is read twice, nothing is lost.
TEST_F(IngestCommand, FollowsADirectory) {
  const std::filesystem::path logs = directory_.path("logs");
  std::filesystem::create_directory(logs);
  const auto append = [&](const std::string& name, const std::string& text) {
    std::ofstream(logs / name, std::ios::app) << text;
  };
  append("a.log", entry(1) + entry(2));
  append("b.log", entry(11) + entry(12) + entry(13));
  append("old.log", entry(21));
  ASSERT_EQ(std::system(("gzip -n " + (logs / "old.log").string()).c_str()), 0);
  const std::string out = directory_.path("out.json");
  Running following({"ingest", "--follow", logs.string(), "--store", store_}, out);
  ASSERT_TRUE(has_open(following.id(), logs / "a.log"));
  ASSERT_TRUE(has_open(following.id(), logs / "b.log"));
  append("a.log", entry(3));
  append("b.log", entry(14));
  append("c.log", entry(31));  // the server's own rotation
  ASSERT_TRUE(has_open(following.id(), logs / "c.log"));
  std::filesystem::rename(logs / "a.log", logs / "a.log.1");
  append("a.log", entry(4));
  ASSERT_TRUE(has_open(following.id(), logs / "a.log"));
  std::filesystem::copy_file(logs / "b.log", logs / "b.log.1");
  poll(nullptr, 0, 600);  // so that the copy is seen, and what it holds was read
  std::filesystem::resize_file(logs / "b.log", 0);
  append("b.log", entry(15) + entry(16));
  poll(nullptr, 0, 600);
  ASSERT_EQ(std::system(("gzip -n " + (logs / "b.log.1").string()).c_str()), 0);
  EXPECT_EQ(following.end(SIGTERM), 0);
  EXPECT_EQ(executions(run_pgsieve({"report", "--store", store_, "-o", "json"}).out), 12U);
  // All of it is known to the next run.
  EXPECT_EQ(run_pgsieve({"ingest", logs.string(), "--store", store_}).exit_code, 0);
  EXPECT_EQ(executions(run_pgsieve({"report", "--store", store_, "-o", "json"}).out), 12U);
}

TEST_F(IngestCommand, TagFiltersSayWhatTheyLeftOut) {
  std::string tagged = entry(1);
  tagged.insert(tagged.size() - 1, " /*controller='posts'*/");
  const std::string log = directory_.write("a.log", tagged + entry(2) + entry(3));
  const json report = json::parse(run_pgsieve({"report", log, "--tag", "controller=posts", "-o", "json"}).out,
                                  nullptr, false);
  EXPECT_EQ(report["ingest"].value("executions", 0), 1);
  EXPECT_EQ(report["ingest"].value("filtered", 0), 2);
}

// Copies that overlap with what a store has read, and a line that is only half written.
TEST_F(IngestCommand, OverlapsAreReadOnce) {
  std::string text;
  const auto write = [&](const std::string& name, int from, int to) {
    text.clear();
    for (int i = from; i < to; ++i) text += entry(i);
    return directory_.write(name, text);
  };
  const auto count = [&](const std::string& log) {
    EXPECT_EQ(run_pgsieve({"ingest", log, "--store", store_}).exit_code, 0);
    return executions(run_pgsieve({"report", "--store", store_, "-o", "json"}).out);
  };
  EXPECT_EQ(count(write("a.log", 0, 100)), 100U);
  EXPECT_EQ(count(write("b.log", 90, 200)), 200U);
  EXPECT_EQ(count(write("full.log", 0, 200)), 200U);
  EXPECT_EQ(count(write("middle.log", 20, 30)), 200U);
  const std::string half = write("full.log", 0, 201);
  std::ofstream(half, std::ios::trunc) << text.substr(0, text.size() - 20);
  EXPECT_EQ(count(half), 200U);
  std::ofstream(half, std::ios::app) << text.substr(text.size() - 20);
  EXPECT_EQ(count(half), 201U);
}

TEST_F(IngestCommand, FollowsSeveralFilesWithoutAStore) {
  const std::string a = directory_.write("a.log", entry(1));
  const std::string b = directory_.write("b.log", entry(2));
  const std::string out = directory_.path("out.json");
  Running following({"report", "--follow", a, b, "-o", "json"}, out);
  ASSERT_TRUE(has_open(following.id(), b));
  std::ofstream(a, std::ios::app) << entry(3);
  std::ofstream(b, std::ios::app) << entry(4);
  EXPECT_EQ(following.end(SIGINT), 0);
  EXPECT_EQ(executions(read_file(out)), 4U);
}

TEST_F(IngestCommand, FollowingWithoutAStoreEndsWithTheReport) {
  const std::string log = directory_.write("a.log", entry(1));
  const std::string out = directory_.path("out.json");
  Running following({"report", "--follow", log, "-o", "json"}, out);
  ASSERT_TRUE(has_open(following.id(), log));
  std::ofstream(log, std::ios::app) << entry(2);
  EXPECT_EQ(following.end(SIGINT), 0);
  EXPECT_EQ(executions(read_file(out)), 2U);
}

// The reader waits for more input when it is interrupted.
TEST_F(IngestCommand, CtrlCGivesAPartialReport) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  std::string log;
  for (int i = 0; i < 20'000; ++i) log += entry(i);
  const std::string out = directory_.path("out.json");
  Running running({"report", "-", "-o", "json"}, out, ends[0]);
  close(ends[0]);
  for (size_t done = 0; done < log.size();) {
    const ssize_t wrote = write(ends[1], log.data() + done, log.size() - done);
    ASSERT_GT(wrote, 0);
    done += static_cast<size_t>(wrote);
  }
  EXPECT_EQ(running.end(SIGINT), 130);
  close(ends[1]);
  const json report = json::parse(read_file(out), nullptr, false);
  EXPECT_GT(executions(read_file(out)), 0U);
  EXPECT_THAT(report.dump(), HasSubstr("interrupted"));
}

}  // namespace
}  // namespace pgsieve
