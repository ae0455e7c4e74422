#include "analyzer/advisor/decisions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace pgsieve {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

IndexDefinition definition(const std::string& ddl) {
  const Result<IndexDefinition> parsed = parse_index_definition(ddl);
  EXPECT_TRUE(parsed.ok()) << ddl;
  return *parsed;
}

Decision rejected() {
  Decision decision;
  decision.verdict = Decision::Verdict::kRejected;
  decision.ddl = "CREATE INDEX i ON t (lower(\"a\"), b) WHERE c = 'x\\y'";
  decision.name = "i";
  decision.reason = "two\nlines, a \"quote\" and a \\";
  decision.by = "Zoë";
  decision.on = "2026-11-22";
  decision.until = "2027-01-31";
  decision.statements = {"00000000000000ff", "0000000000000001"};
  return decision;
}

TEST(Decisions, ComeBackAsTheyWereWritten) {
  Decisions decisions;
  decisions.set("public.t btree (a)", rejected());
  Decision accepted;
  accepted.drop = true;
  accepted.outcome = Decision::Outcome::kFailed;
  accepted.verified = "2026-12-01";
  accepted.result = "no statement got faster";
  decisions.set("drop public.t btree (\"Quoted\")", accepted);
  const Result<Decisions> again = Decisions::parse(decisions.text(), "f");
  ASSERT_TRUE(again.ok()) << again.error().to_string() << decisions.text();
  EXPECT_EQ(again->text(), decisions.text());
  const Decision* first = again->find("public.t btree (a)");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->reason, rejected().reason);
  EXPECT_EQ(first->ddl, rejected().ddl);
  EXPECT_EQ(first->until, "2027-01-31");
  EXPECT_EQ(first->statements.front(), "0000000000000001");
  const Decision* second = again->find("drop public.t btree (\"Quoted\")");
  ASSERT_NE(second, nullptr);
  EXPECT_TRUE(second->drop);
  EXPECT_EQ(second->outcome, Decision::Outcome::kFailed);
}

TEST(Decisions, AreWrittenSortedSoThatBranchesMerge) {
  Decisions left, right;
  left.set("public.a btree (x)", rejected());
  left.set("public.c btree (x)", rejected());
  right.set("public.c btree (x)", rejected());
  right.set("public.a btree (x)", rejected());
  EXPECT_EQ(left.text(), right.text());
  const size_t before = left.text().find("public.c");
  left.set("public.b btree (x)", rejected());
  EXPECT_LT(left.text().find("public.b"), left.text().find("public.c"));
  EXPECT_GT(left.text().find("public.b"), before - 4) << "what stands above stays untouched";
}

TEST(Decisions, SurviveAnotherSpellingOfTheIndex) {
  EXPECT_EQ(decision_key(definition("CREATE INDEX a ON public.orders USING btree (user_id, created_at DESC)"),
                         false),
            decision_key(
                definition("create index concurrently if not exists b on orders (user_id,created_at desc)"),
                false));
  EXPECT_NE(decision_key(definition("CREATE INDEX ON orders (a)"), false),
            decision_key(definition("CREATE INDEX ON orders (a)"), true));
}

TEST(Decisions, ARejectionEnds) {
  Decision decision = rejected();
  EXPECT_TRUE(decision.holds("2027-01-31"));
  EXPECT_FALSE(decision.holds("2027-02-01"));
  decision.until.clear();
  EXPECT_TRUE(decision.holds("2999-01-01"));
}

TEST(Decisions, PeopleMayWriteTheFileThemselves) {
  const Result<Decisions> decisions = Decisions::parse(
      "# why not\n[\"public.t btree (a)\"]\nreason = 'no'  # comment\ndecision = \"rejected\"\nuntil = "
      "\"2027-01-01\"\n",
      "f");
  ASSERT_TRUE(decisions.ok()) << decisions.error().to_string();
  EXPECT_EQ(decisions->find("public.t btree (a)")->until, "2027-01-01");
}

TEST(Decisions, MistakesAreNamedWithTheirLine) {
  const auto message = [](std::string_view text) {
    const Result<Decisions> decisions = Decisions::parse(text, "pgsieve-indexes.toml");
    return decisions.ok() ? std::string("no error") : decisions.error().to_string();
  };
  EXPECT_THAT(message("[\"a\"]\ndecision = \"accepted\"\nuntill = 2027-01-01\n"),
              HasSubstr("pgsieve-indexes.toml:3"));
  EXPECT_THAT(message("[\"a\"]\ndecision = \"accepted\"\nuntill = 2027-01-01\n"), HasSubstr("untill"));
  EXPECT_THAT(message("[\"a\"]\ndecision = \"maybe\"\n"), HasSubstr("accepted"));
  EXPECT_THAT(message("[\"a\"]\nreason = \"x\"\n"), HasSubstr("decision is missing"));
  EXPECT_THAT(message("[\"a\"]\ndecision = \"accepted\"\non = \"soon\"\n"), HasSubstr("a day"));
  EXPECT_THAT(message("x = 1\n"), HasSubstr("no table"));
  EXPECT_THAT(message("[\"a\"]\n<<<<<<< HEAD\ndecision = \"accepted\"\n"), HasSubstr("merge conflict"));
  EXPECT_THAT(message("[\"a\"\n"), HasSubstr("TOML"));
}

TEST(Decisions, AnAbsentFileIsEmptyAndSavingReplacesIt) {
  const std::string path = ::testing::TempDir() + "pgsieve_decisions_" + std::to_string(getpid()) + ".toml";
  std::filesystem::remove(path);
  Result<Decisions> decisions = Decisions::load(path);
  ASSERT_TRUE(decisions.ok());
  EXPECT_TRUE(decisions->all().empty());
  decisions->set("public.t btree (a)", rejected());
  ASSERT_FALSE(decisions->save(path));
  EXPECT_EQ(Decisions::load(path)->all().size(), 1U);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  std::filesystem::remove(path);
  EXPECT_TRUE(decisions->save("/nonexistent/pgsieve.toml"));
}

}  // namespace
}  // namespace pgsieve
