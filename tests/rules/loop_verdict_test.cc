#include "rules/loop_verdict.h"

#include <gtest/gtest.h>

namespace pgsieve {
namespace {

// The bound follows the session: a program that takes 0.6 ms between statements does not take 4 ms within a
// loop, one that takes 3 ms may; and the child's own time counts, where it is long.
TEST(TightTurn, FollowsTheSession) {
  const LoopOptions options;
  LoopExample example;
  example.count = 10;
  example.child_time = 10 * 100;
  EXPECT_EQ(tight_turn(example, options), options.tight_gap);
  example.other_median_gap = 600;
  EXPECT_EQ(tight_turn(example, options), 2400);
  example.other_median_gap = 10;  // times are known to a millisecond
  EXPECT_EQ(tight_turn(example, options), 2 * kMillisecond);
  example.other_median_gap = kSecond;  // think time: says nothing
  EXPECT_EQ(tight_turn(example, options), options.tight_gap);
  example.child_time = 10 * 20 * kMillisecond;
  EXPECT_EQ(tight_turn(example, options), 60 * kMillisecond);
}

}  // namespace
}  // namespace pgsieve
