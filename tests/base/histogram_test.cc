#include "analyzer/base/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace pgsieve {
namespace {

std::vector<int64_t> skewed(uint32_t seed, size_t count) {
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> spread(8.0, 3.0);
  std::vector<int64_t> values;
  for (size_t i = 0; i < count; ++i) values.push_back(static_cast<int64_t>(std::min(spread(random), 1e15)));
  return values;
}

Histogram histogram_of(const std::vector<int64_t>& values) {
  Histogram histogram;
  for (const int64_t value : values) histogram.add(value);
  return histogram;
}

TEST(Histogram, EveryValueLiesInItsBucketAndBucketsAreNarrow) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const uint64_t value = random() >> (random() % 64);
    const uint32_t bucket = Histogram::bucket_of(value);
    const uint64_t low = Histogram::bucket_low(bucket), high = Histogram::bucket_high(bucket);
    ASSERT_LE(low, value);
    ASSERT_GE(high, value);
    ASSERT_LE(high - low, low / 16);
    ASSERT_EQ(Histogram::bucket_of(low), bucket);
    ASSERT_EQ(Histogram::bucket_of(high), bucket);
  }
}

TEST(Histogram, QuantilesAreWithinABucketOfTheTruth) {
  std::vector<int64_t> values = skewed(2, 10'000);
  const Histogram histogram = histogram_of(values);
  std::sort(values.begin(), values.end());
  for (const double quantile : {0.0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0}) {
    const auto rank = std::max<size_t>(1, static_cast<size_t>(std::ceil(quantile * 10'000)));
    const auto truth = static_cast<double>(values[rank - 1]);
    EXPECT_NEAR(static_cast<double>(histogram.quantile(quantile)), truth, truth / 32 + 1) << quantile;
  }
  EXPECT_EQ(histogram.min(), values.front());
  EXPECT_EQ(histogram.max(), values.back());
  EXPECT_GE(histogram.quantile(0.0), values.front());
  EXPECT_LE(histogram.quantile(1.0), values.back());
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (int64_t value = 0; value < 10; ++value) histogram.add(value);
  EXPECT_EQ(histogram.quantile(0.5), 4);
  EXPECT_EQ(histogram.quantile(1.0), 9);
}

TEST(Histogram, MergingEqualsAddingJointly) {
  const std::vector<int64_t> a = skewed(3, 500), b = skewed(4, 900);
  std::vector<int64_t> both = a;
  both.insert(both.end(), b.begin(), b.end());
  Histogram forth = histogram_of(a), back = histogram_of(b);
  forth.merge(histogram_of(b));
  back.merge(histogram_of(a));
  EXPECT_EQ(forth, histogram_of(both));
  EXPECT_EQ(back, histogram_of(both));
  Histogram with_nothing = histogram_of(a);
  with_nothing.merge(Histogram());
  EXPECT_EQ(with_nothing, histogram_of(a));
  Histogram into_nothing;
  into_nothing.merge(histogram_of(a));
  EXPECT_EQ(into_nothing, histogram_of(a));
}

TEST(Histogram, ManyAtOnceEqualsOneByOne) {
  Histogram at_once, one_by_one;
  at_once.add(77, 5);
  for (int i = 0; i < 5; ++i) one_by_one.add(77);
  EXPECT_EQ(at_once, one_by_one);
  at_once.add(-1);
  at_once.add(3, 0);
  EXPECT_EQ(at_once, one_by_one);
}

TEST(Histogram, RestoredIsEqual) {
  const Histogram histogram = histogram_of(skewed(5, 300));
  EXPECT_EQ(Histogram::restore(histogram.buckets(), histogram.sum(), histogram.min(), histogram.max()),
            histogram);
}

TEST(Histogram, EmptyAndExtreme) {
  Histogram histogram;
  EXPECT_EQ(histogram.quantile(0.5), 0);
  EXPECT_EQ(histogram.mean(), 0.0);
  histogram.add(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(histogram.quantile(0.5), std::numeric_limits<int64_t>::max());
}

TEST(Histogram, CountsOfAnySizeAreKept) {
  constexpr uint64_t kMany = uint64_t{1} << 55;
  Histogram histogram;
  for (int i = 0; i < 4; ++i) histogram.add(7, kMany);
  histogram.add(90);
  EXPECT_EQ(histogram.count(), 4 * kMany + 1);
  EXPECT_EQ(histogram.quantile(0.5), 7);
  EXPECT_EQ(histogram.buckets(),
            (std::vector<std::pair<uint32_t, uint64_t>>{{7, 4 * kMany}, {Histogram::bucket_of(90), 1}}));
}

}  // namespace
}  // namespace pgsieve
