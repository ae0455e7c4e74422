#include "analyzer/capture/follow.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/capture/collect.h"

namespace pgsieve {
namespace {

namespace fs = std::filesystem;

class FollowTest : public ::testing::Test {
 protected:
  FollowTest() {
    std::string pattern = (fs::temp_directory_path() / "pgsieve_follow_XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    path_ = directory_ / "server.log";
  }
  ~FollowTest() override { fs::remove_all(directory_); }

  void append(const std::string& text) { std::ofstream(path_, std::ios::binary | std::ios::app) << text; }
  std::unique_ptr<Source> follow(bool from_end = false) {
    auto source = open_following(path_.string(), stop_, from_end);
    EXPECT_TRUE(source.ok());
    return std::move(*source);
  }
  // One read, which finds something without waiting.
  static std::string next(Source& source) {
    std::string text;
    const auto got = source.read(text, 1000);
    EXPECT_TRUE(got.ok());
    return text;
  }

  fs::path directory_, path_;
  std::atomic<bool> stop_{false};
};

TEST_F(FollowTest, NewLinesArrive) {
  append("one\n");
  const auto source = follow();
  EXPECT_EQ(next(*source), "one\n");
  append("two\nthr");
  EXPECT_EQ(next(*source), "two\nthr");
  append("ee\n");
  EXPECT_EQ(next(*source), "ee\n");
  append("last\n");
  stop_ = true;
  EXPECT_EQ(next(*source), "last\n");
  EXPECT_EQ(next(*source), "");
  EXPECT_EQ(source->stored_bytes(), 19U);
}

TEST_F(FollowTest, RenamedFileIsReadToItsEndFirst) {
  append("one\n");
  const auto source = follow();
  EXPECT_EQ(next(*source), "one\n");
  append("rest without end");
  fs::rename(path_, directory_ / "server.log.1");
  append("new file\n");
  EXPECT_EQ(next(*source), "rest without end");
  EXPECT_EQ(next(*source), "\n");
  EXPECT_EQ(next(*source), "new file\n");
}

TEST_F(FollowTest, FileHeldOpenIsReadBeforeTheOneThatTookItsName) {
  append("one\n");
  const auto held = HeldFile::open(path_.string());
  ASSERT_TRUE(held);
  EXPECT_EQ(held->identity(), file_identity(path_.string()));
  fs::rename(path_, directory_ / "server.log.1");
  append("new file\n");
  EXPECT_NE(held->identity(), file_identity(path_.string()));
  const auto source = open_following(path_.string(), stop_, false, {}, 0, {}, held.get());
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(next(**source), "one\n");
  EXPECT_EQ(next(**source), "new file\n");
}

// Between a rotation's two steps no file has the name: what was held is read under the one it has now.
TEST_F(FollowTest, FileHeldOpenIsReadOnceWhenNothingTookItsName) {
  append("2026-01-02 03:04:05.000 UTC [7] LOG:  duration: 1.0 ms  statement: SELECT 1\n");
  const std::atomic<bool> stop = true;  // what is there is read all the same
  IngestOptions options;
  options.follow = true;
  options.stop = &stop;
  options.held[path_.string()] = HeldFile::open(path_.string());
  fs::rename(path_, directory_ / "server.log.1");
  const testing::Ingested got = testing::ingest_file(directory_.string(), options);
  EXPECT_EQ(got.error, "");
  EXPECT_EQ(got.stats.executions, 1U);
}

TEST_F(FollowTest, OnlyRegularFilesAreHeld) {
  EXPECT_FALSE(HeldFile::open(path_.string()));
  EXPECT_FALSE(HeldFile::open(directory_.string()));
  EXPECT_FALSE(file_identity(directory_.string()));
}

TEST_F(FollowTest, TruncatedFileStartsOver) {
  append("a long first line\n");
  const auto source = follow();
  EXPECT_EQ(next(*source), "a long first line\n");
  fs::resize_file(path_, 0);
  append("short\n");
  EXPECT_EQ(next(*source), "short\n");
}

TEST_F(FollowTest, TruncatedAndGrownBeyondIsNoticed) {
  append("first\n");
  const auto source = follow();
  EXPECT_EQ(next(*source), "first\n");
  fs::resize_file(path_, 0);
  append("second, longer than the first\n");
  EXPECT_EQ(next(*source), "second, longer than the first\n");
}

// Rotation by copying and truncating: what came between the last look and the truncation is in the copy.
TEST_F(FollowTest, WhatWasNotReadBeforeATruncationIsInTheCopy) {
  append("one\n");
  std::ofstream(directory_ / "other.log") << "one of another program, and longer\n";
  const auto source = follow();
  EXPECT_EQ(next(*source), "one\n");
  append("two\nthree\n");
  fs::copy_file(path_, directory_ / "server.log.1");
  fs::resize_file(path_, 0);
  append("four\n");
  EXPECT_EQ(next(*source), "two\nthree\n");
  EXPECT_EQ(next(*source), "four\n");
  append("five\n");
  EXPECT_EQ(next(*source), "five\n");
  EXPECT_EQ(source->warning(), "");
}

TEST_F(FollowTest, ATruncationWithoutACopyIsSaid) {
  append("one\n");
  const auto source = follow(true);
  append("two\n");
  EXPECT_EQ(next(*source), "two\n");
  fs::copy_file(path_, directory_ / "server.log.1");
  fs::resize_file(path_, 0);
  append("x\n");
  EXPECT_EQ(next(*source), "x\n");
  EXPECT_EQ(source->warning(), "");
  fs::resize_file(path_, 0);
  append("y\n");
  EXPECT_EQ(next(*source), "y\n");
  EXPECT_NE(source->warning().find("truncated once"), std::string::npos) << source->warning();
}

TEST_F(FollowTest, FromTheEnd) {
  append("old\n");
  const auto source = follow(true);
  append("new\n");
  EXPECT_EQ(next(*source), "new\n");
  stop_ = true;
  EXPECT_EQ(next(*source), "");
}

TEST_F(FollowTest, MissingFile) {
  EXPECT_FALSE(open_following(path_.string(), stop_).ok());
}

}  // namespace
}  // namespace pgsieve
