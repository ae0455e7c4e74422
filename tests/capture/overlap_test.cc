// Copies of one log that overlap are counted once, whatever they are called and however they are packed.
#include "analyzer/capture/overlap.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "analyzer/capture/input_order.h"
#include "tests/capture/collect.h"

namespace pgsieve {
namespace {

namespace fs = std::filesystem;

class Overlap : public ::testing::Test {
 protected:
  Overlap() {
    std::string pattern = (fs::temp_directory_path() / "pgsieve_overlap_XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    for (int i = 0; i < 4000; ++i) {
      lines_.push_back(
          fmt::format("2026-11-20 10:{:02}:{:02}.{:03} UTC [{}] u@d LOG:  duration: 0.1 ms  statement: "
                      "SELECT {} FROM t\n",
                      i / 600, i / 10 % 60, i % 10 * 100, 100 + i % 7, i));
    }
  }
  ~Overlap() override { fs::remove_all(directory_); }

  // Lines [from, to), each behind `head`.
  std::string write(const std::string& name, size_t from, size_t to, const std::string& head = "") {
    std::string text;
    for (size_t i = from; i < to; ++i) text += head + lines_[i];
    return write_text(name, text);
  }
  std::string write_text(const std::string& name, const std::string& text) {
    const std::string path = (directory_ / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::string gzip(const std::string& path) {
    EXPECT_EQ(std::system(("gzip -nk " + path).c_str()), 0);
    return path + ".gz";
  }
  // Each statement of [0, total) exactly once?
  static void expect_once(const std::vector<std::string>& inputs, size_t total) {
    testing::Keeper kept;
    const Result<IngestStats> stats = ingest(inputs, {}, kept);
    ASSERT_TRUE(stats.ok());
    std::set<std::string> texts;
    for (const testing::KeptEvent& event : kept.events) texts.insert(event.text);
    EXPECT_EQ(kept.events.size(), total);
    EXPECT_EQ(texts.size(), total);
    EXPECT_EQ(stats->unread_lines, 0U);
  }

  fs::path directory_;
  std::vector<std::string> lines_;
};

TEST_F(Overlap, EveryWayToOverlap) {
  const std::string full = write("full.log", 0, 4000);
  const std::string noon = write("noon.log", 0, 2400);
  const std::string tail = write("tail.log", 3000, 4000);
  const std::string middle = write("middle.log", 1000, 1200);
  const std::string first = write("first.log", 0, 2000);
  const std::string second = write("second.log", 1800, 4000);
  expect_once({noon, full}, 4000);
  expect_once({tail, full}, 4000);
  expect_once({full, middle}, 4000);
  expect_once({second, first}, 4000);
  expect_once({first, full, second, tail, noon, middle}, 4000);
  expect_once({gzip(noon), full}, 4000);
  expect_once({gzip(full), full, noon}, 4000);
}

TEST_F(Overlap, WrappedEntries) {
  const std::string head = "2026-11-20T10:00:00.000000Z stderr F ";
  expect_once({write("b.log", 1500, 3000, head), write("a.log", 0, 2000, head)}, 3000);
}

// Logs of several hosts cover the same time, and a statement may well be the same.
TEST_F(Overlap, OtherContentOfTheSameTimeIsRead) {
  const std::string a = write("a.log", 0, 1000);
  std::string other;
  for (size_t i = 500; i < 1000; ++i) {
    std::string line = lines_[i];
    line.replace(line.find('['), 4, "[9");
    other += line;
  }
  testing::Keeper kept;
  ASSERT_TRUE(ingest({a, write_text("b.log", other)}, {}, kept).ok());
  EXPECT_EQ(kept.events.size(), 1500U);
  // Equal at first, then not: no overlap.
  testing::Keeper differing;
  std::string branch;
  for (size_t i = 900; i < 960; ++i) branch += lines_[i];
  ASSERT_TRUE(
      ingest({a, write_text("c.log", branch + other.substr(0, other.find('\n') + 1))}, {}, differing).ok());
  EXPECT_EQ(differing.events.size(), 1061U);
}

// A log rotated in the middle of a loop: the entries on both sides may be the same to the last byte.
TEST_F(Overlap, EqualEntriesOfOneTimeAreALoops) {
  std::string loop;
  for (int i = 0; i < 6; ++i)
    loop += "2026-11-20 10:00:10.000 UTC [100] u@d LOG:  statement: SELECT " + std::string(100, 'a') + "\n";
  const std::string before = lines_[0] + lines_[1] + loop;
  std::string after = loop;
  for (size_t i = 200; i < 300; ++i) after += lines_[i];
  testing::Keeper kept;
  ASSERT_TRUE(ingest({write_text("a.log", before), write_text("b.log", after)}, {}, kept).ok());
  EXPECT_EQ(kept.events.size(), 2U + 6U + 6U + 100U);

  // Several that differ are a copy.
  std::string shared;
  for (int i = 0; i < 6; ++i)
    shared += fmt::format("2026-11-20 10:00:10.000 UTC [100] u@d LOG:  statement: SELECT {}\n", i);
  testing::Keeper once;
  ASSERT_TRUE(
      ingest({write_text("a.log", lines_[0] + shared), write_text("b.log", shared + lines_[200])}, {}, once)
          .ok());
  EXPECT_EQ(once.events.size(), 1U + 6U + 1U);
}

TEST_F(Overlap, RestOfAFile) {
  const std::string a = write("a.log", 0, 1000);
  const std::string b = write("b.log", 500, 2000);
  const uint64_t shared = shared_bytes(a, UINT64_MAX, b, 0, IngestOptions());
  EXPECT_EQ(shared, fs::file_size(a) - fs::file_size(write("x.log", 0, 500)));
  // Only what the store has of the first counts.
  const uint64_t known = fs::file_size(write("y.log", 0, 600));
  EXPECT_EQ(shared_bytes(a, known, b, 0, IngestOptions()), known - fs::file_size(directory_ / "x.log"));
}

TEST_F(Overlap, WhileItIsWritten) {
  const std::string whole = write("a.log", 0, 10);
  EXPECT_EQ(complete_size(whole, {}, {}), fs::file_size(whole));
  const std::string cut = write_text("b.log", lines_[0] + lines_[1].substr(0, 40));
  EXPECT_EQ(complete_size(cut, {}, {}), lines_[0].size());
  fs::last_write_time(cut, fs::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_EQ(complete_size(cut, {}, {}), fs::file_size(cut));
}

}  // namespace
}  // namespace pgsieve
