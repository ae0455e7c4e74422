#include "analyzer/advisor/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <random>

#include "analyzer/sql/fingerprint.h"

namespace pgsieve {
namespace {

using ::testing::HasSubstr;

Histogram durations(double center_ms, size_t count, unsigned seed, double spread = 0.3) {
  std::mt19937 random(seed);
  std::lognormal_distribution<double> spread_of(0, spread);
  Histogram histogram;
  for (size_t i = 0; i < count; ++i)
    histogram.add(static_cast<int64_t>(center_ms * 1000 * spread_of(random)));
  return histogram;
}

void add(Workload& workload, const std::string& text, const Histogram& histogram) {
  Pattern pattern;
  pattern.reference_text = text;
  pattern.query = text;
  pattern.shape = std::make_shared<const StatementShape>(draw_shape(text));
  pattern.key = {.fingerprint = fingerprint_statement(text).hash, .arity = pattern.shape->arity};
  pattern.durations = histogram;
  pattern.calls = histogram.count();
  workload.patterns.emplace(pattern.key, pattern);
}

IndexDefinition definition(const std::string& ddl) {
  return *parse_index_definition(ddl);
}

const std::string kByUser = "SELECT * FROM orders WHERE user_id = 5";
const std::string kInsert = "INSERT INTO orders (user_id) VALUES (5)";

IndexVerification verify(const Workload& before, const Workload& after, const Decision& decision = {},
                         double slower = 1) {
  return verify_index(definition("CREATE INDEX ON orders (user_id)"), decision, before, after, slower, {});
}

TEST(RankTest, TellsADifferenceFromNoise) {
  const RankTest faster = rank_test(durations(100, 200, 1), durations(1, 200, 2));
  EXPECT_GT(faster.smaller, 0.99);
  EXPECT_LT(faster.p, 1e-6);
  const RankTest same = rank_test(durations(5, 200, 3), durations(5, 200, 4));
  EXPECT_GT(same.p, 0.01);
  const RankTest few = rank_test(durations(5, 3, 5), durations(4, 3, 6));
  EXPECT_GT(few.p, 0.05);
}

TEST(RankTest, FewOutliersDecideNothing) {
  Histogram with_outliers = durations(5, 300, 8);
  with_outliers.add(60'000'000, 3);
  EXPECT_GT(rank_test(durations(5, 300, 7), with_outliers).p, 0.01);
}

TEST(RankTest, IsSymmetricAndKnowsTheTextbook) {
  // Mann & Whitney's U for 1 2 3 4 against 5 6 7 8 is 0 or 16.
  Histogram low, high;
  for (int64_t i = 1; i <= 4; ++i) low.add(i);
  for (int64_t i = 5; i <= 8; ++i) high.add(i);
  EXPECT_EQ(rank_test(low, high).smaller, 0);
  EXPECT_EQ(rank_test(high, low).smaller, 1);
  EXPECT_EQ(rank_test(low, high).p, rank_test(high, low).p);
  EXPECT_NEAR(rank_test(low, high).p, 0.03038, 1e-4);  // normal approximation, continuity corrected
  EXPECT_EQ(rank_test(low, low).smaller, 0.5);
  EXPECT_EQ(rank_test(low, Histogram()).p, 1);
}

// Under the null hypothesis p is (nearly) uniform: about one test in a hundred is below 0.01.
TEST(RankTest, RarelyCriesWolf) {
  int below = 0;
  constexpr int kTrials = 400;
  for (int trial = 0; trial < kTrials; ++trial)
    below += rank_test(durations(3, 60, 1000U + static_cast<unsigned>(trial)),
                       durations(3, 45, 9000U + static_cast<unsigned>(trial)))
                         .p < 0.01
                 ? 1
                 : 0;
  EXPECT_LE(below, 14);
}

TEST(Verify, KeepsAnIndexThatHelps) {
  Workload before, after;
  add(before, kByUser, durations(80, 100, 1));
  add(after, kByUser, durations(0.2, 90, 2));
  const IndexVerification verification = verify(before, after);
  EXPECT_EQ(verification.outcome, Decision::Outcome::kKept) << verification.result;
  ASSERT_EQ(verification.served.size(), 1U);
  EXPECT_EQ(verification.served[0].verdict, StatementChange::Verdict::kFaster);
  EXPECT_NEAR(verification.served[0].saved_ms, 80 * 90, 1500);
}

TEST(Verify, FailsAnIndexThatChangesNothingOrHarms) {
  Workload before, after, worse;
  add(before, kByUser, durations(80, 100, 1));
  add(after, kByUser, durations(80, 100, 2));
  add(worse, kByUser, durations(140, 100, 2));
  EXPECT_EQ(verify(before, after).outcome, Decision::Outcome::kFailed);
  const IndexVerification verification = verify(before, worse);
  EXPECT_EQ(verification.outcome, Decision::Outcome::kFailed);
  EXPECT_THAT(verification.result, HasSubstr("1 slower"));
}

TEST(Verify, SaysWhenThereAreTooFewCalls) {
  Workload before, after;
  add(before, kByUser, durations(80, 100, 1));
  add(after, kByUser, durations(0.2, 19, 2));
  const IndexVerification verification = verify(before, after);
  EXPECT_EQ(verification.outcome, Decision::Outcome::kUnclear);
  EXPECT_THAT(verification.result, HasSubstr("not enough calls"));
  EXPECT_EQ(verify(before, Workload()).outcome, Decision::Outcome::kUnclear);
}

TEST(Verify, WritesThatGotSlowerCanOutweighTheGain) {
  Workload before, after;
  add(before, kByUser, durations(2, 100, 1));
  add(after, kByUser, durations(1, 100, 2));
  add(before, kInsert, durations(1, 5000, 3));
  add(after, kInsert, durations(3, 5000, 4));
  const IndexVerification verification = verify(before, after);
  EXPECT_EQ(verification.outcome, Decision::Outcome::kFailed) << verification.result;
  ASSERT_EQ(verification.beside.size(), 1U);
  EXPECT_EQ(verification.beside[0].verdict, StatementChange::Verdict::kSlower);
}

TEST(Verify, ALoadOnTheWholeServerIsNotTheIndexsFault) {
  Workload before, after;
  add(before, kByUser, durations(80, 200, 1));
  add(after, kByUser, durations(0.4, 200, 2));
  add(before, kInsert, durations(1, 500, 3));
  add(after, kInsert, durations(2, 500, 4));
  unsigned seed = 10;
  for (const char* other :
       {"SELECT * FROM a WHERE id = 1", "SELECT * FROM b WHERE id = 1", "SELECT * FROM c WHERE id = 1"}) {
    add(before, other, durations(1, 200, ++seed));
    add(after, other, durations(2, 200, ++seed));
  }
  const double slower = drift(before, after, {"orders"}, {});
  EXPECT_NEAR(slower, 2, 0.3);
  const IndexVerification verification = verify(before, after, {}, slower);
  EXPECT_EQ(verification.outcome, Decision::Outcome::kKept);
  EXPECT_TRUE(verification.beside.empty()) << "the insert follows everything else";
  EXPECT_EQ(drift(before, before, {"orders"}, {}), 1);
}

TEST(Verify, TheStatementsOfTheDecisionCount) {
  const std::string other = "SELECT count(*) FROM orders WHERE user_id = 5 AND status = 'x'";
  Workload before, after;
  add(before, kByUser, durations(80, 100, 1));
  add(after, kByUser, durations(0.2, 100, 2));
  add(before, other, durations(5, 100, 3));
  add(after, other, durations(5, 100, 4));
  Decision decision;
  decision.statements = {fmt::format("{:016x}", fingerprint_statement(other).hash)};
  EXPECT_EQ(verify(before, after, decision).outcome, Decision::Outcome::kFailed)
      << "its own statement did not get faster";
  decision.statements = {"0000000000000001"};  // gone: the application has changed
  EXPECT_EQ(verify(before, after, decision).outcome, Decision::Outcome::kKept);
}

TEST(Verify, ADroppedIndexMustNotBeMissed) {
  Workload before, slower, same;
  add(before, kByUser, durations(1, 100, 1));
  add(slower, kByUser, durations(50, 100, 2));
  add(same, kByUser, durations(1, 100, 3));
  Decision decision;
  decision.drop = true;
  EXPECT_EQ(verify(before, slower, decision).outcome, Decision::Outcome::kFailed);
  EXPECT_EQ(verify(before, same, decision).outcome, Decision::Outcome::kKept);
}

TEST(CouldUse, TheFirstKeyDecides) {
  const auto uses = [](const std::string& ddl, const std::string& text) {
    return could_use(definition(ddl), draw_shape(text));
  };
  EXPECT_TRUE(
      uses("CREATE INDEX ON orders (user_id, total)", "SELECT 1 FROM orders o WHERE o.user_id IN (1, 2)"));
  EXPECT_FALSE(uses("CREATE INDEX ON orders (user_id, total)", "SELECT 1 FROM orders o WHERE o.total = 1"));
  EXPECT_TRUE(
      uses("CREATE INDEX ON orders (user_id)", "SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id"));
  EXPECT_TRUE(
      uses("CREATE INDEX ON orders (created_at)", "SELECT * FROM orders ORDER BY created_at DESC LIMIT 5"));
  EXPECT_TRUE(uses("CREATE INDEX ON users (lower(email))", "SELECT 1 FROM users WHERE lower(email) = 'x'"));
  EXPECT_FALSE(uses("CREATE INDEX ON users (lower(email))", "SELECT 1 FROM users WHERE email = 'x'"));
  EXPECT_FALSE(uses("CREATE INDEX ON orders (user_id)", "SELECT 1 FROM carts WHERE user_id = 1"));
}

}  // namespace
}  // namespace pgsieve
