#include "analyzer/workload/loop_sample.h"

#include <gtest/gtest.h>

#include <random>

namespace pgsieve {
namespace {

// Words, numbers of any size and spelling, UUIDs, and what nearly is one.
std::string random_text(std::mt19937& random) {
  const std::vector<std::string> odd = {"0",
                                        "7",
                                        "10",
                                        "007",
                                        "127",
                                        "128",
                                        "18446744073709551616",
                                        "999999999999999999",
                                        "-5",
                                        "1.5",
                                        "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
                                        "6F9619FF-8b86-d011-b42d-00cf4fc964ff",
                                        "6f9619ff-8b86-d011-b42d-00cf4fc964f",
                                        "6f9619ff08b86-d011-b42d-00cf4fc964ff"};
  if (random() % 3 == 0) return odd[random() % odd.size()];
  if (random() % 2 == 0) return std::to_string(random() >> (random() % 32));
  return std::string(random() % 30, static_cast<char>('a' + random() % 26));
}

std::vector<SampleTurn> random_turns(std::mt19937& random) {
  std::vector<SampleTurn> turns(random() % 6);
  for (SampleTurn& turn : turns) {
    turn.resize(1 + random() % 4);
    for (SampleValue& value : turn) {
      value.known = random() % 4 != 0;
      if (value.known) value.text = random_text(random);
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

TEST(LoopSample, KeysTakeLittleRoom) {
  EXPECT_EQ(pack_turns({{{true, "123456"}}}).size(), 5U);
  EXPECT_EQ(pack_turns({{{true, "6f9619ff-8b86-d011-b42d-00cf4fc964ff"}}}).size(), 18U);
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
