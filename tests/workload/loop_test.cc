#include "analyzer/workload/loop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

namespace pgsieve {
namespace {

std::string turns(size_t count) {
  return pack_turns(std::vector<SampleTurn>(count, {{true, "17"}}));
}

// Counts that are often alike, so that the rest of the order decides, too; unknown times among known ones.
LoopExample random_example(std::mt19937& random) {
  LoopExample example;
  example.count = static_cast<uint32_t>(2 + random() % 3);
  example.distinct_values = static_cast<uint32_t>(random() % 3);
  example.time = random() % 4 == 0 ? kUnknownTime : Microseconds{1'700'000'000'000'000} + random() % 1000;
  example.child_time = static_cast<Microseconds>(random() % 5);
  example.distinct_tuples = static_cast<uint32_t>(random() % 2);
  example.matched_values = static_cast<uint32_t>(random() % 2);
  // Two of them too long for a rank to tell apart.
  example.span =
      std::array<Microseconds, 4>{0, 70, Microseconds{1} << 40, (Microseconds{1} << 40) + 1}[random() % 4];
  example.max_gap = random() % 2 == 0 ? kUnknownTime : static_cast<Microseconds>(random() % 1'000'000);
  example.one_unit = random() % 2 == 0;
  example.root = random() % 2 == 0 ? kNoPattern : PatternKey{UINT64_MAX - random() % 3, Arity::kOne};
  example.cycle.resize(random() % 4, PatternKey{0x0000FF00FF0000FFU, Arity::kScalar});
  example.sample = turns(random() % 12);
  example.source = std::string(random() % 3, '\0');
  example.own_column = std::string(random() % 300, random() % 2 == 0 ? '\0' : '\xFF');
  return example;
}

TEST(LoopExamples, ComeOutAsTheyWentIn) {
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    const std::vector<LoopExample> examples = {random_example(random), LoopExample(), random_example(random)};
    const LoopExamples packed(examples);
    ASSERT_EQ(packed.size(), 3U);
    EXPECT_TRUE(packed.unpacked() == examples);
    EXPECT_TRUE(packed.at(2) == examples[2]);
    EXPECT_TRUE(packed.front() == examples[0]);
  }
  EXPECT_TRUE(LoopExamples().empty());
  EXPECT_TRUE(LoopExamples().unpacked().empty());
}

TEST(LoopExamples, KeepTheBestInOrder) {
  std::mt19937 random(4);
  for (int round = 0; round < 100; ++round) {
    std::vector<LoopExample> expected;
    LoopExamples packed;
    for (int i = 0; i < 20; ++i) {
      const LoopExample example = random_example(random);
      expected.push_back(example);
      packed.add(example, 6, 100);
    }
    std::stable_sort(expected.begin(), expected.end(), [](const LoopExample& left, const LoopExample& right) {
      return better_example(left, right);
    });
    expected.resize(6);
    EXPECT_TRUE(packed.unpacked() == expected);
  }
}

// Whatever it does not want would not have been kept, and it wants all that is.
TEST(LoopExamples, WantByRankWhatTheyKeep) {
  std::mt19937 random(5);
  int unwanted = 0;
  for (int round = 0; round < 50; ++round) {
    LoopExamples packed;
    for (int i = 0; i < 40; ++i) {
      const LoopExample example = random_example(random);
      const ExampleRank rank{example.count, example.distinct_tuples, example.matched_values,
                             ranked_span(example.span)};
      const bool wanted = packed.wants(rank, 6);
      const LoopExamples before = packed;
      packed.add(example, 6, 100);
      if (wanted) continue;
      ++unwanted;
      EXPECT_TRUE(packed == before);
    }
  }
  EXPECT_GT(unwanted, 100);
}

TEST(LoopExamples, OnlyTheFirstKeepsAllItsTurns) {
  LoopExample example;
  example.sample = turns(9);
  example.count = 2;
  LoopExamples examples;
  examples.add(example, 6, 5);
  EXPECT_EQ(examples.front().sample_turns().size(), 9U);
  example.count = 3;
  examples.add(example, 6, 5);
  EXPECT_EQ(examples.front().sample_turns().size(), 9U);
  EXPECT_EQ(examples.at(1).sample_turns().size(), 5U);
  example.count = 1;
  examples.add(example, 6, 5);
  EXPECT_EQ(examples.at(2).sample_turns().size(), 5U);
  EXPECT_EQ(examples.at(2).count, 1U);
}

}  // namespace
}  // namespace pgsieve
