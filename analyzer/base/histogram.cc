#include "analyzer/base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace pgsieve {

namespace {
constexpr uint32_t kSubBits = 4;
constexpr uint32_t kSubBuckets = 1U << kSubBits;
constexpr uint32_t kLastBucket = (64 - kSubBits + 1) * kSubBuckets - 1;
}  // namespace

// Values below 16 have a bucket each. Above, the bucket is (exponent, next four bits after the leading one).
uint32_t Histogram::bucket_of(uint64_t value) {
  if (value < kSubBuckets) return static_cast<uint32_t>(value);
  const auto exponent = static_cast<uint32_t>(std::bit_width(value)) - 1;
  const auto mantissa = static_cast<uint32_t>(value >> (exponent - kSubBits)) & (kSubBuckets - 1);
  return (exponent - kSubBits + 1) * kSubBuckets + mantissa;
}

uint64_t Histogram::bucket_low(uint32_t bucket) {
  if (bucket < kSubBuckets) return bucket;
  const uint32_t exponent = std::min(bucket / kSubBuckets + kSubBits - 1, 63U);
  const uint64_t mantissa = bucket % kSubBuckets;
  return (uint64_t{1} << exponent) | (mantissa << (exponent - kSubBits));
}

uint64_t Histogram::bucket_high(uint32_t bucket) {
  if (bucket < kSubBuckets) return bucket;
  const uint32_t exponent = std::min(bucket / kSubBuckets + kSubBits - 1, 63U);
  return bucket_low(bucket) + ((uint64_t{1} << (exponent - kSubBits)) - 1);
}

void Histogram::add(int64_t value, uint64_t count) {
  if (value < 0 || count == 0) return;
  buckets_.add(bucket_of(static_cast<uint64_t>(value)), count);
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = count_ == 0 ? value : std::max(max_, value);
  count_ += count;
  sum_ += value * static_cast<int64_t>(count);
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  buckets_.merge(other.buckets_);
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = count_ == 0 ? other.max_ : std::max(max_, other.max_);
  count_ += other.count_;
  sum_ += other.sum_;
}

int64_t Histogram::quantile(double quantile) const {
  if (count_ == 0) return 0;
  const double clamped = std::clamp(quantile, 0.0, 1.0);
  const auto wanted =
      std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(clamped * static_cast<double>(count_))));
  uint64_t seen = 0;
  for (size_t place = 0; place < buckets_.size(); ++place) {
    const auto [bucket, count] = buckets_.at(place);
    seen += count;
    if (seen >= wanted) {
      const uint64_t middle = bucket_low(bucket) + (bucket_high(bucket) - bucket_low(bucket)) / 2;
      return std::clamp(static_cast<int64_t>(middle), min_, max_);
    }
  }
  return max_;
}

std::vector<std::pair<uint32_t, uint64_t>> Histogram::buckets() const {
  std::vector<std::pair<uint32_t, uint64_t>> buckets;
  buckets.reserve(buckets_.size());
  for (size_t place = 0; place < buckets_.size(); ++place) {
    const auto [bucket, count] = buckets_.at(place);
    buckets.emplace_back(bucket, count);
  }
  return buckets;
}

Histogram Histogram::restore(std::vector<std::pair<uint32_t, uint64_t>> buckets, int64_t sum, int64_t min,
                             int64_t max) {
  Histogram histogram;
  for (const auto& [bucket, count] : buckets) {
    histogram.count_ += count;
    histogram.buckets_.add(std::min(bucket, kLastBucket), count);
  }
  histogram.sum_ = sum;
  histogram.min_ = min;
  histogram.max_ = max;
  return histogram;
}

}  // namespace pgsieve
