// Turns that ask several tables for one value: the list of one is the list of all.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

constexpr std::string_view kActs = "SELECT id, title FROM acts WHERE genre = 'jazz' ORDER BY title LIMIT 12";

const Finding* about(const std::vector<Finding>& findings, std::string_view table) {
  const auto found = std::find_if(findings.begin(), findings.end(),
                                  [&](const Finding& finding) { return finding.table == table; });
  return found == findings.end() ? nullptr : &*found;
}

// `values`: those of the second statement of each turn.
template <typename Value>
std::vector<Finding> findings_of_turns(std::string_view second, Value&& value, Microseconds gap = 1000) {
  SequenceBench bench;
  bench.run(kActs);
  for (int i = 0; i < 12; ++i) {
    bench.run(fmt::format("SELECT slot FROM performances WHERE act_id = {}", 900 + 7 * i), gap);
    bench.run(fmt::format(fmt::runtime(second), value(i)), gap);
  }
  return bench.findings("n-plus-one");
}

int same(int i) {
  return 900 + 7 * i;
}

TEST(LoopBeside, NamesTheListOfBoth) {
  for (const std::string_view second :
       {"SELECT key, value FROM attributes WHERE entity_type = 'act' AND entity_id = {}",
        "SELECT count(*) FROM bookmarks WHERE subject = {}"}) {
    const std::vector<Finding> findings = findings_of_turns(second, same);
    const Finding* finding =
        about(findings, second.find("attributes") == std::string_view::npos ? "bookmarks" : "attributes");
    ASSERT_NE(finding, nullptr) << second;
    EXPECT_EQ(finding->confidence, Confidence::kHigh) << second;
    EXPECT_EQ(finding->count, 12U) << second;
    EXPECT_TRUE(finding->parent_query.starts_with("SELECT id, title FROM acts")) << finding->parent_query;
    EXPECT_EQ(finding->evidence.front(),
              "each turn asks for the value that its query on performances asked for: performances.act_id = "
              "acts.id");
  }
}

// What the turn asks for is its own, or always the same.
TEST(LoopBeside, IsSilentAboutOtherValues) {
  const std::string_view second = "SELECT count(*) FROM bookmarks WHERE subject = {}";
  for (const auto& findings : {findings_of_turns(second, [](int i) { return 13 + 5 * (i % 4); }),
                               findings_of_turns(second, [](int) { return 13; })}) {
    const Finding* finding = about(findings, "bookmarks");
    if (finding != nullptr) {
      EXPECT_LT(finding->confidence, Confidence::kHigh);
      EXPECT_FALSE(finding->parent_query.starts_with("SELECT id, title FROM acts"));
    }
  }
}

// A person opens one act after the other.
TEST(LoopBeside, RequestsAreNoTurns) {
  SequenceBench bench;
  for (size_t i = 0; i < 12; ++i) {
    bench.run(kActs, kThinkTimes[i] * 10 * kMillisecond);
    bench.run(fmt::format("SELECT slot FROM performances WHERE act_id = {}", same(static_cast<int>(i))),
              kThinkTimes[i] * 10 * kMillisecond);
    bench.run(fmt::format("SELECT count(*) FROM bookmarks WHERE subject = {}", same(static_cast<int>(i))));
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

}  // namespace
}  // namespace pgsieve
