#include "analyzer/advisor/scale.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "analyzer/sql/fingerprint.h"

namespace pgsieve {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kSchema = R"sql(
CREATE TABLE users (id int PRIMARY KEY, email text, active boolean);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id int REFERENCES users, status text, total numeric, created_at timestamptz);
CREATE INDEX orders_user_created ON orders (user_id, created_at);
CREATE INDEX orders_status ON orders (status);
)sql";

struct Traffic {
  Workload workload;
  Schema schema = parse_schema(kSchema, "schema").value();
  Statistics statistics;

  Traffic() {
    for (const char* table : {"users", "orders"}) schema.find_mutable({}, table)->rows = 100'000;
    // As ANALYZE would have it: five states however many orders, as many users as orders allow.
    statistics.relation({}, "orders").columns["status"].distinct = 5;
    statistics.relation({}, "orders").columns["user_id"].distinct = -0.1;
    statistics.relation({}, "users").columns["email"].distinct = -1;
  }

  Pattern& add(const std::string& text, double milliseconds, uint64_t calls = 100) {
    Pattern pattern;
    pattern.reference_text = text;
    pattern.query = text;
    pattern.shape = std::make_shared<const StatementShape>(draw_shape(text));
    pattern.key = {.fingerprint = fingerprint_statement(text).hash, .arity = pattern.shape->arity};
    pattern.durations.add(static_cast<int64_t>(milliseconds * 1000), calls);
    pattern.calls = calls;
    return workload.patterns.emplace(pattern.key, pattern).first->second;
  }

  ScaleProjection project(double factor = 100) const {
    return project_scale(workload, schema, statistics, factor);
  }
};

// How one statement grows; constant and logarithmic ones are not listed.
Growth growth_of(const std::string& text) {
  Traffic traffic;
  traffic.add(text, 5);
  const ScaleProjection projection = traffic.project();
  return projection.statements.empty() ? Growth::kLogarithmic : projection.statements.front().growth;
}

TEST(Scale, IndexLookUpsStayQuick) {
  EXPECT_EQ(growth_of("SELECT * FROM orders WHERE id = 5"), Growth::kLogarithmic);
  EXPECT_EQ(growth_of("SELECT * FROM orders WHERE user_id = 5"), Growth::kLogarithmic) << "users grow, too";
  EXPECT_EQ(growth_of("SELECT * FROM orders WHERE user_id = 5 ORDER BY created_at LIMIT 10"),
            Growth::kLogarithmic);
  EXPECT_EQ(growth_of("SELECT * FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = 7"),
            Growth::kLogarithmic);
  EXPECT_EQ(growth_of("INSERT INTO users (id) VALUES (5)"), Growth::kLogarithmic);
}

TEST(Scale, SharesOfATableGrowWithIt) {
  EXPECT_EQ(growth_of("SELECT * FROM orders WHERE status = 'new'"), Growth::kLinear)
      << "through an index, yet a fifth of all";
  EXPECT_EQ(growth_of("SELECT * FROM users WHERE email = 'x'"), Growth::kLinear) << "no index";
  EXPECT_EQ(growth_of("SELECT count(*) FROM orders"), Growth::kLinear);
  EXPECT_EQ(growth_of("SELECT * FROM orders WHERE total > 5"), Growth::kLinear);
  EXPECT_EQ(growth_of("SELECT * FROM orders WHERE total > 5 ORDER BY total"), Growth::kLinearithmic);
  EXPECT_EQ(growth_of("SELECT * FROM orders ORDER BY total LIMIT 10"), Growth::kLinear)
      << "the first ten need no sort of all";
  EXPECT_EQ(growth_of("UPDATE orders SET total = 0 WHERE created_at < now()"), Growth::kLinear);
}

TEST(Scale, AJoinIsAsGoodAsItsFirstTable) {
  EXPECT_EQ(growth_of("SELECT * FROM users u JOIN orders o ON o.user_id = u.id"), Growth::kLinear)
      << "all of both";
  EXPECT_EQ(growth_of("SELECT * FROM users u, orders o WHERE o.user_id = u.id AND o.id = 3"),
            Growth::kLogarithmic);
  EXPECT_EQ(growth_of("SELECT * FROM users u JOIN orders o ON o.total = u.id WHERE u.id = 7"),
            Growth::kLinear);
}

TEST(Scale, ALimitEndsAScanEarly) {
  EXPECT_EQ(growth_of("SELECT * FROM orders LIMIT 10"), Growth::kLogarithmic);
  EXPECT_EQ(growth_of("SELECT * FROM orders WHERE total > 5 LIMIT 10"), Growth::kLogarithmic);
  EXPECT_EQ(growth_of("SELECT * FROM users WHERE email = 'x' LIMIT 1"), Growth::kLinear)
      << "one of all: it is found at the end";
}

TEST(Scale, ASubQueryPerRowIsQuadratic) {
  EXPECT_EQ(growth_of("SELECT u.id, (SELECT sum(o.total) FROM orders o WHERE o.total = u.id) FROM users u"),
            Growth::kQuadratic);
  EXPECT_EQ(growth_of("SELECT u.id, (SELECT sum(o.total) FROM orders o WHERE o.user_id = u.id) FROM users u"),
            Growth::kLinear);
}

TEST(Scale, AnExecutedPlanIsBelievedMoreThanTheSchema) {
  Traffic traffic;
  Pattern& pattern = traffic.add("SELECT * FROM orders WHERE user_id = 5", 20);
  PlanFact& fact = pattern.plans.emplace_back();
  fact.access = PlanFact::Access::kSeqScan;
  fact.relation = "orders";
  const ScaleProjection projection = traffic.project();
  ASSERT_EQ(projection.statements.size(), 1U);
  EXPECT_THAT(projection.statements[0].reason, HasSubstr("seen in its plan"));
}

TEST(Scale, TheArithmeticAddsUp) {
  Traffic traffic;
  traffic.add("SELECT * FROM users WHERE id = 5", 0.5);
  traffic.add("SELECT * FROM users WHERE email = 'x'", 20.5, 3);
  const ScaleProjection projection = traffic.project(10);
  EXPECT_NEAR(projection.overhead_ms, 0.5, 0.05);
  ASSERT_EQ(projection.statements.size(), 1U);
  const ScaledStatement& scaled = projection.statements[0];
  EXPECT_NEAR(scaled.then_ms, 0.5 + 20 * 10, 5);
  EXPECT_THAT(scaled.arithmetic, HasSubstr("× 10"));
  EXPECT_NEAR(projection.then_total_ms, 3 * scaled.then_ms + 100 * 0.5, 1);
  EXPECT_NEAR(scaled.then_share, 3 * scaled.then_ms / projection.then_total_ms, 1e-9);
}

TEST(Scale, HarmlessOnesTurnAndThoseAlreadySlowDoNot) {
  Traffic traffic;
  traffic.add("SELECT * FROM users WHERE id = 5", 0.3, 10'000);
  traffic.add("SELECT * FROM users WHERE email = 'x'", 12, 10);
  traffic.add("SELECT count(*) FROM orders", 900, 1);
  const ScaleProjection projection = traffic.project();
  ASSERT_EQ(projection.statements.size(), 2U);
  EXPECT_TRUE(projection.statements[0].turns);
  EXPECT_THAT(projection.statements[0].query, HasSubstr("email"));
  EXPECT_FALSE(projection.statements[1].turns);
  EXPECT_TRUE(Traffic().project().statements.empty());
}

TEST(Scale, QuickOnSmallTablesIsNoProof) {
  Traffic traffic;
  traffic.add("SELECT * FROM users WHERE id = 5", 0.1);
  traffic.schema.find_mutable({}, "users")->rows = 500;
  traffic.add("SELECT * FROM users WHERE email = 'x'", 0.1);
  const ScaleProjection projection = traffic.project(1000);
  ASSERT_EQ(projection.statements.size(), 1U);
  EXPECT_NEAR(projection.statements[0].then_ms, 0.05 + 0.05 * 1000, 5)
      << "500 rows take some time, however little";
}

TEST(Scale, FactorsAreRead) {
  EXPECT_EQ(parse_scale("100x"), 100);
  EXPECT_EQ(parse_scale("2.5"), 2.5);
  for (const char* wrong : {"", "x", "1x", "0.5x", "-3", "nan", "inf", "10y", "1e12"})
    EXPECT_FALSE(parse_scale(wrong)) << wrong;
}

}  // namespace
}  // namespace pgsieve
