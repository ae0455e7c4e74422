#include "analyzer/base/bucket_counts.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace pgsieve {
namespace {

using Counts = std::map<uint32_t, uint64_t>;

Counts read(const BucketCounts& buckets) {
  Counts counts;
  for (size_t place = 0; place < buckets.size(); ++place) {
    const auto [bucket, count] = buckets.at(place);
    EXPECT_TRUE(counts.empty() || counts.rbegin()->first < bucket);
    counts[bucket] = count;
  }
  return counts;
}

// Few buckets, so that they are met again; counts of every width.
Counts random_counts(std::mt19937_64& random, BucketCounts& buckets) {
  Counts counts;
  for (int i = 0; i < 200; ++i) {
    const auto bucket = static_cast<uint32_t>(random() % 40 * 1500);
    const uint64_t count = 1 + (random() >> (random() % 56 + 8));
    counts[bucket] += count;
    buckets.add(bucket, count);
  }
  return counts;
}

TEST(BucketCounts, HoldsWhatAMapHolds) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 50; ++round) {
    BucketCounts buckets;
    const Counts counts = random_counts(random, buckets);
    EXPECT_EQ(read(buckets), counts);
  }
}

TEST(BucketCounts, MergingIsAddingWhateverTheOrder) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 50; ++round) {
    BucketCounts left, right;
    Counts counts = random_counts(random, left);
    for (const auto& [bucket, count] : random_counts(random, right)) counts[bucket] += count;
    BucketCounts forth = left, back = right;
    forth.merge(right);
    back.merge(left);
    EXPECT_EQ(read(forth), counts);
    EXPECT_EQ(forth, back);
    forth.merge(BucketCounts());
    EXPECT_EQ(forth, back);
  }
}

TEST(BucketCounts, GrowsFromOneByteToEight) {
  BucketCounts buckets;
  EXPECT_EQ(buckets.size(), 0U);
  uint64_t total = 0;
  for (unsigned bits = 0; bits < 63; ++bits) {
    buckets.add(65535, uint64_t{1} << bits);
    total += uint64_t{1} << bits;
    ASSERT_EQ(buckets.at(0), (BucketCounts::Entry{65535, total}));
  }
}

}  // namespace
}  // namespace pgsieve
