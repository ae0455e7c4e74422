// Histogram: a mergeable summary of durations with bounded relative error.
//
// Values fall in buckets whose width grows with the value (16 sub-buckets per power of two, the layout of
// HdrHistogram, http://hdrhistogram.org), so any percentile is exact to within 1/16 / 2 = 3.2 % at any size.
// Merging adds bucket counts: commutative, associative, and merge(a, b) equals the histogram of both inputs.
// Memory: three or four bytes for each bucket in use, more when one holds over 65,535 values
// (bucket_counts.h). Not thread-safe. Values are microseconds here, but any non-negative integer works;
// negative values are ignored.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "analyzer/base/bucket_counts.h"

namespace pgsieve {

class Histogram {
 public:
  void add(int64_t value, uint64_t count = 1);
  void merge(const Histogram& other);

  uint64_t count() const { return count_; }
  int64_t sum() const { return sum_; }
  int64_t min() const { return count_ == 0 ? 0 : min_; }
  int64_t max() const { return count_ == 0 ? 0 : max_; }
  double mean() const { return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_); }

  // The smallest recorded value v (to bucket precision, clamped to [min, max]) with at least quantile * count
  // values <= v. quantile in [0, 1]; 0 when empty.
  int64_t quantile(double quantile) const;

  // For persistence: (bucket index, count) pairs in ascending order, and the way back. restore() trusts its
  // input only as far as memory safety goes.
  std::vector<std::pair<uint32_t, uint64_t>> buckets() const;
  static Histogram restore(std::vector<std::pair<uint32_t, uint64_t>> buckets, int64_t sum, int64_t min,
                           int64_t max);

  friend bool operator==(const Histogram&, const Histogram&) = default;

  static uint32_t bucket_of(uint64_t value);
  static uint64_t bucket_low(uint32_t bucket);   // smallest value in the bucket
  static uint64_t bucket_high(uint32_t bucket);  // largest value in the bucket

 private:
  BucketCounts buckets_;
  uint64_t count_ = 0;
  int64_t sum_ = 0;
  int64_t min_ = 0;
  int64_t max_ = 0;
};

}  // namespace pgsieve
