#include "analyzer/advisor/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/advisor/advice_testing.h"

namespace pgsieve::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

IndexDefinition on(std::string_view keys) {
  const Result<IndexDefinition> made =
      parse_index_definition("CREATE INDEX ON t (" + std::string(keys) + ")");
  EXPECT_TRUE(made.ok()) << keys;
  return *made;
}

// One statement per name, each with these candidates.
class Problem {
 public:
  Problem& statement(const std::string& text, double weight, const std::vector<std::string>& candidates) {
    SelectionStatement made{
        .weight_ms = weight, .calls = 1, .literals = {{.which = "only", .text = text}}, .candidates = {}};
    for (const std::string& keys : candidates) made.candidates.push_back(id_of(keys));
    problem.statements.push_back(std::move(made));
    return *this;
  }

  std::vector<std::string> chosen(TablePlanner::Ask ask) {
    TablePlanner planner(std::move(ask));
    problem.bytes.clear();
    for (const IndexDefinition& each : problem.candidates) problem.bytes.push_back(planner.size_bytes(each));
    if (problem.max_plans == 0) problem.max_plans = 1000;
    result = select_indexes(problem, planner);
    std::vector<std::string> names;
    for (const size_t id : result.chosen) names.push_back(TablePlanner::keys_of(result.candidates[id]));
    return names;
  }

  SelectionProblem problem;
  SelectionResult result;

 private:
  size_t id_of(const std::string& keys) {
    for (size_t i = 0; i < problem.candidates.size(); ++i)
      if (TablePlanner::keys_of(problem.candidates[i]) == keys) return i;
    problem.candidates.push_back(on(keys));
    return problem.candidates.size() - 1;
  }
};

// The cheapest of the offered ones, by a table of (statement, keys) → cost.
TablePlanner::Ask cheapest(std::map<std::pair<std::string, std::string>, double> costs) {
  return [costs = std::move(costs)](const std::string& statement, const std::set<std::string>& offered) {
    TablePlanner::Answer best{1000, {}};
    for (const std::string& keys : offered) {
      const auto found = costs.find({statement, keys});
      if (found != costs.end() && found->second < best.cost) best = {found->second, {keys}};
    }
    return best;
  };
}

TEST(Selection, OneIndexForTwoStatements) {
  Problem problem;
  problem.statement("q1", 100, {"a", "a, b"}).statement("q2", 100, {"a", "a, c"});
  // Each would like its own a bit better; together, (a) is two thirds of the bytes for nearly all of the
  // gain.
  problem.problem.min_gain = {.ms = 5, .share = 0};
  const auto ask =
      cheapest({{{"q1", "a"}, 12}, {{"q1", "a, b"}, 10}, {{"q2", "a"}, 12}, {{"q2", "a, c"}, 10}});
  EXPECT_THAT(problem.chosen(ask), ElementsAre("a"));
}

TEST(Selection, NothingThatGainsTooLittle) {
  Problem problem;
  problem.problem.min_gain = {.ms = 0, .share = 0.05};
  problem.statement("q1", 1000, {"a"}).statement("q2", 1, {"b"});
  EXPECT_THAT(problem.chosen(cheapest({{{"q1", "a"}, 990}, {{"q2", "b"}, 1}})), IsEmpty());
}

TEST(Selection, TheBudgetHolds) {
  for (const double megabytes : {0.5, 1.0, 2.0, 3.0, 4.0, 6.0}) {
    Problem problem;
    problem.problem.budget_bytes = megabytes * 1e6;
    problem.statement("q1", 100, {"a", "a, b", "a, b, c"})
        .statement("q2", 80, {"d", "d, e"})
        .statement("q3", 50, {"f"});
    const auto chosen = problem.chosen(cheapest({{{"q1", "a"}, 500},
                                                 {{"q1", "a, b"}, 200},
                                                 {{"q1", "a, b, c"}, 100},
                                                 {{"q2", "d"}, 400},
                                                 {{"q2", "d, e"}, 10},
                                                 {{"q3", "f"}, 100}}));
    double bytes = 0;
    for (const size_t id : problem.result.chosen) bytes += problem.result.bytes[id];
    EXPECT_LE(bytes, megabytes * 1e6);
    EXPECT_EQ(chosen.empty(), megabytes < 1) << megabytes;
  }
}

// By gain per byte, the small one comes first and then the large one does not fit: worth putting right.
TEST(Selection, ExchangesForWhatIsBetter) {
  Problem problem;
  problem.problem.budget_bytes = 2e6;
  problem.statement("q1", 100, {"a"}).statement("q2", 170, {"b, c"});
  EXPECT_THAT(problem.chosen(cheapest({{{"q1", "a"}, 10}, {{"q2", "b, c"}, 10}})), ElementsAre("b, c"));
}

TEST(Selection, TwoThatHelpOnlyTogether) {
  Problem problem;
  problem.statement("q", 100, {"a", "b"});
  const auto both = [](const std::string&, const std::set<std::string>& offered) {
    return offered.size() == 2 ? TablePlanner::Answer{10, {"a", "b"}} : TablePlanner::Answer{1000, {}};
  };
  EXPECT_THAT(problem.chosen(both), UnorderedElementsAre("a", "b"));
}

TEST(Selection, WhatBecomesSuperfluousGoes) {
  Problem problem;
  // (a) is taken first by gain per byte; (a, b) then serves its statement as well.
  problem.statement("q1", 100, {"a"}).statement("q2", 90, {"a, b"});
  EXPECT_THAT(problem.chosen(cheapest(
                  {{{"q1", "a"}, 10}, {{"q1", "a, b"}, 10}, {{"q2", "a"}, 900}, {{"q2", "a, b"}, 10}})),
              ElementsAre("a, b"));
}

TEST(Selection, WritesAreCharged) {
  const auto ask = cheapest({{{"q1", "a"}, 10}, {{"q2", "b"}, 10}});
  Problem problem;
  problem.statement("q1", 100, {"a"}).statement("q2", 100, {"b"});
  problem.problem.write_cost_ms = [](const std::vector<const IndexDefinition*>& added) {
    double cost = 0;
    for (const IndexDefinition* each : added) cost += TablePlanner::keys_of(*each) == "a" ? 150 : 1;
    return cost;
  };
  EXPECT_THAT(problem.chosen(ask), ElementsAre("b"));
}

TEST(Selection, StopsWhenItsQuestionsAreUsedUp) {
  for (const uint64_t limit : {1U, 2U, 3U, 5U, 8U, 20U}) {
    Problem problem;
    problem.problem.max_plans = limit;
    for (int i = 0; i < 10; ++i)
      problem.statement("q" + std::to_string(i), 100 - i,
                        {"a" + std::to_string(i), "a" + std::to_string(i) + ", z"});
    problem.chosen([](const std::string& statement, const std::set<std::string>& offered) {
      const std::string keys = "a" + statement.substr(1);
      return offered.contains(keys) ? TablePlanner::Answer{10, {keys}} : TablePlanner::Answer{1000, {}};
    });
    EXPECT_LE(problem.result.plans, limit);
    EXPECT_TRUE(problem.result.exhausted);
    EXPECT_EQ(problem.result.planned.size(), 10U);
    // What is chosen was proved, however few questions there were; the heaviest statements come first.
    if (limit >= 5) {
      EXPECT_THAT(problem.result.chosen, Contains(0U));
    }
  }
}

// TablePlanner fails the test when it is asked anything twice. Statements that do not interact need no
// question beyond the first two of each.
TEST(Selection, AsksLittle) {
  Problem problem;
  for (int i = 0; i < 30; ++i)
    problem.statement("q" + std::to_string(i), 100 - i, {"a" + std::to_string(i), "b" + std::to_string(i)});
  problem.chosen([](const std::string& statement, const std::set<std::string>& offered) {
    const std::string keys = "a" + statement.substr(1);
    return offered.contains(keys) ? TablePlanner::Answer{10, {keys}} : TablePlanner::Answer{1000, {}};
  });
  EXPECT_EQ(problem.result.chosen.size(), 30U);
  EXPECT_EQ(problem.result.plans, 60U);
}

TEST(Selection, LiteralsThatDisagreeAreAllWeighed) {
  // For the rare value the index is all; for the common one, which most executions have, nothing.
  const auto ask = [](const std::string& statement, const std::set<std::string>& offered) {
    return statement == "rare" && offered.contains("a") ? TablePlanner::Answer{10, {"a"}}
                                                        : TablePlanner::Answer{1000, {}};
  };
  Problem problem;
  problem.statement("rare", 100, {"a"});
  problem.problem.statements[0].literals = {{.which = "most frequent", .text = "common", .share = 0.999},
                                            {.which = "slowest", .text = "rare", .share = 0.001}};
  problem.problem.min_gain = {.ms = 1, .share = 0.01};
  EXPECT_THAT(problem.chosen(ask), IsEmpty());
  problem.problem.statements[0].literals[0].share = 0.5;
  problem.problem.statements[0].literals[1].share = 0.5;
  EXPECT_THAT(problem.chosen(ask), ElementsAre("a"));
}

// Against trying every set: random costs of single-index plans under a budget.
TEST(Selection, IsCloseToTheBestSet) {
  std::mt19937 random(11);
  double found_sum = 0;
  double best_sum = 0;
  for (int trial = 0; trial < 40; ++trial) {
    std::map<std::pair<std::string, std::string>, double> costs;
    Problem problem;
    const std::vector<std::string> keys = {"a", "b", "c", "a, b", "b, c", "c, a", "d"};
    for (int q = 0; q < 6; ++q) {
      std::vector<std::string> own;
      for (const std::string& each : keys)
        if (random() % 2 == 0) {
          own.push_back(each);
          costs[{"q" + std::to_string(q), each}] = 1 + static_cast<double>(random() % 900);
        }
      if (!own.empty())
        problem.statement("q" + std::to_string(q), 100 + static_cast<double>(random() % 900), own);
    }
    problem.problem.budget_bytes = 4e6;
    const auto gain = [&](const std::set<std::string>& set) {
      double sum = 0;
      for (const SelectionStatement& statement : problem.problem.statements) {
        double cost = 1000;
        for (const std::string& each : set) {
          const auto known = costs.find({statement.literals[0].text, each});
          if (known != costs.end()) cost = std::min(cost, known->second);
        }
        sum += statement.weight_ms * (1 - cost / 1000);
      }
      return sum;
    };
    double best = 0;
    for (unsigned mask = 0; mask < 1U << keys.size(); ++mask) {
      std::set<std::string> set;
      double bytes = 0;
      for (size_t i = 0; i < keys.size(); ++i)
        if ((mask >> i & 1U) != 0) {
          set.insert(keys[i]);
          bytes += keys[i].size() > 1 ? 2e6 : 1e6;
        }
      if (bytes <= 4e6) best = std::max(best, gain(set));
    }
    const std::vector<std::string> chosen = problem.chosen(cheapest(costs));
    found_sum += gain({chosen.begin(), chosen.end()});
    best_sum += best;
  }
  EXPECT_GE(found_sum, 0.97 * best_sum);
}

}  // namespace
}  // namespace pgsieve::testing
