#include "rules/row_evidence.h"

#include <gtest/gtest.h>

#include "analyzer/workload/value_table.h"

namespace pgsieve {
namespace {

constexpr uint32_t kMost = ValueVotes::kMaxValues;

LoopExample seen(uint32_t matched, uint32_t distinct) {
  LoopExample example;
  example.count = distinct;
  example.distinct_values = distinct;
  example.matched_values = example.matched_in_order = matched;
  example.matched_column = "users.id";
  example.parent_cells = 100;
  example.parent_executions = 1;
  return example;
}

Link named() {
  Link link;
  link.strength = LinkStrength::kNames;
  return link;
}

TEST(RowEvidence, ValuesBeyondThoseThatAreMatchedDoNotCountAgainstIt) {
  EXPECT_EQ(matchable_values(seen(20, 30)), 30U);
  EXPECT_EQ(matchable_values(seen(kMost, 10 * kMost)), kMost);
  EXPECT_EQ(matchable_values(seen(kMost - 1, 10 * kMost)), 10 * kMost);
}

TEST(RowEvidence, MostOfTheValuesProve) {
  EXPECT_EQ(row_evidence(seen(28, 30), named()), RowEvidence::kProof);
  EXPECT_EQ(row_evidence(seen(kMost, 664), named()), RowEvidence::kProof);
  EXPECT_EQ(row_evidence(seen(53, 664), named()), RowEvidence::kNone);
  EXPECT_EQ(row_evidence(seen(28, 30), Link()), RowEvidence::kFitting);
  LoopExample unordered = seen(28, 30);
  unordered.matched_in_order = 3;
  EXPECT_EQ(row_evidence(unordered, named()), RowEvidence::kFitting);
}

TEST(RowEvidence, RowsWithoutTheValuesRefuteAList) {
  EXPECT_TRUE(refuted(seen(0, 30), named()));
  EXPECT_FALSE(refuted(seen(0, 30), Link()));
  EXPECT_FALSE(refuted(seen(5, 30), named()));
  LoopExample lists = seen(5, 30);
  lists.parent_executions = 6;
  EXPECT_TRUE(refuted(lists, named()));
  lists.parent_cells = 0;
  EXPECT_FALSE(refuted(lists, named()));
}

}  // namespace
}  // namespace pgsieve
