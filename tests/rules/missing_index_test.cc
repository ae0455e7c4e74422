#include <gmock/gmock.h>

#include "analyzer/advisor/index_definition.h"
#include "tests/rules/pattern_bench.h"

namespace pgsieve {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kDdl = R"(
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE TABLE log (id bigint PRIMARY KEY, user_id bigint REFERENCES users, session_id bigint, kind text, entity bigint,
  email text, path text, payload jsonb, active boolean, created_at timestamptz, tree bigint REFERENCES log, state text CHECK (state IN ('new', 'done')), restated text);
CREATE INDEX ON log (kind, entity);
CREATE INDEX ON log (path);
CREATE TABLE served (id bigint PRIMARY KEY, path text, email text, doc jsonb, ref text);
CREATE INDEX ON served (path text_pattern_ops);
CREATE INDEX ON served (lower(email));
CREATE INDEX ON served USING gin (doc);
CREATE INDEX ON served ((doc ->> 'ref'::text));
CREATE INDEX ON served (ref) WHERE ref IS NOT NULL;
CREATE TABLE "Mixed" (id bigint PRIMARY KEY, "userId" bigint);)";

std::vector<Finding> judge(std::string_view text,
                           std::initializer_list<double> milliseconds = {60.0, 55.0, 58.0}) {
  return PatternBench::judge("missing-index", kDdl, text, milliseconds);
}

std::vector<std::string> columns(std::string_view text) {
  const std::vector<Finding> findings = judge(text);
  EXPECT_EQ(findings.size(), 1U) << text;
  return findings.empty() ? std::vector<std::string>() : findings[0].columns;
}

std::string ddl(std::string_view text) {
  const std::vector<Finding> findings = judge(text);
  return findings.empty() ? std::string() : findings[0].fixes.at(0).code;
}

TEST(MissingIndex, NamesTheIndexAsTheAdvisorDoes) {
  const std::vector<Finding> findings = judge("SELECT id FROM log WHERE session_id = 5");
  ASSERT_EQ(findings.size(), 1U);
  const IndexDefinition index =
      parse_index_definition("CREATE INDEX x ON public.log USING btree (session_id)").value();
  EXPECT_EQ(findings[0].properties.at("index_key"), definition_key(index));
  EXPECT_EQ(findings[0].properties.at("index_id"), definition_id(index));
  EXPECT_THAT(findings[0].fixes[0].safety, HasSubstr("pgsieve index show " + definition_id(index)));
}

TEST(MissingIndex, NamesTheColumnsInUsableOrder) {
  EXPECT_THAT(columns("SELECT id FROM log WHERE session_id = 5"), ElementsAre("session_id"));
  EXPECT_THAT(columns("SELECT id FROM log WHERE session_id IN (1, 2, 3)"), ElementsAre("session_id"));
  EXPECT_THAT(columns("SELECT id FROM log WHERE entity = 5"), ElementsAre("entity"));
  EXPECT_THAT(columns("SELECT id FROM log WHERE created_at >= '2026-01-01' AND created_at < '2026-01-02'"),
              ElementsAre("created_at"));
  EXPECT_THAT(columns("SELECT id FROM log WHERE created_at > '2026-01-01' AND user_id = 1 ORDER BY "
                      "created_at DESC LIMIT 10"),
              ElementsAre("user_id", "created_at"));
  EXPECT_THAT(columns("SELECT id FROM log ORDER BY created_at DESC LIMIT 20"), ElementsAre("created_at"));
  EXPECT_THAT(columns("SELECT id FROM log WHERE user_id = 7 ORDER BY id DESC LIMIT 5000"),
              ElementsAre("user_id"));
  EXPECT_THAT(columns("SELECT l.id FROM users u JOIN log l ON l.user_id = u.id WHERE u.id = 3"),
              ElementsAre("user_id"));
}

TEST(MissingIndex, TheForeignKeyIsTheColumnThatIsOne) {
  const std::vector<Finding> findings =
      judge("SELECT id FROM log WHERE user_id = 1 ORDER BY created_at DESC LIMIT 10");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_THAT(findings[0].columns, ElementsAre("user_id", "created_at"));
  EXPECT_THAT(findings[0].evidence, ::testing::Contains(::testing::StartsWith("user_id is a foreign key;")));
}

TEST(MissingIndex, KnowsExpressionsAndOtherMethods) {
  EXPECT_THAT(columns("SELECT id FROM log WHERE lower(email) = lower('X')"), ElementsAre("lower(email)"));
  EXPECT_THAT(ddl("SELECT id FROM log WHERE payload ->> 'ref' = 'x'"), HasSubstr("((payload ->> 'ref'))"));
  EXPECT_THAT(ddl("SELECT id FROM log WHERE path LIKE '/a/%'"), HasSubstr("(path text_pattern_ops)"));
  EXPECT_THAT(ddl("SELECT id FROM log WHERE email LIKE '%x%'"), HasSubstr("USING gin (email gin_trgm_ops)"));
  EXPECT_THAT(ddl("SELECT id FROM log WHERE payload @> '{}'"), HasSubstr("USING gin (payload)"));
  EXPECT_THAT(ddl(R"(SELECT id FROM "Mixed" WHERE "userId" = 1)"), HasSubstr(R"(ON "Mixed" ("userId"))"));
  EXPECT_THAT(columns("SELECT id FROM log WHERE date(created_at) = '2026-01-01'"), ElementsAre("created_at"));
}

TEST(MissingIndex, GivesEachBranchOfAnOrItsOwn) {
  const std::vector<Finding> findings = judge("SELECT id FROM log WHERE session_id = 1 OR user_id = 2");
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_NE(findings[0].columns, findings[1].columns);
  EXPECT_TRUE(judge("SELECT id FROM log WHERE session_id = 1 OR email <> 'x'").empty());
}

TEST(MissingIndex, IsSilentWhereAnIndexServes) {
  for (const std::string_view text :
       {"SELECT email FROM log WHERE id = 1", "SELECT id FROM log WHERE kind = 'a' AND entity = 4",
        "SELECT id FROM served WHERE path LIKE '/a/%'", "SELECT id FROM served WHERE lower(email) = 'x'",
        "SELECT id FROM served WHERE doc @> '{}'", "SELECT id FROM served WHERE doc ->> 'ref' = 'x'",
        "SELECT id FROM served WHERE ref = 'x'", "SELECT id FROM log ORDER BY id DESC LIMIT 5"})
    EXPECT_TRUE(judge(text).empty()) << text;
}

TEST(MissingIndex, IsSilentWhereNoneWouldHelp) {
  for (const std::string_view text :
       {"SELECT count(*) FROM log", "SELECT kind, count(*) FROM log GROUP BY kind",
        "SELECT id FROM log WHERE active", "SELECT id FROM log WHERE active = true",
        "SELECT count(*) FROM log WHERE entity >= 1", "SELECT id FROM log WHERE email <> 'x'",
        "SELECT relname FROM pg_class WHERE relkind = 'r'", "INSERT INTO log (session_id) VALUES (1)"})
    EXPECT_TRUE(judge(text).empty()) << text;
}

TEST(MissingIndex, NeedsTimeOutOfProportion) {
  EXPECT_TRUE(judge("SELECT id FROM log WHERE session_id = 5", {0.05, 0.04, 0.06}).empty());
  EXPECT_TRUE(judge("SELECT id FROM log WHERE session_id = 5", {1.3}).empty());
  EXPECT_TRUE(judge("SELECT id FROM log WHERE tree = 5", {0.2, 0.07, 0.08}).empty());
  EXPECT_EQ(judge("SELECT id FROM log WHERE user_id = 5", {1.2, 0.7, 0.9}).size(), 1U);
}

TEST(MissingIndex, TheTimeOfASubQueryPerRowIsNotTheSorts) {
  const std::string each =
      "SELECT u.email, x.path FROM users u LEFT JOIN LATERAL (SELECT l.path FROM log l WHERE l.kind = 'a' "
      "AND "
      "l.entity = u.id ORDER BY l.id DESC LIMIT 1) x ON true ORDER BY u.email LIMIT 20";
  EXPECT_TRUE(judge(each).empty());
  EXPECT_EQ(judge("SELECT id FROM users ORDER BY email LIMIT 20").size(), 1U);
}

PlanFact seq_scan(double kept, double removed) {
  PlanFact fact;
  fact.access = PlanFact::Access::kSeqScan;
  fact.relation = "log";
  fact.filter = "(session_id = ?)";
  fact.executions = 1;
  fact.max_rows = kept;
  fact.max_rows_removed = removed;
  return fact;
}

TEST(MissingIndex, BelievesPlansBeforeTime) {
  const auto with_plan = [](double milliseconds, const PlanFact& fact) {
    PatternBench bench(kDdl);
    Pattern& pattern = bench.add("SELECT id FROM log WHERE session_id = 5", {milliseconds});
    pattern.plans.push_back(fact);
    pattern.planned_calls = 1;
    return bench.run("missing-index");
  };
  ASSERT_EQ(with_plan(0.3, seq_scan(4, 200'000)).size(), 1U);
  EXPECT_EQ(with_plan(0.3, seq_scan(4, 200'000))[0].confidence, Confidence::kHigh);
  EXPECT_TRUE(with_plan(80, seq_scan(4, 200)).empty());
  EXPECT_TRUE(with_plan(80, seq_scan(160'000, 40'000)).empty());
}

TEST(MissingIndex, UsesStatisticsAndSaysWhatItDoesNotKnow) {
  PatternBench small(kDdl);
  small.add("SELECT id FROM log WHERE session_id = 5", {9.0});
  small.schema().find_mutable("", "log")->rows = 30;
  EXPECT_TRUE(small.run("missing-index").empty());
  const std::vector<Finding> blind =
      PatternBench::judge("missing-index", "", "SELECT id FROM log WHERE session_id = 5", {90, 91, 92});
  ASSERT_EQ(blind.size(), 1U);
  EXPECT_EQ(blind[0].confidence, Confidence::kLow);
  EXPECT_TRUE(
      PatternBench::judge("missing-index", "", "SELECT id FROM log WHERE session_id = 5", {2, 2, 2}).empty());
}

// Every table has an index on its id, as a rule, and most of it will be found with --schema.
TEST(MissingIndex, WithoutASchemaAnIdHasAnIndex) {
  const auto blind = [](std::string_view text) {
    return PatternBench::judge("missing-index", "", text, {90, 91, 92}).size();
  };
  EXPECT_EQ(blind("SELECT id FROM log ORDER BY id LIMIT 20 OFFSET 90000"), 0U);
  EXPECT_EQ(blind("SELECT kind FROM log WHERE log_id = 5"), 0U);
  EXPECT_EQ(blind("SELECT kind FROM log WHERE user_id = 5"), 1U);
  EXPECT_EQ(blind("SELECT kind FROM log WHERE code = 'x'"), 1U);
}

// How many rows a count goes through says nothing about how many of them it should have skipped.
TEST(MissingIndex, AnAggregatesTimeAloneIsWeak) {
  EXPECT_TRUE(judge("SELECT count(*) FROM log WHERE session_id = 5", {3.8}).empty());
  EXPECT_EQ(judge("SELECT id FROM log WHERE session_id = 5", {3.8}).size(), 1U);
  const std::vector<Finding> long_count = judge("SELECT count(*) FROM log WHERE session_id = 5");
  ASSERT_EQ(long_count.size(), 1U);
  EXPECT_EQ(long_count[0].confidence, Confidence::kLow);
  const std::vector<Finding> by_key = judge("SELECT count(*) FROM log WHERE user_id = 5");
  ASSERT_EQ(by_key.size(), 1U);
  EXPECT_GT(by_key[0].confidence, Confidence::kLow);
}

TEST(MissingIndex, AColumnWithAListOfValuesNeedsAPlan) {
  EXPECT_TRUE(judge("SELECT id FROM log WHERE state = 'new'").empty());
  EXPECT_EQ(judge("SELECT id FROM log WHERE restated = 'new'").size(), 1U);
}

}  // namespace
}  // namespace pgsieve
