// A packet capture and the server's own log of the same run tell the same story: per session the same
// statements, values and errors in the same order.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <regex>

#include "tests/wire/wire_testing.h"

namespace pgsieve {
namespace {

using testing::EventLog;

// The statements of each session, sessions in a fixed order.
std::vector<std::vector<std::string>> sessions_of(const std::string& path, bool* holes = nullptr) {
  EventLog log;
  log.with_rows = false;
  const Result<IngestStats> stats = ingest({path}, testing::wire_options(), log);
  EXPECT_TRUE(stats.ok()) << path;
  if (holes != nullptr) {
    *holes = std::any_of(stats->warnings.begin(), stats->warnings.end(), [](const std::string& warning) {
      return warning.find(" holes ") != std::string::npos;
    });
  }
  std::map<std::string, std::vector<std::string>> sessions;
  for (const std::string& line : log.by_session) {
    const size_t blank = line.find(' ');
    std::string event = line.substr(blank + 1);
    if (event == "end") continue;
    // The log has no values for failed statements.
    if (event.starts_with("failed")) event = event.substr(0, event.find(" $1="));
    // Without a declared type a time stamp is as the client wrote it.
    static const std::regex kTime("'20[0-9-]{8}[ T][^']*'");
    event = std::regex_replace(event, kTime, "'time'");
    sessions[line.substr(0, blank)].push_back(std::move(event));
  }
  std::vector<std::vector<std::string>> sorted;
  for (auto& [id, events] : sessions) sorted.push_back(std::move(events));
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

class Equality : public ::testing::TestWithParam<std::string> {};

TEST_P(Equality, CaptureAndLogAgree) {
  const std::string folder = testing::wire_fixture(GetParam());
  const auto wire = sessions_of(folder + "/dur.pcap");
  const auto log = sessions_of(folder + "/dur.json");
  EXPECT_FALSE(log.empty());
  EXPECT_EQ(wire, log);
}

INSTANTIATE_TEST_SUITE_P(Wire, Equality,
                         ::testing::Values("psycopg2_copy_neg", "psycopg2_serialization_retry_neg",
                                           "psycopg2_server_cursor_neg", "node-otel_sqlcommenter_n1_small3",
                                           "node-objection_n1_small3", "node-sequelize_n1_small3",
                                           "django_n1_small3", "activerecord_n1_small3"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// A whole corpus of such pairs, when one is named.
TEST(EqualityOfCorpus, CaptureAndLogAgree) {
  const char* corpus = std::getenv("PGSIEVE_WIRE_CORPUS");
  if (corpus == nullptr) GTEST_SKIP() << "PGSIEVE_WIRE_CORPUS names no folder";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus)) {
    if (entry.path().filename() != "dur.pcap") continue;
    const std::string folder = entry.path().parent_path().string();
    bool holes = false;
    const auto wire = sessions_of(folder + "/dur.pcap", &holes);
    const auto log = sessions_of(folder + "/dur.json");
    if (holes) continue;  // cut to a snap length: texts are cut, too
    EXPECT_EQ(wire == log, true) << folder;
    for (size_t i = 0; i < std::min(wire.size(), log.size()) && wire != log; ++i) {
      for (size_t j = 0; j < std::max(wire[i].size(), log[i].size()); ++j) {
        const std::string left = j < wire[i].size() ? wire[i][j] : "-";
        const std::string right = j < log[i].size() ? log[i][j] : "-";
        if (left == right) continue;
        ADD_FAILURE() << "session " << i << " event " << j << "\n wire " << left.substr(0, 300) << "\n log  "
                      << right.substr(0, 300);
        break;
      }
    }
  }
}

}  // namespace
}  // namespace pgsieve
