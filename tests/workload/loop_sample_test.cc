#include "analyzer/workload/loop_sample.h"

#include <gtest/gtest.h>

#include <random>

namespace pgsieve {
namespace {

std::vector<SampleTurn> random_turns(std::mt19937& random) {
  std::vector<SampleTurn> turns(random() % 6);
  for (SampleTurn& turn : turns) {
    turn.resize(1 + random() % 4);
    for (SampleValue& value : turn) {
      value.known = random() % 4 != 0;
      if (value.known) value.text = std::string(random() % 30, static_cast<char>('a' + random() % 26));
    }
  }
  return turns;
}

TEST(LoopSample, PackedTurnsAreTheTurns) {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    const std::vector<SampleTurn> turns = random_turns(random);
    const std::string packed = pack_turns(turns);
    EXPECT_EQ(unpack_turns(packed), turns);
    for (size_t count = 0; count <= turns.size() + 1; ++count) {
      const std::vector<SampleTurn> first(
          turns.begin(), turns.begin() + static_cast<std::ptrdiff_t>(std::min(count, turns.size())));
      EXPECT_EQ(unpack_turns(first_turns(packed, count)), first);
    }
  }
}

TEST(LoopSample, TurnsOfAnotherNumberOfSlotsAreLeftOut) {
  const std::string packed = pack_turns({{{true, "1"}}, {{true, "2"}, {false, ""}}, {{true, "3"}}});
  EXPECT_EQ(LoopSample(packed).turns_of(1), pack_turns({{{true, "1"}}, {{true, "3"}}}));
  EXPECT_EQ(LoopSample(packed).turns_of(2), pack_turns({{{true, "2"}, {false, ""}}}));
  EXPECT_EQ(LoopSample(packed).turns_of(3), "");
  EXPECT_EQ(
      unpack_turns(LoopSample(pack_turns(std::vector<SampleTurn>(100, {{true, "1"}}))).turns_of(1)).size(),
      LoopSample::kMaxTurns);
}

TEST(LoopSample, DamageEndsTheTurns) {
  std::mt19937 random(12);
  for (int round = 0; round < 500; ++round) {
    std::string packed = pack_turns(random_turns(random));
    if (packed.empty()) continue;
    packed[random() % packed.size()] = static_cast<char>(random());
    packed.resize(random() % (packed.size() + 1));
    const std::vector<SampleTurn> turns = unpack_turns(packed);
    EXPECT_EQ(pack_turns(turns), first_turns(packed, turns.size()));
  }
}

}  // namespace
}  // namespace pgsieve
