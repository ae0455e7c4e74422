// Names of tests and routes, and what is counted by them.
#include "analyzer/workload/unit_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/workload/serialize.h"
#include "tests/workload/stream.h"

namespace pgsieve {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using testing::Stream;

WorkloadOptions tracking() {
  WorkloadOptions options;
  options.track_units = true;
  return options;
}

// "test → executions" of the pattern that reads the table.
std::map<std::string, uint64_t> tests_of(const Workload& facts, const std::string& table) {
  std::map<std::string, uint64_t> counts;
  for (const auto& [key, pattern] : facts.patterns) {
    if (pattern.query.find("FROM " + table) == std::string::npos) continue;
    const auto tags = pattern.tags.find("test");
    if (tags == pattern.tags.end()) continue;
    for (const auto& value : tags->second.values()) counts[value.text] += value.count;
  }
  return counts;
}

TEST(UnitNames, AMarkerHoldsOnItsConnectionUntilTheNext) {
  Stream stream;
  stream.run(1, "SELECT * FROM users WHERE id = 1");  // set-up: before any marker
  stream.run(1, "SELECT 'pgsieve:test=tests%2Fa.py%3A%3Atest_one'");
  stream.run(1, "SELECT * FROM users WHERE id = 2").run(2, "SELECT * FROM users WHERE id = 3");
  stream.run(1, "SELECT 'pgsieve:test=two'").run(1, "SELECT * FROM users WHERE id = 4");
  stream.run(1, "SELECT 'pgsieve:test='").run(1, "SELECT * FROM users WHERE id = 5");
  const Workload facts = stream.facts();
  EXPECT_THAT(tests_of(facts, "users"), ElementsAre(Pair("tests/a.py::test_one", 1), Pair("two", 1)));
  EXPECT_EQ(facts.marked.total(), 3U);
}

TEST(UnitNames, AMarkerForTheClientHoldsOnAllItsConnections) {
  Stream stream;
  stream.run(1, "SELECT 'pgsieve:test=one&scope=client'").run(2, "SELECT * FROM users WHERE id = 3");
  EXPECT_THAT(tests_of(stream.facts(), "users"), ElementsAre(Pair("one", 1)));
}

TEST(UnitNames, AMarkerMayBeAParameter) {
  Stream stream;
  stream.run(1, "SELECT $1", {"pgsieve:test=one"}).run(1, "SELECT * FROM users WHERE id = 3");
  EXPECT_THAT(tests_of(stream.facts(), "users"), ElementsAre(Pair("one", 1)));
}

TEST(UnitNames, OtherLiteralsAreNoMarkers) {
  Stream stream;
  stream.run(1, "SELECT 'a pgsieve:test=one'").run(1, "SELECT * FROM users WHERE id = 3");
  const Workload facts = stream.facts();
  EXPECT_TRUE(tests_of(facts, "users").empty());
  EXPECT_EQ(facts.marked.total(), 0U);
}

TEST(UnitNames, TheStatementsOwnTagIsStronger) {
  Stream stream;
  stream.run(1, "SELECT 'pgsieve:test=one'").run(1, "SELECT * FROM users WHERE id = 3 /*test='own'*/");
  EXPECT_THAT(tests_of(stream.facts(), "users"), ElementsAre(Pair("own", 1)));
}

TEST(UnitNames, TheApplicationsNameCanBeTheTest) {
  Stream stream;
  stream.run(1, "SELECT * FROM users WHERE id = 3");
  stream.last().application = "t:spec/a_spec.rb:12";
  stream.run(1, "SELECT * FROM users WHERE id = 4");
  EXPECT_THAT(tests_of(stream.facts(), "users"), ElementsAre(Pair("spec/a_spec.rb:12", 1)));
  WorkloadOptions options;
  options.unit_sources.test = {"app:app"};
  EXPECT_THAT(tests_of(stream.facts(options), "users"), ElementsAre(Pair("app", 1)));
}

TEST(UnitNames, AnotherTagCanBeTheTest) {
  Stream stream;
  stream.run(1, "SELECT * FROM users WHERE id = 3 /*suite='s',case='c'*/");
  WorkloadOptions options;
  options.unit_sources.test = {"tag:suite+case"};
  EXPECT_THAT(tests_of(stream.facts(options), "users"), ElementsAre(Pair("s#c", 1)));
}

TEST(UnitNames, SourcesAreChecked) {
  EXPECT_FALSE(check_unit_source("marker"));
  EXPECT_FALSE(check_unit_source("tag:a+b"));
  EXPECT_TRUE(check_unit_source("tag:"));
  EXPECT_TRUE(check_unit_source("app:("));
  EXPECT_TRUE(check_unit_source("header:x"));
}

TEST(UnitNames, SourcesOfLoopsReadBack) {
  EXPECT_THAT(
      parse_source("controller=posts action=index test=a test with = blanks source_location=a/b.rb:12"),
      ElementsAre(Pair("controller", "posts"), Pair("action", "index"), Pair("test", "a test with = blanks"),
                  Pair("source_location", "a/b.rb:12")));
}

TEST(UnitFacts, ATestIsTheSumOfItsStatements) {
  Stream stream;
  stream.run(1, "SELECT 'pgsieve:test=one'").run(1, "BEGIN");
  stream.run(1, "SELECT * FROM users WHERE id = 1", {}, 1).run(1, "SELECT * FROM users WHERE id = 2", {}, 1);
  stream.run(1, "UPDATE users SET name = 'x' WHERE id = 1", {}, 3).run(1, "COMMIT");
  EXPECT_TRUE(stream.facts().units.empty());
  const Workload facts = stream.facts(tracking());
  const UnitFacts& unit = facts.units.at("test:one");
  EXPECT_EQ(unit.total.statements, 3U);
  EXPECT_EQ(unit.total.patterns, 2U);
  EXPECT_EQ(unit.total.rows, 5U);
  EXPECT_EQ(unit.total.time, 1500);
  EXPECT_EQ(facts.units.size(), 1U);
}

TEST(UnitFacts, ARouteIsJudgedByItsWorstRequest) {
  Stream stream;
  for (int request = 0; request < 3; ++request) {
    for (int i = 0; i <= request; ++i) stream.run(1, "SELECT * FROM t WHERE id = 1 /*route='/a'*/");
    stream.run(1, "SELECT * FROM t WHERE id = 1 /*route='/b'*/");
  }
  stream.wait(kSecond).run(1, "SELECT * FROM t WHERE id = 1 /*route='/b'*/");
  const Workload facts = stream.facts(tracking());
  EXPECT_EQ(facts.units.at("route:/a").total.statements, 6U);
  EXPECT_EQ(facts.units.at("route:/a").worst.statements, 3U);
  EXPECT_EQ(facts.units.at("route:/a").runs, 3U);
  EXPECT_EQ(facts.units.at("route:/b").worst.statements, 1U);
}

TEST(UnitFacts, Merge) {
  Stream first, second;
  first.run(1, "SELECT * FROM t WHERE id = 1 /*test='a'*/")
      .run(1, "SELECT * FROM u WHERE id = 1 /*test='b'*/");
  second.run(2, "SELECT * FROM v WHERE id = 1 /*test='a'*/")
      .run(2, "SELECT * FROM v WHERE id = 1 /*test='a'*/");
  Workload left = first.facts(tracking()), right = second.facts(tracking());
  Workload other = right;
  other.merge(left);
  left.merge(right);
  EXPECT_EQ(left.units, other.units);
  EXPECT_EQ(left.units.at("test:a").total.patterns, 2U);
  EXPECT_EQ(left.units.at("test:a").total.statements, 3U);
  const Result<Workload> read = deserialize_workload(serialize(left));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->units, left.units);
}

TEST(UnitFacts, ExcludedStatementsAreNotThere) {
  Stream stream;
  stream.run(1, "SELECT * FROM schema_migrations").run(1, "SELECT * FROM users");
  WorkloadOptions options;
  options.exclude_sql.emplace_back("schema_migrations");
  const Workload facts = stream.facts(options);
  EXPECT_EQ(facts.patterns.size(), 1U);
  EXPECT_EQ(facts.executions, 1U);
}

}  // namespace
}  // namespace pgsieve
