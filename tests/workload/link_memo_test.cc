#include "analyzer/workload/link_memo.h"

#include <gtest/gtest.h>

#include <random>

namespace pgsieve {
namespace {

LinkStrength strength_of(uint32_t parent, uint32_t child) {
  return static_cast<LinkStrength>((parent * 31 + child * 17) % 7);
}

TEST(LinkMemo, AnswersAsItWasToldWhateverTheOrder) {
  LinkMemo memo;
  std::mt19937 random(7);
  std::uniform_int_distribution<uint32_t> ordinal(1, 5000);
  for (int i = 0; i < 200'000; ++i) {
    const uint32_t parent = ordinal(random);
    const uint32_t child = ordinal(random);
    ASSERT_EQ(memo.find(parent, child, [&] { return strength_of(parent, child); }), strength_of(parent, child));
  }
}

TEST(LinkMemo, WorksEachPairOutOnce) {
  LinkMemo memo;
  int worked_out = 0;
  for (int round = 0; round < 3; ++round) {
    for (uint32_t parent = 1; parent < 60; ++parent) {
      for (uint32_t child = 1; child < 60; ++child) {
        memo.find(parent, child, [&] {
          ++worked_out;
          return LinkStrength::kNone;
        });
      }
    }
  }
  EXPECT_EQ(worked_out, 59 * 59);
}

}  // namespace
}  // namespace pgsieve
