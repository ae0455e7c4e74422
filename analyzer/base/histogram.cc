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
  const uint32_t bucket = bucket_of(static_cast<uint64_t>(value));
  const auto at = std::lower_bound(buckets_.begin(), buckets_.end(), bucket,
                                   [](const Entry& entry, uint32_t wanted) { return entry.bucket() < wanted; });
  if (at != buckets_.end() && at->bucket() == bucket) {
    at->add(count);
  } else {
    const auto place = at - buckets_.begin();
    if (buckets_.size() == buckets_.capacity()) buckets_.reserve(buckets_.size() + buckets_.size() / 4 + 1);
    buckets_.insert(buckets_.begin() + place, Entry(bucket, count));
  }
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = count_ == 0 ? value : std::max(max_, value);
  count_ += count;
  sum_ += value * static_cast<int64_t>(count);
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  std::vector<Entry> merged;
  merged.reserve(buckets_.size() + other.buckets_.size());
  auto left = buckets_.begin();
  auto right = other.buckets_.begin();
  while (left != buckets_.end() || right != other.buckets_.end()) {
    if (right == other.buckets_.end() || (left != buckets_.end() && left->bucket() < right->bucket())) {
      merged.push_back(*left++);
    } else if (left == buckets_.end() || right->bucket() < left->bucket()) {
      merged.push_back(*right++);
    } else {
      merged.push_back(*left++);
      merged.back().add(right->count());
      ++right;
    }
  }
  buckets_ = std::move(merged);
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
  for (const Entry& entry : buckets_) {
    seen += entry.count();
    if (seen >= wanted) {
      const uint32_t bucket = entry.bucket();
      const uint64_t middle = bucket_low(bucket) + (bucket_high(bucket) - bucket_low(bucket)) / 2;
      return std::clamp(static_cast<int64_t>(middle), min_, max_);
    }
  }
  return max_;
}

std::vector<std::pair<uint32_t, uint64_t>> Histogram::buckets() const {
  std::vector<std::pair<uint32_t, uint64_t>> buckets;
  buckets.reserve(buckets_.size());
  for (const Entry& entry : buckets_) buckets.emplace_back(entry.bucket(), entry.count());
  return buckets;
}

Histogram Histogram::restore(std::vector<std::pair<uint32_t, uint64_t>> buckets, int64_t sum, int64_t min,
                             int64_t max) {
  Histogram histogram;
  std::sort(buckets.begin(), buckets.end());
  histogram.buckets_.reserve(buckets.size());
  for (const auto& [bucket, count] : buckets) {
    histogram.count_ += count;
    histogram.buckets_.emplace_back(std::min(bucket, kLastBucket), count);
  }
  histogram.sum_ = sum;
  histogram.min_ = min;
  histogram.max_ = max;
  return histogram;
}

}  // namespace pgsieve
