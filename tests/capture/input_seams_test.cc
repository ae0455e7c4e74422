// A log cut anywhere, in files of their own, tells what it told in one piece.
#include "analyzer/capture/input_seams.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/capture/collect.h"

namespace pgsieve {
namespace {

using testing::Ingested;

class Pieces {
 public:
  Pieces() : directory_(std::filesystem::temp_directory_path() / unique_name()) {
    std::filesystem::create_directories(directory_);
  }
  ~Pieces() { std::filesystem::remove_all(directory_); }

  // Older pieces have the higher number, as logrotate names them.
  std::vector<std::string> write(const std::vector<std::string>& pieces) const {
    std::vector<std::string> paths;
    for (size_t i = 0; i < pieces.size(); ++i) {
      const std::string name = "postgresql.log." + std::to_string(pieces.size() - i);
      paths.insert(paths.begin(), (directory_ / name).string());
      std::ofstream(paths.front(), std::ios::binary) << pieces[i];
    }
    return paths;
  }

 private:
  static std::string unique_name() {
    return "pgsieve_seams_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name());
  }
  std::filesystem::path directory_;
};

// gzip for those whose turn it is: every one (1), the older (2) or the newer (3) of two.
std::vector<std::string> packed(std::vector<std::string> paths, size_t which) {
  for (size_t i = 0; i < paths.size(); ++i) {
    if (which != 1 && (i == 0) != (which == 3)) continue;
    EXPECT_EQ(std::system(("gzip -nf " + paths[i]).c_str()), 0);
    paths[i] += ".gz";
  }
  return paths;
}

Ingested read(const std::vector<std::string>& paths, const IngestOptions& options = {}) {
  Ingested result;
  const Result<IngestStats> stats = ingest(paths, options, result.kept);
  if (stats) {
    result.stats = *stats;
  } else {
    result.error = stats.error().to_string();
  }
  return result;
}

// Each session's events in order; where they stood counts only within a piece.
std::map<uint64_t, std::vector<std::string>> by_session(const Ingested& ingested) {
  std::map<uint64_t, std::vector<std::string>> sessions;
  for (const testing::KeptEvent& event : ingested.kept.events)
    sessions[event.session].push_back(testing::facts(event));
  return sessions;
}

void expect_equal(const Ingested& cut, const Ingested& whole, const std::string& where) {
  ASSERT_EQ(cut.error, "") << where;
  EXPECT_EQ(cut.stats.unread_lines, whole.stats.unread_lines) << where;
  EXPECT_EQ(cut.stats.entries, whole.stats.entries) << where;
  EXPECT_EQ(cut.stats.executions, whole.stats.executions) << where;
  const auto decoded = [](const Ingested& one) {
    return one.stats.entry_bytes + one.stats.unread_bytes + one.stats.blank_bytes;
  };
  EXPECT_EQ(decoded(cut), decoded(whole)) << where;
  EXPECT_EQ(by_session(cut), by_session(whole)) << where;
}

std::string as_docker(const std::string& log) {
  std::string records;
  for (size_t start = 0; start < log.size();) {
    const size_t end = log.find('\n', start);
    std::string text;
    for (const char c : log.substr(start, end - start)) {
      if (c == '"' || c == '\\') text += '\\';
      text += c == '\t' ? std::string("\\t") : std::string(1, c);
    }
    records +=
        R"({"log":")" + text + R"(\n","stream":"stderr","time":"2026-11-22T00:51:18.600000000Z"})" + "\n";
    start = end + 1;
  }
  return records;
}

void expect_whole_after_any_cut(const std::string& log, size_t cuts) {
  const Pieces files;
  const Ingested whole = read(files.write({log}));
  ASSERT_EQ(whole.error, "");
  ASSERT_GT(whole.stats.executions, 200U);
  for (size_t i = 1; i < cuts; ++i) {
    const size_t at = log.size() * i / cuts + i % 7;
    expect_equal(read(files.write({log.substr(0, at), log.substr(at)})), whole,
                 "cut before byte " + std::to_string(at));
  }
}

TEST(InputSeams, StderrCutAnywhere) {
  expect_whole_after_any_cut(testing::slurp(testing::fixture("all.log")), 20);
}

TEST(InputSeams, CsvlogCutAnywhere) {
  expect_whole_after_any_cut(testing::slurp(testing::fixture("all.csv")), 12);
}

TEST(InputSeams, JsonlogCutAnywhere) {
  expect_whole_after_any_cut(testing::slurp(testing::fixture("all.json")), 12);
}

TEST(InputSeams, SyslogCutAnywhere) {
  expect_whole_after_any_cut(testing::slurp(testing::fixture("run.syslog")), 12);
}

TEST(InputSeams, WrappedLogCutAnywhere) {
  expect_whole_after_any_cut(as_docker(testing::slurp(testing::fixture("all.log"))), 10);
}

// Rotation compresses, too.
TEST(InputSeams, CompressedPiecesCutAnywhere) {
  for (const std::string name : {"all.log", "all.csv"}) {
    const std::string log = testing::slurp(testing::fixture(name));
    const Pieces files;
    const Ingested whole = read(files.write({log}));
    for (size_t i = 1; i < 10; ++i) {
      const size_t at = log.size() * i / 10 + i;
      std::vector<std::string> paths = packed(files.write({log.substr(0, at), log.substr(at)}), 1 + i % 3);
      const Ingested cut = read(paths);
      expect_equal(cut, whole, name + " cut before byte " + std::to_string(at));
      uint64_t stored = 0;
      for (const std::string& path : paths) stored += std::filesystem::file_size(path);
      EXPECT_EQ(cut.stats.bytes, stored) << name << " " << at;
    }
  }
  const std::string docker = as_docker(testing::slurp(testing::fixture("all.log")));
  const Pieces files;
  const Ingested whole = read(files.write({docker}));
  const size_t at = docker.size() / 2 + 3;
  expect_equal(read(packed(files.write({docker.substr(0, at), docker.substr(at)}), 2)), whole, "docker");
}

// Followed, an older piece is read first, and what goes on in the next one isn't waited for.
TEST(InputSeams, FollowedPiecesCutAnywhere) {
  const std::string log = testing::slurp(testing::fixture("all.log"));
  const Pieces files;
  const Ingested whole = read(files.write({log}));
  const std::atomic<bool> stop = true;  // what is there is read all the same
  IngestOptions options;
  options.follow = true;
  options.stop = &stop;
  for (size_t i = 1; i < 8; ++i) {
    const size_t at = log.size() * i / 8 + i;
    std::vector<std::string> paths = files.write({log.substr(0, at), log.substr(at)});
    if (i % 3 != 0) paths = packed(std::move(paths), 1 + i % 3);
    expect_equal(read(paths, options), whole, "cut before byte " + std::to_string(at));
  }
}

TEST(InputSeams, CutsIntoManyPieces) {
  const std::string log = testing::slurp(testing::fixture("all.log"));
  const Pieces files;
  const Ingested whole = read(files.write({log}));
  std::vector<std::string> pieces;
  for (size_t at = 0; at < log.size(); at += 7001) pieces.push_back(log.substr(at, 7001));
  expect_equal(read(files.write(pieces)), whole, "pieces of 7001 bytes");
}

TEST(InputSeams, LinesKeepTheirNumbers) {
  const std::string log = testing::slurp(testing::fixture("all.log"));
  const size_t at = log.find(" execute ", log.size() / 2);
  const Pieces files;
  const Ingested cut = read(files.write({log.substr(0, at), log.substr(at)}));
  ASSERT_EQ(cut.error, "");
  const testing::KeptEvent last = cut.kept.with_text("OFFSET").back();
  const std::string rest = log.substr(at);
  const std::string before = rest.substr(0, last.offset);
  EXPECT_EQ(last.line, static_cast<uint64_t>(std::count(before.begin(), before.end(), '\n')) + 1);
}

// What follows hours later is not the rest of it, nor is what has a beginning of its own.
TEST(InputSeams, OnlyNeighboursAreJoined) {
  const std::string first =
      "2026-11-22 10:00:00.000 UTC [7] LOG:  duration: 1.000 ms  statement: SELECT 1\n"
      "2026-11-22 10:00:01.000 UTC [7] LOG:  duration: 1.000 ms  statement: SELECT a\n\tFROM";
  const std::string rest =
      " t\n2026-11-22 10:00:02.000 UTC [7] LOG:  duration: 1.000 ms  statement: SELECT 2\n";
  std::string later = rest;
  later.replace(later.find("10:"), 2, "16");
  const Pieces files;
  const Ingested joined = read(files.write({first, rest}));
  ASSERT_EQ(joined.kept.with_text("SELECT a").size(), 1U);
  EXPECT_EQ(joined.kept.with_text("SELECT a").front().text, "SELECT a\nFROM t");
  EXPECT_EQ(joined.stats.unread_lines, 0U);

  const Ingested apart = read(files.write({first, later}));
  ASSERT_EQ(apart.kept.with_text("SELECT a").size(), 1U);
  EXPECT_EQ(apart.kept.with_text("SELECT a").front().text, "SELECT a\nFROM");
  EXPECT_EQ(apart.stats.unread_lines, 1U);

  const Ingested whole = read(files.write({first, rest.substr(3)}));
  EXPECT_EQ(whole.kept.with_text("SELECT a").front().text, "SELECT a\nFROM");
  EXPECT_EQ(whole.kept.events.size(), 3U);
}

}  // namespace
}  // namespace pgsieve
