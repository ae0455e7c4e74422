#include "rules/loop_scaling.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

Loop loop_of(const std::vector<std::pair<int, int>>& scopes) {
  Loop loop;
  loop.key.parent.fingerprint = 1;
  for (const auto& [rows, executions] : scopes) {
    ++loop.scopes;
    ++loop.scaling_n;
    const auto x = static_cast<uint64_t>(rows);
    const auto y = static_cast<uint64_t>(executions);
    loop.scaling_x += x;
    loop.scaling_y += y;
    loop.scaling_xy += x * y;
    loop.scaling_xx += x * x;
    loop.scaling_yy += y * y;
    loop.per_scope.add(executions);
    LoopExample example;
    example.count = static_cast<uint32_t>(executions);
    example.parent_rows = rows;
    loop.add_example(example);
  }
  return loop;
}

TEST(LoopScaling, OnePerRowGrows) {
  const Scaling scaling = scaling_of(loop_of({{2, 2}, {5, 5}, {9, 9}, {20, 19}, {33, 33}, {50, 50}}));
  EXPECT_EQ(scaling.kind, Scaling::Kind::kGrows);
  EXPECT_NEAR(scaling.slope, 1, 0.05);
  EXPECT_GT(scaling.fit, 0.99);
}

TEST(LoopScaling, TwoPerRowGrows) {
  EXPECT_EQ(scaling_of(loop_of({{2, 4}, {5, 10}, {9, 18}, {20, 40}, {33, 66}})).kind, Scaling::Kind::kGrows);
}

TEST(LoopScaling, TheSameNumberWhateverTheRowsIsConstant) {
  const Scaling scaling = scaling_of(loop_of({{2, 6}, {5, 6}, {9, 6}, {20, 6}, {33, 6}}));
  EXPECT_EQ(scaling.kind, Scaling::Kind::kConstant);
}

TEST(LoopScaling, FewOrEqualScopesTellNothing) {
  EXPECT_EQ(scaling_of(loop_of({{2, 2}, {5, 5}, {9, 9}})).kind, Scaling::Kind::kUnknown);
  EXPECT_EQ(scaling_of(loop_of({{9, 9}, {9, 9}, {9, 9}, {9, 9}, {9, 9}, {9, 9}})).kind,
            Scaling::Kind::kUnknown);
  // Two sizes make a line of any two points.
  EXPECT_EQ(scaling_of(loop_of({{2, 2}, {9, 9}, {2, 2}, {9, 9}, {2, 2}, {9, 9}})).kind,
            Scaling::Kind::kUnknown);
}

TEST(LoopScaling, ALimitIsNoNumberOfRows) {
  Loop loop = loop_of({{10, 6}, {20, 6}, {50, 6}, {100, 6}, {200, 6}});
  std::vector<LoopExample> examples = loop.examples.unpacked();
  for (LoopExample& example : examples) example.parent_rows = -1;
  loop.examples = LoopExamples(examples);
  EXPECT_EQ(scaling_of(loop).kind, Scaling::Kind::kUnknown);
}

TEST(LoopScaling, RaisesMediumByOneStepAndVetoes) {
  const Loop grows = loop_of({{2, 2}, {5, 5}, {9, 9}, {20, 20}, {33, 33}});
  LoopVerdict verdict;
  verdict.kind = LoopClass::kRowByRow;
  verdict.confidence = Confidence::kMedium;
  verdict.report = true;
  apply_scaling(grows, verdict);
  EXPECT_EQ(verdict.confidence, Confidence::kHigh);
  EXPECT_NE(verdict.reasons.at(0).find("1.0 per row"), std::string::npos);
  const Loop constant = loop_of({{2, 6}, {5, 6}, {9, 6}, {20, 6}, {33, 6}});
  apply_scaling(constant, verdict);
  EXPECT_FALSE(verdict.report);
}

// A pair seen once per parent, while the same statement loops after another list.
TEST(LatentLoop, IsAHintOnlyWhereTheStatementLoopsElsewhere) {
  const auto play = [](bool with_loop) {
    SequenceBench bench;
    if (with_loop) {
      bench.run("SELECT id, author_id FROM posts");
      for (int i = 0; i < 8; ++i)
        bench.run(fmt::format("SELECT name FROM authors WHERE id = {}", 40 + i * i));
    }
    for (int i = 0; i < 3; ++i) {
      bench.pause();
      bench.run(fmt::format("SELECT id, author_id FROM drafts WHERE state = '{}'", i));
      bench.run(fmt::format("SELECT name FROM authors WHERE id = {}", 7 + i));
    }
    std::vector<Finding> findings = bench.findings("n-plus-one");
    std::erase_if(findings, [](const Finding& finding) { return !finding.properties.contains("latent"); });
    return findings;
  };
  EXPECT_TRUE(play(false).empty());
  const std::vector<Finding> hints = play(true);
  ASSERT_EQ(hints.size(), 1U);
  EXPECT_EQ(hints[0].confidence, Confidence::kLow);
  EXPECT_EQ(hints[0].severity, FindingSeverity::kInfo);
}

}  // namespace
}  // namespace pgsieve
