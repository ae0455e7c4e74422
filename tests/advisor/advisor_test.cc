#include "analyzer/advisor/advisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/advisor/advice_testing.h"

namespace pgsieve::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view kShop = R"(
  CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, name text, seen timestamptz);
  CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users, kind text, price numeric, title text, created_at timestamptz);
  CREATE TABLE lines (id bigint PRIMARY KEY, order_id bigint REFERENCES orders, sku text);
  CREATE INDEX lines_order ON lines (order_id);
  CREATE INDEX lines_order_sku ON lines (order_id, sku);
  CREATE UNIQUE INDEX lines_sku_once ON lines (sku, order_id);
  CREATE INDEX users_email_again ON users (email);)";

Schema shop() {
  return schema_from(kShop);
}

Schema sized_shop() {
  Schema schema = shop();
  for (const char* name : {"users", "orders", "lines"}) {
    schema.find_mutable({}, name)->rows = 1'000'000;
    schema.find_mutable({}, name)->pages = 20'000;
  }
  return schema;
}

std::vector<std::string> proposed(const Advice& advice) {
  std::vector<std::string> sql;
  for (const Proposal& proposal : advice.proposals) sql.push_back(create_index_sql(proposal.index));
  return sql;
}

Workload writes() {
  Workload workload;
  add(workload, pattern_of("INSERT INTO users (id, email) VALUES (1, 'x')", 100, 0.05));
  return workload;
}

TEST(Advisor, WithoutASchemaAnIdIsNotAskedAbout) {
  Workload workload;
  add(workload, pattern_of("SELECT * FROM audit ORDER BY id LIMIT 20 OFFSET 90000", 20, 90));
  add(workload, pattern_of("SELECT * FROM audit WHERE audit_id = 5", 20, 90));
  add(workload, pattern_of("SELECT * FROM audit WHERE actor = 'x'", 20, 90));
  EXPECT_THAT(proposed(advise(workload, {}, {}, nullptr, {})), ElementsAre("CREATE INDEX ON audit (actor)"));
}

TEST(Advisor, FromLogsAndSchema) {
  Workload workload = writes();
  add(workload, pattern_of("SELECT * FROM users WHERE lower(email) = 'x' LIMIT 1", 500, 100));
  add(workload,
      pattern_of("SELECT * FROM orders WHERE user_id = 5 ORDER BY created_at DESC LIMIT 20", 300, 150));
  add(workload, pattern_of("SELECT * FROM users WHERE id = 7", 10000, 0.05));
  const Advice advice = advise(workload, shop(), {}, nullptr, {});
  EXPECT_THAT(proposed(advice), AllOf(SizeIs(2), Contains("CREATE INDEX ON users ((lower(email)))"),
                                      Contains("CREATE INDEX ON orders (user_id, created_at)")));
  for (const Proposal& proposal : advice.proposals) {
    EXPECT_EQ(proposal.grade, Grade::kB) << "nothing but the clock proves it";
    EXPECT_FALSE(proposal.ask);
    ASSERT_THAT(proposal.statements, SizeIs(1));
    EXPECT_TRUE(proposal.statements[0].model);
    EXPECT_GT(proposal.saved_ms, 0.5 * proposal.statements[0].observed_ms);
  }
}

TEST(Advisor, WithoutASchemaItAsks) {
  Workload workload;
  add(workload, pattern_of("SELECT * FROM users WHERE name = 'x'", 500, 100));
  const Advice advice = advise(workload, {}, {}, nullptr, {});
  ASSERT_THAT(proposed(advice), ElementsAre("CREATE INDEX ON users (name)"));
  EXPECT_TRUE(advice.proposals[0].ask);
  EXPECT_GE(advice.proposals[0].grade, Grade::kC);
  EXPECT_THAT(advice.notes, Contains(HasSubstr("no schema")));
  EXPECT_THAT(advice.notes, Contains(HasSubstr("writes are not visible")));
  EXPECT_THAT(advice.drops, IsEmpty());
}

TEST(Advisor, FastStatementsGetNothing) {
  Workload workload = writes();
  add(workload, pattern_of("SELECT * FROM users WHERE name = 'x'", 9000, 0.02));
  add(workload, pattern_of("SELECT * FROM orders WHERE kind = 'x'", 1000, 200));
  EXPECT_THAT(proposed(advise(workload, shop(), {}, nullptr, {})),
              ElementsAre("CREATE INDEX ON orders (kind)"));
}

TEST(Advisor, TwoProofsMakeAnA) {
  Workload workload = writes();
  add(workload, pattern_of("SELECT * FROM orders WHERE user_id = 5", 300, 150));
  TablePlanner planner([](const std::string&, const std::set<std::string>& offered) {
    return offered.contains("user_id") ? TablePlanner::Answer{8, {"user_id"}}
                                       : TablePlanner::Answer{20000, {}};
  });
  const Advice advice = advise(workload, sized_shop(), {}, &planner, {});
  ASSERT_THAT(proposed(advice), ElementsAre("CREATE INDEX ON orders (user_id)"));
  const Proposal& proposal = advice.proposals[0];
  EXPECT_EQ(proposal.grade, Grade::kA);
  EXPECT_EQ(proposal.name, "orders_user_id_idx");
  EXPECT_NEAR(proposal.saved_ms, 45000 * (1 - 8.0 / 20000), 1);
  EXPECT_EQ(proposal.statements[0].cost_before, 20000);
  EXPECT_EQ(proposal.statements[0].cost_after, 8);
  EXPECT_GT(proposal.build.size_bytes, 1e6);
  EXPECT_EQ(advice.planner_calls, planner.calls());
}

// The planner takes LIMIT 1 after a condition it knows nothing about for a quick scan; the clock has seen 100
// ms.
TEST(Advisor, ObservationBeatsThePlanner) {
  Workload workload = writes();
  add(workload, pattern_of("SELECT * FROM users WHERE lower(email) = 'x' LIMIT 1", 500, 100));
  for (const char* column : {"kind", "price", "title"})
    add(workload, pattern_of("SELECT * FROM orders WHERE " + std::string(column) + " = '1'", 10, 200));
  TablePlanner planner([](const std::string& statement, const std::set<std::string>& offered) {
    if (statement.find("lower") != std::string::npos) return TablePlanner::Answer{7, {}};
    for (const std::string& keys : offered)
      if (statement.find("WHERE " + keys + " ") != std::string::npos) return TablePlanner::Answer{8, {keys}};
    return TablePlanner::Answer{20000, {}};
  });
  Schema schema = sized_shop();
  // TablePlanner says that it scans "t".
  Advice advice = advise(workload, schema, {}, &planner, {});
  EXPECT_THAT(proposed(advice), Not(Contains("CREATE INDEX ON users ((lower(email)))")));
  class Scanning final : public WhatIfPlanner {
   public:
    explicit Scanning(TablePlanner& inner) : inner_(inner) {}
    Result<PlanAnswer> plan(std::string_view statement, std::span<const IndexDefinition> offered) override {
      Result<PlanAnswer> answer = inner_.plan(statement, offered);
      if (answer.ok() && !answer->scanned.empty()) answer->scanned = {"users", "orders"};
      return answer;
    }
    bool can_imagine(const IndexDefinition& definition) override { return inner_.can_imagine(definition); }
    double size_bytes(const IndexDefinition& definition) override { return inner_.size_bytes(definition); }
    std::string describe() const override { return inner_.describe(); }
    uint64_t calls() const override { return inner_.calls(); }

   private:
    TablePlanner& inner_;
  };
  planner.asked.clear();
  Scanning scanning(planner);
  advice = advise(workload, schema, {}, &scanning, {});
  ASSERT_THAT(proposed(advice), Contains("CREATE INDEX ON users ((lower(email)))"));
  for (const Proposal& proposal : advice.proposals) {
    if (proposal.index.table != "users") continue;
    EXPECT_EQ(proposal.grade, Grade::kB);
    EXPECT_TRUE(proposal.statements[0].observation_wins);
    EXPECT_THAT(proposal.reasons, Contains(HasSubstr("the clock is believed")));
  }
}

TEST(Advisor, InvertedIndexesByRule) {
  Workload workload = writes();
  add(workload, pattern_of("SELECT * FROM orders WHERE title ILIKE '%abc%'", 300, 150));
  const Advice advice = advise(workload, sized_shop(), {}, nullptr, {});
  ASSERT_THAT(proposed(advice), ElementsAre("CREATE INDEX ON orders USING gin (title gin_trgm_ops)"));
  EXPECT_EQ(advice.proposals[0].extension, "pg_trgm");
  EXPECT_THAT(advice.proposals[0].build.caution, HasSubstr("pg_trgm"));
  Workload returns_all = writes();
  Pattern greedy = pattern_of("SELECT * FROM orders WHERE title ILIKE '%abc%'", 300, 150);
  greedy.rows_calls = 300;
  greedy.rows_total = 300 * 600'000;
  add(returns_all, greedy);
  const Advice none = advise(returns_all, sized_shop(), {}, nullptr, {});
  EXPECT_THAT(none.proposals, IsEmpty());
  ASSERT_THAT(none.why_not, SizeIs(1));
  EXPECT_THAT(none.why_not[0].reason, HasSubstr("reading the table is the way"));
}

TEST(Advisor, HotUpdatesAreNamed) {
  Workload workload = writes();
  add(workload,
      pattern_of("SELECT * FROM orders WHERE price < 5 AND kind = 'x' ORDER BY price LIMIT 3", 300, 150));
  add(workload, pattern_of("UPDATE orders SET price = 3 WHERE id = 1", 5000, 0.1));
  add(workload, pattern_of("UPDATE orders SET created_at = now() WHERE id = 1", 5000, 0.1));
  workload.first = 0;
  workload.last = 10'000'000;
  const Advice advice = advise(workload, sized_shop(), {}, nullptr, {});
  ASSERT_THAT(proposed(advice), ElementsAre("CREATE INDEX ON orders (kind, price)"));
  const WriteCost& cost = advice.proposals[0].writes;
  ASSERT_THAT(cost.hot_losses, SizeIs(1));
  EXPECT_THAT(cost.hot_losses[0].columns, ElementsAre("price"));
  EXPECT_EQ(cost.entries, 10000U) << "into the new index and into the primary key";
  EXPECT_DOUBLE_EQ(cost.entries_per_second, 1000);
  EXPECT_EQ(advice.proposals[0].grade, Grade::kC) << "one step down from B";
}

TEST(Advisor, WritesCanCostMoreThanTheyGain) {
  Workload workload;
  add(workload, pattern_of("SELECT * FROM orders WHERE price = 5", 100, 20));
  add(workload, pattern_of("UPDATE orders SET price = 3 WHERE id = 1", 500'000, 0.1));
  EXPECT_THAT(advise(workload, sized_shop(), {}, nullptr, {}).proposals, IsEmpty());
}

TEST(Advisor, RedundantIndexesAreNamed) {
  Workload workload = writes();
  const Advice advice = advise(workload, shop(), {}, nullptr, {});
  std::vector<std::string> names;
  for (const DropProposal& drop : advice.drops) names.push_back(drop.name + " < " + drop.covered_by);
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("lines_order < lines_order_sku",
                                                     "users_email_again < users_email_key"));
}

TEST(Advisor, AProposalCanReplaceAnExistingIndex) {
  Schema schema = schema_from(
      "CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, created_at timestamptz, note text); "
      "CREATE INDEX o_u ON orders (user_id);");
  Workload workload = writes();
  add(workload, pattern_of("SELECT * FROM orders WHERE user_id = 5 AND created_at > '2024-01-01' AND "
                           "created_at < '2024-01-02'",
                           300, 150));
  TablePlanner planner([](const std::string&, const std::set<std::string>& offered) {
    return offered.contains("user_id, created_at") ? TablePlanner::Answer{8, {"user_id, created_at"}}
                                                   : TablePlanner::Answer{9000, {}};
  });
  const Advice advice = advise(workload, schema, {}, &planner, {});
  ASSERT_THAT(proposed(advice), ElementsAre("CREATE INDEX ON orders (user_id, created_at)"));
  EXPECT_THAT(advice.proposals[0].makes_redundant, ElementsAre("o_u"));
  ASSERT_THAT(advice.drops, SizeIs(1));
  EXPECT_TRUE(advice.drops[0].by_proposal);
}

TEST(Advisor, DeletingParentsScansTheirChildren) {
  const Schema schema = schema_from(
      "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p_id int REFERENCES p);");
  Workload workload;
  add(workload, pattern_of("DELETE FROM p WHERE id = 1", 500, 80));
  EXPECT_THAT(proposed(advise(workload, schema, {}, nullptr, {})), ElementsAre("CREATE INDEX ON c (p_id)"));
  Workload quiet = writes();
  const Advice advice = advise(quiet, schema, {}, nullptr, {});
  EXPECT_THAT(advice.proposals, IsEmpty());
  EXPECT_THAT(advice.notes, Contains(HasSubstr("c (p_id)")));
}

TEST(Advisor, StatisticsForConditionsThatGoTogether) {
  Workload workload = writes();
  Pattern pattern = pattern_of("SELECT * FROM orders WHERE kind = 'x' AND title = 'y'", 50, 100);
  pattern.rows_calls = 50;
  pattern.rows_total = 50 * 5000;
  add(workload, pattern);
  TablePlanner planner([](const std::string&, const std::set<std::string>&) {
    return TablePlanner::Answer{20000, {}};
  });
  const Advice advice = advise(workload, sized_shop(), {}, &planner, {});
  ASSERT_THAT(advice.statistics, SizeIs(1));
  EXPECT_EQ(advice.statistics[0].sql,
            "CREATE STATISTICS orders_kind_title_stat (dependencies, mcv) ON kind, title FROM orders");
}

TEST(Advisor, EverySlowStatementHasAProposalOrAReason) {
  Workload workload = writes();
  for (const std::string_view statement :
       {"SELECT count(*) FROM orders", "SELECT * FROM orders WHERE id = 5",
        "SELECT * FROM orders WHERE my_function(price) = 5", "SELECT pg_sleep(1)",
        "SELECT * FROM orders WHERE price <> 5", "INSERT INTO orders (id) VALUES (1)", "COMMIT",
        "SELECT * FROM orders WHERE created_at::date = '2024-01-01'",
        "SELECT * FROM lines WHERE order_id = 5", "broken ( sql"})
    add(workload, pattern_of(statement, 10, 500));
  const Advice advice = advise(workload, sized_shop(), {}, nullptr, {});
  EXPECT_THAT(advice.why_not, SizeIs(10));
  for (const WhyNot& each : advice.why_not) EXPECT_NE(each.reason, "") << each.query;
}

TEST(Advisor, IsDeterministic) {
  Workload workload = writes();
  for (const char* column : {"kind", "price", "title", "created_at", "user_id"}) {
    add(workload, pattern_of("SELECT * FROM orders WHERE " + std::string(column) + " = '1'", 10, 200));
    add(workload,
        pattern_of("SELECT * FROM orders WHERE kind = 'a' AND " + std::string(column) + " > '1'", 10, 200));
  }
  const std::vector<std::string> first = proposed(advise(workload, shop(), {}, nullptr, {}));
  EXPECT_THAT(first, Not(IsEmpty()));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(proposed(advise(workload, shop(), {}, nullptr, {})), first);
}

TEST(Advisor, AnEmptyWorkloadIsNoTrouble) {
  const Advice advice = advise({}, {}, {}, nullptr, {});
  EXPECT_THAT(advice.proposals, IsEmpty());
  EXPECT_THAT(advice.why_not, IsEmpty());
}

}  // namespace
}  // namespace pgsieve::testing
