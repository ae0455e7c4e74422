// One known workload, logged by one server run as stderr, csvlog and jsonlog: every format must give the same
// facts, and they must be the truth.
//
// Differences that are inherent in the formats, and nothing else may differ:
//   stderr   no client host (this prefix has none), no SQLSTATE outside verbose, session known by pid only
//   terse    stderr loses DETAIL: no bound values, EXECUTE stays EXECUTE; csvlog and jsonlog keep the detail
//   column
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/capture/collect.h"

namespace pgsieve {
namespace {

using testing::fixture;
using testing::Ingested;
using testing::KeptEvent;

Microseconds total(const std::vector<KeptEvent>& events, Microseconds KeptEvent::*field) {
  Microseconds sum = 0;
  for (const KeptEvent& event : events) sum += event.*field;
  return sum;
}

std::vector<std::string> all_facts(const Ingested& ingested) {
  std::vector<std::string> result;
  for (const KeptEvent& event : ingested.kept.events) result.push_back(testing::facts(event, false));
  return result;
}

class AllFormats : public ::testing::TestWithParam<const char*> {};

TEST_P(AllFormats, IsTheTruth) {
  const Ingested got = testing::ingest_file(fixture(GetParam()));
  ASSERT_EQ(got.error, "");
  EXPECT_EQ(got.stats.entries, 396u);
  EXPECT_EQ(got.stats.executions, 250u);
  EXPECT_EQ(got.stats.errors, 2u);
  EXPECT_EQ(got.stats.orphan_binds, 0u);
  EXPECT_EQ(got.stats.orphan_durations, 0u);
  EXPECT_EQ(got.stats.unread_lines, 0u);
  EXPECT_EQ(got.stats.missing_parameters, 0u);
  EXPECT_EQ(got.stats.no_session, 0u);
  EXPECT_EQ(got.stats.entry_bytes, got.stats.bytes);
  const auto executed = got.kept.of(Event::Kind::kExecuted);
  EXPECT_EQ(executed.size(), 250u);
  EXPECT_EQ(total(executed, &KeptEvent::duration), 24'009 + 3'581 + 8);
  EXPECT_EQ(total(executed, &KeptEvent::prepare), 2'101 + 1'954);
  EXPECT_EQ(std::count_if(executed.begin(), executed.end(), [](const KeptEvent& e) { return e.extended; }),
            77);
  EXPECT_EQ(got.kept.of(Event::Kind::kSessionEnd).size(), 16u);
}

TEST_P(AllFormats, LoopsAndLists) {
  const Ingested got = testing::ingest_file(fixture(GetParam()));
  std::map<std::pair<std::string, std::pair<uint64_t, uint64_t>>, std::vector<const KeptEvent*>> shapes;
  for (const KeptEvent& event : got.kept.events) {
    if (event.kind == Event::Kind::kExecuted)
      shapes[{event.application, {event.key.high, event.key.low}}].push_back(&event);
  }
  std::map<std::string, std::vector<size_t>> sizes;
  for (const auto& [key, members] : shapes) sizes[key.first].push_back(members.size());
  for (auto& [application, counts] : sizes) std::sort(counts.begin(), counts.end());
  EXPECT_EQ(sizes["simple_n1"], (std::vector<size_t>{1, 100}));
  EXPECT_EQ(sizes["prep_n1"], (std::vector<size_t>{60}));
  EXPECT_EQ(sizes["params"], (std::vector<size_t>{8}));
  EXPECT_EQ(sizes["manyparams"], (std::vector<size_t>{5}));
  EXPECT_EQ(sizes["inlists"], (std::vector<size_t>{1, 5}));    // one element, several elements
  EXPECT_EQ(sizes["values"], (std::vector<size_t>{1, 1, 3}));  // create, one row, several rows
  EXPECT_EQ(sizes["page"], (std::vector<size_t>{8}));
  // One value per execution: 60 different ones.
  std::set<std::string> values;
  for (const KeptEvent& event : got.kept.events) {
    if (event.application == "prep_n1" && event.extended) values.insert(event.parameters.at(0));
  }
  EXPECT_EQ(values.size(), 60u);
}

TEST_P(AllFormats, TrickyValues) {
  const Ingested got = testing::ingest_file(fixture(GetParam()));
  std::vector<std::string> values;
  for (const KeptEvent& event : got.kept.with_text("name = $1 AND (note = $2")) {
    ASSERT_EQ(event.parameters.size(), 2u);
    EXPECT_EQ(event.parameters[1], "NULL");
    EXPECT_TRUE(event.parameters_known);
    values.push_back(event.parameters[0]);
  }
  EXPECT_EQ(values, (std::vector<std::string>{"'plain'", "'Smith, John'", "'O''Brien'", "'a'', $2 = ''fake'",
                                              "'line1\nline2'", "'back\\slash'", "''", "'tab\there'"}));
}

TEST_P(AllFormats, NamesFetchesPreparedAndErrors) {
  const Ingested got = testing::ingest_file(fixture(GetParam()));
  for (const KeptEvent& event : got.kept.with_text("SELECT name FROM parent WHERE id = $1")) {
    EXPECT_EQ(event.statement_name, "py:0x7f6754010ad0");
  }
  const auto cursor = got.kept.with_text("WHERE id <= $1 ORDER BY id");
  ASSERT_EQ(cursor.size(), 1u);
  EXPECT_EQ(cursor[0].fetches, 3u);
  EXPECT_EQ(cursor[0].statement_name, "S_2");
  EXPECT_EQ(cursor[0].duration, 138);
  const auto prepared = got.kept.with_text("SELECT * FROM parent WHERE id = $1 AND name <> $2");
  ASSERT_EQ(prepared.size(), 5u);  // PREPARE and its four EXECUTEs
  EXPECT_EQ(prepared[4].parameters, (std::vector<std::string>{"'3'", "'x, y'"}));
  const auto failed = got.kept.of(Event::Kind::kFailed);
  ASSERT_EQ(failed.size(), 2u);
  EXPECT_EQ(failed[0].text, "SELECT * FROM nope WHERE id = 3");
  EXPECT_EQ(failed[0].error_message, "relation \"nope\" does not exist");
  EXPECT_EQ(failed[1].text, "DO $$ BEGIN EXECUTE 'select * from nope2 where x = 1'; END $$");
}

TEST_P(AllFormats, ImitationIsData) {
  const Ingested got = testing::ingest_file(fixture(GetParam()));
  EXPECT_EQ(got.kept.with_text("LOG:  duration: 99999.0 ms").size(), 3u);
  const auto comment = got.kept.with_text("LOG:  duration: 55555.0 ms");
  ASSERT_EQ(comment.size(), 1u);
  EXPECT_EQ(comment[0].text, "SELECT 1 /* hello\nLOG:  duration: 55555.0 ms  statement: SELECT fake2\n*/");
}

INSTANTIATE_TEST_SUITE_P(Logs, AllFormats, ::testing::Values("all.log", "all.csv", "all.json"));

class Variants : public ::testing::TestWithParam<const char*> {};

TEST_P(Variants, EveryFormatGivesTheSameFacts) {
  const std::string group = GetParam();
  const std::string ending = group == "all" ? "" : ".gz";
  const Ingested csv = testing::ingest_file(fixture(group + ".csv" + ending));
  const Ingested json = testing::ingest_file(fixture(group + ".json" + ending));
  const Ingested log = testing::ingest_file(fixture(group + ".log" + ending));
  ASSERT_EQ(csv.error + json.error + log.error, "");
  EXPECT_EQ(all_facts(csv), all_facts(json));
  EXPECT_EQ(csv.stats.executions, log.stats.executions);
  EXPECT_EQ(csv.stats.errors, log.stats.errors);
  EXPECT_EQ(csv.stats.other_entries, log.stats.other_entries);
  if (group == "terse") {
    EXPECT_EQ(log.stats.missing_parameters,
              72u);  // every extended execution whose text has a $n
    return;
  }
  EXPECT_EQ(all_facts(csv), all_facts(log));
}

INSTANTIATE_TEST_SUITE_P(Logs, Variants, ::testing::Values("all", "stmtall", "verbose", "terse", "explboth"));

TEST(GroundTruth, TextFirstPairsWithItsDurations) {
  const Ingested got = testing::ingest_file(fixture("stmtall.csv.gz"));
  for (const KeptEvent& event : got.kept.of(Event::Kind::kExecuted))
    EXPECT_NE(event.duration, kUnknownTime) << event.text;
  EXPECT_EQ(got.stats.orphan_durations, 0u);
  EXPECT_EQ(got.stats.settings.at("log_duration"), "on");
  const auto cursor = got.kept.with_text("WHERE id <= $1 ORDER BY id");
  ASSERT_EQ(cursor.size(), 1u);
  EXPECT_EQ(cursor[0].fetches, 3u);
  EXPECT_GT(cursor[0].prepare, 0);
}

TEST(GroundTruth, PlansDoNotDouble) {
  const Ingested got = testing::ingest_file(fixture("explboth.csv.gz"));
  EXPECT_EQ(got.kept.of(Event::Kind::kPlanOnly).size(), 0u);
  EXPECT_EQ(got.stats.executions, 251u);
  const auto nested = got.kept.of(Event::Kind::kNestedPlan);
  EXPECT_EQ(
      std::count_if(nested.begin(), nested.end(),
                    [](const KeptEvent& e) { return e.text.find("parent_id = i") != std::string::npos; }),
      3);
  for (const KeptEvent& event : got.kept.with_text("SELECT * FROM child WHERE parent_id = "))
    EXPECT_GT(event.plan_nodes, 0);
}

TEST(GroundTruth, CutValuesAreFlagged) {
  const Ingested got = testing::ingest_file(fixture("verbose.log.gz"));
  EXPECT_EQ(got.stats.truncated_parameters, 6u);
  EXPECT_EQ(got.kept.of(Event::Kind::kFailed).at(0).sqlstate, "42P01");
  EXPECT_EQ(got.stats.settings.at("log_error_verbosity"), "verbose");
}

}  // namespace
}  // namespace pgsieve
