#include "analyzer/policy/baseline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/policy/toml.h"

namespace pgsieve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

BaselineEntry entry(const std::string& rule, const std::string& sql, const std::string& parent = {}) {
  BaselineEntry made;
  made.rule = rule;
  made.sql = sql;
  made.parent = parent;
  made.id = finding_id(rule, sql, parent);
  made.calls = 7;
  return made;
}

Baseline sample() {
  Baseline baseline;
  baseline.entries.push_back(entry("select-star", "SELECT * FROM a"));
  baseline.entries.push_back(entry("n-plus-one", "SELECT \"x\" FROM b WHERE id = $1", "SELECT * FROM a"));
  baseline.entries[1].state = "accepted";
  baseline.entries[1].reason = "a \"batch\" \\ of two\nlines";
  baseline.entries[1].until = day_number("2027-03-31");
  baseline.entries[1].seen = {"route:a#b", "test:tests/a.py::test_x"};
  baseline.units["test:a"] = {.statements = 3, .rows = 4, .time = 1500, .patterns = 2};
  baseline.sort();
  return baseline;
}

std::string refusal(const std::string& text) {
  const Result<Baseline> baseline = parse_baseline(text, "b.toml");
  return baseline.ok() ? "" : baseline.error().to_string();
}

TEST(Baseline, WhatIsWrittenIsReadBack) {
  const std::string text = write_baseline(sample(), "pgsieve baseline create x.log");
  const Result<Baseline> read = parse_baseline(text, "b.toml");
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  EXPECT_EQ(write_baseline(*read, "pgsieve baseline create x.log"), text);
  ASSERT_EQ(read->entries.size(), 2U);
  EXPECT_EQ(read->entries[0].rule, "n-plus-one");
  EXPECT_EQ(read->entries[0].reason, "a \"batch\" \\ of two\nlines");
  EXPECT_EQ(read->entries[0].until, day_number("2027-03-31"));
  EXPECT_THAT(read->entries[0].seen, ElementsAre("route:a#b", "test:tests/a.py::test_x"));
  EXPECT_EQ(read->units.at("test:a").time, 1500);
}

// One block per entry, sorted, blank lines between: two branches that add different entries merge.
TEST(Baseline, IsMadeForMerging) {
  const std::string text = write_baseline(sample(), "c");
  EXPECT_THAT(text, HasSubstr("\n\n[[finding]]\nid     = \"v1:"));
  EXPECT_LT(text.find("\"n-plus-one\""), text.find("\"select-star\""));
  EXPECT_TRUE(text.ends_with("\n"));
}

TEST(Baseline, MistakesAreToldWithTheirPlace) {
  EXPECT_THAT(refusal("schema = 1\n[[finding]]\nid = \"v1:a\"\nrule = \"x\"\nsate = \"todo\"\n"),
              HasSubstr("b.toml:5:1: unknown key 'sate'"));
  EXPECT_THAT(refusal("[[finding]]\nid = \"v1:a\"\nrule = \"x\"\nstate = \"accepted\"\n"),
              HasSubstr("needs a reason"));
  EXPECT_THAT(refusal("[[finding]]\nid = \"v1:a\"\nrule = \"x\"\nstate = \"done\"\n"), HasSubstr("todo"));
  EXPECT_THAT(refusal("[[finding]]\nid = \"a\"\nrule = \"x\"\n[[finding]]\nid = \"a\"\nrule = \"x\"\n"),
              HasSubstr("twice"));
  EXPECT_THAT(refusal("schema = 2\n"), HasSubstr("newer"));
  EXPECT_THAT(refusal("schema = \n"), HasSubstr("b.toml:1"));
  EXPECT_THAT(refusal("<<<<<<< ours\n"), HasSubstr("b.toml:1"));
}

TEST(Baseline, MigrateMakesIdentitiesOfTheStoredSql) {
  Baseline baseline = sample();
  const std::string id = baseline.entries[0].id;
  EXPECT_EQ(migrate(baseline), 0U);
  baseline.entries[0].id = "v0:old";
  EXPECT_EQ(migrate(baseline), 1U);
  EXPECT_EQ(baseline.entries[0].id, id);
}

TEST(Toml, DaysAreCounted) {
  EXPECT_EQ(day_number("1970-01-02"), 1);
  EXPECT_EQ(day_text(*day_number("2028-02-29")), "2028-02-29");
  for (const char* wrong : {"2027-02-29", "2027-13-01", "27-01-01", "2027-01-0x", ""})
    EXPECT_FALSE(day_number(wrong)) << wrong;
}

}  // namespace
}  // namespace pgsieve
