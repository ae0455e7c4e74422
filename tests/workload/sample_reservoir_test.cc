#include "analyzer/workload/sample_reservoir.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "analyzer/base/hash.h"

namespace pgsieve {
namespace {

ExecutionSample sample_of(int number) {
  return {.duration = number, .time = number, .text = "SELECT " + std::to_string(number), .parameters = {}};
}

TEST(SampleReservoir, IsTheSameWhateverTheOrderAndTheCut) {
  std::mt19937 random(7);
  std::vector<std::pair<uint64_t, ExecutionSample>> all;
  // Few hashes, so that ties are common.
  for (int i = 0; i < 200; ++i) all.emplace_back(random() % 40, sample_of(static_cast<int>(random() % 60)));
  SampleReservoir whole;
  for (const auto& [hash, sample] : all) whole.add(hash, sample);
  for (int round = 0; round < 50; ++round) {
    std::shuffle(all.begin(), all.end(), random);
    const size_t cut = random() % all.size();
    SampleReservoir left, right;
    for (size_t i = 0; i < all.size(); ++i) (i < cut ? left : right).add(all[i].first, all[i].second);
    SampleReservoir other_way = right;
    other_way.merge(left);
    left.merge(right);
    EXPECT_EQ(left, whole);
    EXPECT_EQ(other_way, whole);
  }
}

TEST(SampleReservoir, HoldsAtMostItsCapacity) {
  SampleReservoir reservoir;
  for (int i = 0; i < 1000; ++i) reservoir.add(hash64(std::to_string(i)), sample_of(i));
  EXPECT_EQ(reservoir.entries().size(), SampleReservoir::kCapacity);
  EXPECT_FALSE(reservoir.wants(~uint64_t{0}));
  EXPECT_TRUE(reservoir.wants(0));
}

TEST(SampleReservoir, TheCommonValueIsTheCommonSample) {
  std::map<std::string, int> seen;
  for (int trial = 0; trial < 20; ++trial) {
    SampleReservoir reservoir;
    for (int i = 0; i < 3000; ++i) {
      const std::string value = i % 10 == 0 ? "rare" + std::to_string(i) : "done";
      const uint64_t hash = hash_combine(hash64(value), hash64(std::to_string(i * 131 + trial)));
      reservoir.add(hash, {.duration = 1, .time = i, .text = value, .parameters = {}});
    }
    for (const SampleReservoir::Entry& entry : reservoir.entries())
      ++seen[entry.sample.text == "done" ? "done" : "rare"];
  }
  EXPECT_GT(seen["done"], 6 * std::max(seen["rare"], 1) / 2);
}

}  // namespace
}  // namespace pgsieve
