#include "analyzer/capture/session_rest.h"

#include <gtest/gtest.h>

namespace pgsieve {
namespace {

TEST(SessionRests, GoOnInTheNextRun) {
  Backend backend;
  backend.key = UINT64_MAX - 5;
  backend.has_statements = true;
  backend.prepares.push_back({1, UINT64_MAX, 20, 30, 1, 2});
  backend.loose = {7, 9};
  backend.loose_count = 2;
  backend.unplanned[3] = 77;
  SessionRests rests;
  rests.keep(backend, {.duration = true});
  Backend nothing_left;
  nothing_left.key = 4;
  rests.keep(nothing_left, {});

  SessionRests read(rests.text());
  EXPECT_EQ(read.text(), rests.text());
  Backend other, same;
  other.key = 4;
  EXPECT_FALSE(read.restore(other));
  same.key = backend.key;
  ASSERT_TRUE(read.restore(same));
  EXPECT_TRUE(same.has_statements && same.owed_duration);
  EXPECT_EQ(same.loose, backend.loose);
  EXPECT_EQ(same.loose_count, 2U);
  EXPECT_EQ(same.unplanned, backend.unplanned);
  ASSERT_EQ(same.prepares.size(), 1U);
  EXPECT_EQ(same.prepares[0].text, UINT64_MAX);
  EXPECT_EQ(same.prepares[0].bind, 30);
  EXPECT_EQ(same.prepares[0].binds, 2U);
  EXPECT_FALSE(read.restore(same)) << "only once";
}

TEST(SessionRests, AStatementThatHasNotEndedGoesOnWhole) {
  std::string scratch;
  Backend backend;
  backend.key = 9;
  Execution& statement = backend.current;
  statement.active = statement.extended = statement.awaits_duration = true;
  statement.text = "SELECT 'é;\n' || $1";
  statement.name = "S_1/C_2";
  statement.time = 5;
  statement.transaction = UINT64_MAX;
  statement.set_parameters("$1 = 'it''s', $2 = NULL", scratch);
  statement.own();
  SessionRests rests;
  rests.keep(backend, {.statement = true});
  EXPECT_EQ(rests.statements(), 1U);

  SessionRests others, read(rests.text());
  others.add(read);
  EXPECT_EQ(others.text(), rests.text());
  Backend same;
  same.key = backend.key;
  ASSERT_TRUE(read.restore(same));
  EXPECT_EQ(read.statements(), 0U);
  EXPECT_TRUE(same.current.active && same.current.extended && same.current.awaits_duration);
  EXPECT_FALSE(same.owed_duration);
  EXPECT_EQ(same.current.text, statement.text);
  EXPECT_EQ(same.current.name, statement.name);
  EXPECT_EQ(same.current.prepare_text, "");
  EXPECT_EQ(same.current.time, 5);
  EXPECT_EQ(same.current.duration, kUnknownTime);
  EXPECT_EQ(same.current.transaction, UINT64_MAX);
  EXPECT_EQ(same.current.parameter_list, statement.parameter_list);
  ASSERT_EQ(same.current.parameters.size(), 2U);
  EXPECT_EQ(same.current.parameters[0].hash, statement.parameters[0].hash);
  EXPECT_TRUE(same.current.parameters[1].null);
}

PlanRecord plan_of(std::string_view query) {
  PlanRecord plan;
  EXPECT_TRUE(
      parse_plan("Query Text: " + std::string(query) +
                     "\nSort  (cost=1.00..2.50 rows=3 width=4) (actual time=0.01..0.02 rows=7 loops=1)"
                     "\n  Sort Key: a.\"n;&\""
                     "\n  Sort Method: external merge  Disk: 64kB"
                     "\n  ->  Seq Scan on a x  (cost=0.00..1.00 rows=3 width=4)"
                     " (actual time=0.01..0.02 rows=7 loops=2)"
                     "\n        Filter: (k = 'é'::text)"
                     "\n        Rows Removed by Filter: 5",
                 plan.parsed));
  plan.time = 8;
  plan.duration = 20;
  plan.transaction = 3;
  return plan;
}

void expect_same(const PlanRecord& read, const PlanRecord& plan) {
  EXPECT_EQ(read.time, plan.time);
  EXPECT_EQ(read.duration, plan.duration);
  EXPECT_EQ(read.transaction, plan.transaction);
  EXPECT_EQ(read.parsed.query, plan.parsed.query);
  EXPECT_EQ(read.parsed.plan.rows, plan.parsed.plan.rows);
  EXPECT_EQ(read.parsed.incomplete, plan.parsed.incomplete);
  ASSERT_EQ(read.parsed.nodes.size(), plan.parsed.nodes.size());
  for (size_t i = 0; i < read.parsed.nodes.size(); ++i) {
    const PlanNode &left = read.parsed.nodes[i], &right = plan.parsed.nodes[i];
    EXPECT_EQ(left.kind, right.kind) << i;
    EXPECT_EQ(left.relation, right.relation) << i;
    EXPECT_EQ(left.alias, right.alias) << i;
    EXPECT_EQ(left.filter, right.filter) << i;
    EXPECT_EQ(left.sort_key, right.sort_key) << i;
    EXPECT_EQ(left.rows_removed, right.rows_removed) << i;
    EXPECT_EQ(left.cost, right.cost) << i;
    EXPECT_EQ(left.disk_sort, right.disk_sort) << i;
    EXPECT_EQ(left.sort_space_kb, right.sort_space_kb) << i;
  }
}

TEST(SessionRests, PlansGoOnWithTheirFacts) {
  Backend backend;
  backend.key = 9;
  backend.current.active = true;
  backend.current.text = "SELECT 1";
  backend.current.plans.push_back(plan_of("SELECT 1"));
  backend.plans.push_back(plan_of("SELECT 'two; +'"));
  backend.open_plan = std::make_unique<PlanRecord>(plan_of("SELECT @ 3"));
  const SessionRests::Left left{.statement = true, .plans = true};
  SessionRests rests;
  EXPECT_TRUE(rests.has_room(backend, left));
  rests.keep(backend, left);
  EXPECT_EQ(rests.plans(), 1U);

  SessionRests read(rests.text());
  Backend same;
  same.key = backend.key;
  ASSERT_TRUE(read.restore(same));
  ASSERT_TRUE(same.current.plans.size() == 1 && same.plans.size() == 1 && same.open_plan != nullptr);
  expect_same(same.current.plans[0], backend.current.plans[0]);
  expect_same(same.plans[0], backend.plans[0]);
  expect_same(*same.open_plan, *backend.open_plan);
}

TEST(SessionRests, OfStoresMadeBeforePlansWereLeftAreRead) {
  SessionRests read("rests/1\n5 1 0 0 0 0 0 0 0;2 0 0 0 0 0 0 53  \n");
  EXPECT_EQ(read.statements(), 1U);
  Backend backend;
  backend.key = 5;
  ASSERT_TRUE(read.restore(backend));
  EXPECT_EQ(backend.current.text, "S");
}

TEST(SessionRests, OfAnotherFormAreLeftOut) {
  for (const char* text : {"", "rests/3\n1 0\n", "rests/1\n", "rests/1\nx y\n\n", "rests/1\n5\n"})
    EXPECT_EQ(SessionRests(text).text(), "rests/2\n") << text;
  SessionRests cut("rests/1\n5 3 ffffffff 1\n");
  Backend backend;
  backend.key = 5;
  EXPECT_TRUE(cut.restore(backend));
  EXPECT_LE(backend.loose_count, backend.loose.size());
  for (const char* statement : {";", "; 1 0 0", "; 7 0 0 0 0 0 4x 41 zz 4", "; 1 0 0 0 0 0 4"}) {
    SessionRests damaged(std::string("rests/1\n5 1 0 0 0 0 0 0 0") + statement + "\n");
    Backend other;
    other.key = 5;
    EXPECT_TRUE(damaged.restore(other)) << statement;
    EXPECT_FALSE(other.current.active && other.current.text.empty()) << statement;
  }
}

}  // namespace
}  // namespace pgsieve
