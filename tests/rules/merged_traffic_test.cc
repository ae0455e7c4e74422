// Captures of one program merged into one log, each begun at a random moment and on connections of its own:
// the loops found are those that are found apart.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "analyzer/base/time.h"
#include "analyzer/capture/ingest.h"
#include "analyzer/sql/canonical.h"
#include "analyzer/workload/builder.h"
#include "rules/rule.h"

namespace pgsieve {
namespace {

// One entry of a log with the prefix "%m [%p] …", in milliseconds since its log began.
struct Entry {
  int64_t after = 0;
  std::string process;
  std::string rest;  // behind the prefix's process id, further lines included
};

constexpr size_t kTimeLength = 23;  // 2026-11-22 01:05:48.063

// Of the day: no capture goes beyond midnight.
int64_t milliseconds(std::string_view time) {
  const auto number = [&time](size_t at, size_t length) {
    return std::stoll(std::string(time.substr(at, length)));
  };
  return ((number(11, 2) * 60 + number(14, 2)) * 60 + number(17, 2)) * 1000 + number(20, 3);
}

std::string log_time(int64_t of_day) {
  return fmt::format("2026-11-22 {:02}:{:02}:{:02}.{:03}", of_day / 3600000, of_day / 60000 % 60,
                     of_day / 1000 % 60, of_day % 1000);
}

std::vector<Entry> read_log(const std::string& path) {
  std::ifstream file(path);
  std::vector<Entry> entries;
  int64_t begin = -1;
  for (std::string line; std::getline(file, line);) {
    const size_t open = line.find(" [");
    const bool fresh =
        line.size() > kTimeLength && line.starts_with("20") && line[19] == '.' && open != std::string::npos;
    if (!fresh) {
      if (!entries.empty()) entries.back().rest += "\n" + line;
      continue;
    }
    const int64_t time = milliseconds(line);
    if (begin < 0) begin = time;
    const size_t close = line.find(']', open);
    entries.push_back({time - begin, line.substr(open + 2, close - open - 2), line.substr(close)});
  }
  return entries;
}

std::string path_of(const std::string& capture) {
  return std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/traffic/" + capture + "/dur.stderr.log";
}

// Writes the merged log. Each capture begins within `window` milliseconds.
void merge_logs(const std::vector<std::string>& captures, int64_t window, unsigned seed,
                const std::string& path) {
  std::mt19937 random(seed);
  struct Line {
    int64_t time;
    std::string text;
  };
  std::vector<Line> lines;
  int next_process = 20000;
  for (const std::string& capture : captures) {
    const int64_t begin = 3600000 + static_cast<int64_t>(random() % static_cast<uint64_t>(window));
    std::map<std::string, int> processes;
    for (const Entry& entry : read_log(path_of(capture))) {
      const auto [process, fresh] = processes.try_emplace(entry.process, next_process);
      if (fresh) ++next_process;
      const int64_t time = begin + entry.after;
      lines.push_back({time, fmt::format("{} UTC [{}{}\n", log_time(time), process->second, entry.rest)});
    }
  }
  std::ranges::stable_sort(lines, {}, &Line::time);
  std::ofstream file(path);
  for (const Line& line : lines) file << line.text;
}

using Identity = std::tuple<std::string, std::string, std::string>;  // rule, statement, parent

std::string form(const SharedText& query) {
  return query.empty() ? std::string() : canonical_form(query);
}

// The findings about loops that were seen, each with its grade.
std::map<Identity, Confidence> loops_in(const std::string& log) {
  WorkloadBuilder builder;
  const auto stats = ingest({log}, IngestOptions{}, builder);
  EXPECT_TRUE(stats.ok());
  const Workload workload = builder.finish();
  const Schema schema;
  std::map<Identity, Confidence> loops;
  for (const Finding& finding : run_rules({workload, schema, {}, {}})) {
    if (finding.rule != "n-plus-one" && finding.rule != "write-loop" && finding.rule != "duplicate-query")
      continue;
    if (finding.object == "latent") continue;
    Confidence& confidence = loops[{finding.rule, form(finding.query), form(finding.parent_query)}];
    confidence = std::max(confidence, finding.confidence);
  }
  return loops;
}

void expect_as_apart(const std::vector<std::string>& captures) {
  std::map<Identity, Confidence> apart;
  for (const std::string& capture : captures) {
    for (const auto& [loop, confidence] : loops_in(path_of(capture)))
      apart[loop] = std::max(apart[loop], confidence);
  }
  EXPECT_FALSE(apart.empty());
  const std::string merged = fmt::format("{}pgsieve_{}_merged_traffic.log", ::testing::TempDir(), getpid());
  for (const int64_t window : {2'000, 60'000, 3'600'000}) {
    for (const unsigned seed : {1U, 2U, 3U}) {
      merge_logs(captures, window, seed, merged);
      const std::map<Identity, Confidence> together = loops_in(merged);
      for (const auto& [loop, confidence] : together) {
        EXPECT_TRUE(apart.contains(loop))
            << "within " << window << " ms, seed " << seed << ": only when merged: " << std::get<0>(loop)
            << " (" << confidence_name(confidence) << ") on " << std::get<1>(loop) << " after "
            << std::get<2>(loop);
      }
      for (const auto& [loop, confidence] : apart) {
        const auto found = together.find(loop);
        EXPECT_TRUE(found != together.end() && found->second >= confidence)
            << "within " << window << " ms, seed " << seed << ": "
            << (found == together.end() ? "lost" : "less sure") << " when merged: " << std::get<0>(loop)
            << " on " << std::get<1>(loop) << " after " << std::get<2>(loop);
      }
    }
  }
  std::filesystem::remove(merged);
}

TEST(MergedTraffic, LoopsBesidePagesOfTheSameRows) {
  expect_as_apart({"sequelize_n1_interleaved", "sequelize_keyset", "sequelize_n1_nested", "sequelize_n1_tree",
                   "sequelize_polling", "sequelize_pk_lookup", "sequelize_n1_lazy_mn", "sequelize_web20"});
}

TEST(MergedTraffic, LoopsBesideRequestsOfTheSameStatements) {
  expect_as_apart({"psycopg2_n1_abab", "psycopg2_web_requests_two_neg", "psycopg2_web_requests_neg",
                   "psycopg2_n1_two_conns", "psycopg2_n1_nested", "psycopg2_n1_count",
                   "psycopg2_pk_lookup_neg", "psycopg2_update_loop"});
}

TEST(MergedTraffic, LoopsBesideRequestsWithTags) {
  expect_as_apart({"django_n1_m2n", "django_web_requests_neg", "django_web_requests_comments_neg",
                   "django_n1_nested", "django_n1_tree", "django_polling_neg"});
}

}  // namespace
}  // namespace pgsieve
