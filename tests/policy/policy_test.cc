#include "analyzer/policy/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/policy/ignore.h"
#include "analyzer/policy/toml.h"
#include "tests/workload/stream.h"

namespace pgsieve {
namespace {

using pgsieve::testing::Stream;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kOrders = "SELECT id, total FROM orders WHERE user_id = 3";

// A list of orders, and a loop over their items. `suffix` ends every statement of the loop.
Stream& add_loop(Stream& stream, uint64_t session, int turns, const std::string& suffix = {},
                 const std::string& table = "items") {
  stream.run(session, kOrders + suffix, {}, turns);
  for (int i = 0; i < turns; ++i)
    stream.run(session, "SELECT name FROM " + table + " WHERE order_id = " + std::to_string(i) + suffix, {},
               1);
  return stream;
}

struct Judged {
  Workload facts;
  std::vector<Finding> findings;
  Outcome outcome;
};

Judged judge(const Stream& stream, const Policy& policy) {
  WorkloadOptions options;
  options.track_units = true;
  Judged judged;
  judged.facts = stream.facts(options);
  const Schema schema;
  judged.findings = run_rules({judged.facts, schema, {}, {}}, std::vector<std::string>{"n-plus-one"});
  for (Finding& finding : judged.findings) attribute(judged.facts, policy, finding);
  judge_budgets(judged.facts, policy, judged.findings);
  judged.outcome = apply(policy, judged.facts, judged.findings, {});
  return judged;
}

Policy gate() {
  Policy policy;
  policy.gate = true;
  policy.today = *day_number("2027-01-01");
  return policy;
}

Policy knowing(const Judged& judged) {
  Policy policy = gate();
  policy.has_baseline = true;
  for (const Finding& finding : judged.findings) policy.baseline.entries.push_back(entry_of(finding));
  return policy;
}

Suppression suppression(const std::string& table) {
  Suppression made;
  made.table = table;
  made.reason = "bounded";
  made.where = "pgsieve.toml:3";
  return made;
}

TEST(Policy, WithoutABaselineAllIsNew) {
  Stream stream;
  const Judged judged = judge(add_loop(stream, 1, 8), gate());
  ASSERT_EQ(judged.findings.size(), 1U);
  EXPECT_EQ(judged.findings[0].standing, Standing::kNew);
  EXPECT_EQ(judged.outcome.summary(), "1 new");
}

TEST(Policy, WhatIsKnownIsKnownInAnySpellingAndNumber) {
  Stream stream, again;
  const Policy policy = knowing(judge(add_loop(stream, 1, 8), gate()));
  again.run(1, "select o.id, o.total from orders as o where o.user_id=77", {}, 20);
  for (int i = 0; i < 20; ++i)
    again.run(1, "select x.name from \"items\" x where x.order_id = " + std::to_string(100 + i), {}, 1);
  const Judged judged = judge(again, policy);
  ASSERT_EQ(judged.findings.size(), 1U);
  EXPECT_EQ(judged.findings[0].standing, Standing::kKnown);
  EXPECT_EQ(judged.outcome.summary(), "0 new, 1 known");
}

TEST(Policy, AnotherLoopIsNew) {
  Stream stream, again;
  const Policy policy = knowing(judge(add_loop(stream, 1, 8), gate()));
  add_loop(again, 1, 8);
  add_loop(again, 2, 8, {}, "refunds");
  const Judged judged = judge(again, policy);
  ASSERT_EQ(judged.findings.size(), 2U);
  EXPECT_EQ(judged.findings[0].standing, Standing::kNew);
  EXPECT_THAT(judged.findings[0].query, HasSubstr("refunds"));
  EXPECT_EQ(judged.outcome.summary(), "1 new, 1 known");
}

TEST(Policy, ARatchetTellsWorseFromKnown) {
  Stream stream, more;
  Policy policy = knowing(judge(add_loop(stream, 1, 8), gate()));
  add_loop(more, 1, 20);
  EXPECT_EQ(judge(more, policy).outcome.known, 1U);
  policy.ratchets["n-plus-one"] = *parse_ratchet("calls*2");
  EXPECT_EQ(judge(more, policy).outcome.worse, 1U);
  EXPECT_EQ(judge(stream, policy).outcome.worse, 0U);
  EXPECT_EQ(parse_ratchet("calls + 5")->addend, 5);
  for (const char* wrong : {"count*2", "calls*0.5", "calls-1", "calls*x"})
    EXPECT_FALSE(parse_ratchet(wrong)) << wrong;
}

TEST(Policy, StaleOnlyWhenItsTestsRan) {
  Stream with_loop, fixed, filtered;
  add_loop(with_loop, 1, 8, " /*test='a'*/");
  const Policy policy = knowing(judge(with_loop, gate()));
  EXPECT_THAT(policy.baseline.entries[0].seen, ElementsAre("test:a"));
  fixed.run(1, std::string(kOrders) + " /*test='a'*/", {}, 8);
  filtered.run(1, std::string(kOrders) + " /*test='b'*/", {}, 8);
  EXPECT_EQ(judge(fixed, policy).outcome.stale, 1U);
  EXPECT_EQ(judge(filtered, policy).outcome.stale, 0U);
  EXPECT_EQ(judge(filtered, policy).outcome.not_exercised, 1U);
}

TEST(Policy, StaleWithoutTestsWhenTheParentRan) {
  Stream with_loop, fixed, other;
  const Policy policy = knowing(judge(add_loop(with_loop, 1, 8), gate()));
  fixed.run(1, kOrders, {}, 8);
  other.run(1, "SELECT 1 FROM something_else", {}, 8);
  EXPECT_EQ(judge(fixed, policy).outcome.stale, 1U);
  EXPECT_EQ(judge(other, policy).outcome.stale, 0U);
}

TEST(Policy, AcceptedUntilADay) {
  Stream stream;
  Policy policy = knowing(judge(add_loop(stream, 1, 8), gate()));
  BaselineEntry& entry = policy.baseline.entries[0];
  entry.state = "accepted";
  entry.reason = "small lists";
  entry.until = policy.today + 9;
  EXPECT_EQ(judge(stream, policy).outcome.summary(), "0 new, 1 known (1 expires in 9 days)");
  entry.until = policy.today - 1;
  const Judged judged = judge(stream, policy);
  EXPECT_EQ(judged.outcome.fresh, 1U);
  EXPECT_THAT(judged.findings[0].standing_note, HasSubstr("accepted until 2026-12-31: small lists"));
}

TEST(Policy, SuppressionsHoldUntilTheyEnd) {
  Stream stream;
  add_loop(stream, 1, 8);
  Policy policy = gate();
  policy.suppressions = {suppression("item*")};
  EXPECT_EQ(judge(stream, policy).outcome.summary(), "0 new, 1 suppressed");
  policy.suppressions[0].until = policy.today;
  EXPECT_EQ(judge(stream, policy).outcome.suppressed, 1U);
  policy.suppressions[0].until = policy.today - 1;
  const Judged judged = judge(stream, policy);
  EXPECT_EQ(judged.outcome.fresh, 1U);
  EXPECT_THAT(judged.outcome.notices, ElementsAre(HasSubstr("ended on 2026-12-31")));
  policy.suppressions[0].rule = "select-star";
  EXPECT_EQ(judge(stream, policy).outcome.suppressed, 0U);
}

TEST(Policy, UnusedSuppressionsAreToldWhenTheirScopeRan) {
  Stream stream;
  stream.run(1, "SELECT name FROM items WHERE order_id = 1", {}, 1);
  Policy policy = gate();
  policy.suppressions = {suppression("items"), suppression("nothing_of_this_run")};
  EXPECT_THAT(judge(stream, policy).outcome.notices, ElementsAre(HasSubstr("not needed")));
}

TEST(Policy, TheStatementCanSuppress) {
  Stream covered, partly, refused;
  EXPECT_EQ(judge(add_loop(covered, 1, 8, " /* pgsieve:ignore n-plus-one -- bounded, really */"), gate())
                .outcome.suppressed,
            1U);
  add_loop(partly, 1, 8, " /* pgsieve:ignore n-plus-one -- bounded */");
  add_loop(partly, 2, 9);
  EXPECT_EQ(judge(partly, gate()).outcome.fresh, 1U);
  const Judged bare = judge(add_loop(refused, 1, 8, " /* pgsieve:ignore */"), gate());
  EXPECT_EQ(bare.outcome.fresh, 1U);
  EXPECT_THAT(bare.outcome.notices, ::testing::Contains(HasSubstr("names no rule")));
}

TEST(Policy, DirectivesNameRules) {
  EXPECT_THAT(parse_ignore("ignore n-plus-one, select-star -- why").rules,
              ElementsAre("n-plus-one", "select-star"));
  EXPECT_EQ(parse_ignore("ignore:n-plus-one -- why").reason, "why");
  EXPECT_THAT(parse_ignore("ignore nplusone").refused, HasSubstr("no such rule"));
  EXPECT_THAT(parse_ignore("ignored").refused, HasSubstr("no directive"));
}

TEST(Policy, SetUpBeforeTheMarkersDoesNotCount) {
  Stream stream;
  add_loop(stream, 1, 8, {}, "fixtures");
  stream.run(1, "SELECT 'pgsieve:test=one'").run(1, "SELECT name FROM users WHERE id = 1", {}, 1);
  const Judged judged = judge(stream, gate());
  EXPECT_EQ(judged.outcome.fresh, 0U);
  EXPECT_EQ(judged.outcome.set_up, 1U);
  add_loop(stream, 1, 8);
  const Judged both = judge(stream, gate());
  EXPECT_EQ(both.outcome.fresh, 1U);
  EXPECT_EQ(both.findings[0].tags.at("test"), "one");
}

TEST(Policy, AttributionSaysTestRouteAndPlace) {
  Stream stream;
  add_loop(stream, 1, 8, " /*controller='orders',action='index',source_location='app/o.rb%3A12'*/");
  const Judged judged = judge(stream, gate());
  EXPECT_EQ(judged.findings[0].tags.at("route"), "orders#index");
  EXPECT_EQ(judged.findings[0].tags.at("file"), "app/o.rb:12");
  Stream bare;
  add_loop(bare, 1, 8, " /*controller='orders',action='index'*/");
  Policy policy = gate();
  policy.locations.push_back({{{"route", "orders#*"}}, "app/orders_controller.rb", 3});
  EXPECT_EQ(judge(bare, policy).findings[0].tags.at("file"), "app/orders_controller.rb");
}

TEST(Policy, BudgetsSayWhatChanged) {
  Stream stream;
  stream.run(1, "SELECT 'pgsieve:test=tests/a.py::test_x'");
  for (int i = 0; i < 3; ++i) stream.run(1, "SELECT name FROM users WHERE id = 1", {}, 1);
  Policy policy = gate();
  Budget budget;
  budget.test = "tests/*";
  budget.statements = 2;
  policy.budgets = {budget};
  policy.baseline.units["test:tests/a.py::test_x"] = {.statements = 1, .rows = 1, .time = 0, .patterns = 1};
  const Judged over = judge(stream, policy);
  ASSERT_EQ(over.findings.size(), 1U);
  EXPECT_EQ(over.findings[0].rule, "budget");
  EXPECT_EQ(over.findings[0].message,
            "test:tests/a.py::test_x took 3 statements, the budget is 2 (1 at the baseline, 2 more now)");
  EXPECT_THAT(over.findings[0].evidence[0], HasSubstr("3 x SELECT name FROM users"));
  policy.budgets[0].statements = 3;
  EXPECT_TRUE(judge(stream, policy).findings.empty());
}

TEST(Policy, Globs) {
  EXPECT_TRUE(glob_match("orders#*", "orders#index"));
  EXPECT_TRUE(glob_match("*a?c*", "xxabcxx"));
  EXPECT_FALSE(glob_match("orders", "orders#index"));
  EXPECT_TRUE(glob_match("", ""));
  EXPECT_FALSE(glob_match("a*b", "ac"));
}

}  // namespace
}  // namespace pgsieve
