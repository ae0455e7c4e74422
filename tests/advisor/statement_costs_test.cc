#include "analyzer/advisor/statement_costs.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace pgsieve::internal {
namespace {

PlanAnswer answer(double cost, std::vector<size_t> used = {}) {
  PlanAnswer made;
  made.cost = cost;
  made.used = std::move(used);
  return made;
}

// Two literals, three quarters of the calls with the first; indexes 7 and 4.
StatementCosts statement() {
  StatementCosts made;
  made.weight = 1000;
  made.relevant = {7, 4};
  made.books.resize(2);
  made.shares = {0.75, 0.25};
  return made;
}

TEST(StatementCosts, MasksFollowTheStatementsOwnOrder) {
  const StatementCosts costs = statement();
  EXPECT_EQ(costs.mask_of({}), 0U);
  EXPECT_EQ(costs.mask_of({7}), 1U);
  EXPECT_EQ(costs.mask_of({4, 5}), 2U);
  EXPECT_EQ(costs.all_relevant(), 3U);
}

TEST(StatementCosts, LiteralsThatGainAlikeAreSearchedAsOne) {
  StatementCosts costs = statement();
  costs.search_literals({0.1, 0.25});
  EXPECT_EQ(costs.searched, 1U);
  EXPECT_DOUBLE_EQ(costs.shares[0], 1);
  costs = statement();
  costs.search_literals({0.1, 0.9});
  EXPECT_EQ(costs.searched, 2U);
  EXPECT_DOUBLE_EQ(costs.shares[0] + costs.shares[1], 1);
}

TEST(StatementCosts, CostIsTheLiteralsMeanOnceAllAreKnown) {
  StatementCosts costs = statement();
  costs.search_literals({0.1, 0.9});
  costs.books[0].add(0, answer(100));
  EXPECT_FALSE(costs.cost(0));
  costs.books[1].add(0, answer(20));
  EXPECT_DOUBLE_EQ(*costs.cost(0), 80);
}

TEST(StatementCosts, TimesAreBoundedByWhatIsKnown) {
  StatementCosts costs = statement();
  costs.search_literals({0.1, 0.2});
  costs.books[0].add(0, answer(100));
  costs.books[0].add(3, answer(10, {0}));
  costs.base = 100;
  bool exact = false;
  // Index 7 alone made the plan with both: its answer holds for it, too.
  EXPECT_DOUBLE_EQ(costs.least_time(1, &exact), 100);
  EXPECT_TRUE(exact);
  EXPECT_DOUBLE_EQ(costs.known_time(1), 100);
  // With index 4 alone nobody knows: no better than both, no worse than none.
  EXPECT_DOUBLE_EQ(costs.least_time(2, &exact), 100);
  EXPECT_FALSE(exact);
  EXPECT_DOUBLE_EQ(costs.known_time(2), 1000);
}

}  // namespace
}  // namespace pgsieve::internal
