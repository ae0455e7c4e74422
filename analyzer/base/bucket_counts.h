// BucketCounts: a sorted map from bucket numbers to counts, in as few bytes as the counts need.
//
// A capture has tens of thousands of histograms, each with up to hundreds of buckets in use, and most buckets
// hold few values: an entry is two bytes of its bucket's number and as many bytes of its count as the largest
// count of this map needs, one to eight. Equal maps have equal bytes. Counts wrap at 2^64. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pgsieve {

class BucketCounts {
 public:
  struct Entry {
    uint32_t bucket = 0;  // < kBuckets
    uint64_t count = 0;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  static constexpr uint32_t kBuckets = 65536;

  BucketCounts() = default;
  explicit BucketCounts(std::span<const Entry> entries);  // sorted by bucket, each once, no count of 0

  size_t size() const { return bytes_.empty() ? 0 : (bytes_.size() - 1) / stride(); }
  Entry at(size_t place) const;               // in the order of buckets; place < size()
  void add(uint32_t bucket, uint64_t count);  // count > 0
  void merge(const BucketCounts& other);

  friend bool operator==(const BucketCounts&, const BucketCounts&) = default;

 private:
  static constexpr size_t kBucketBytes = 2;
  size_t count_bytes() const { return bytes_[0]; }
  size_t stride() const { return kBucketBytes + count_bytes(); }
  uint32_t bucket_at(size_t place) const;
  size_t place_of(uint32_t bucket) const;  // of the first entry that is not before it
  void write(size_t place, const Entry& entry);
  std::vector<Entry> entries() const;

  std::vector<uint8_t> bytes_;  // count_bytes(), then the entries, low bytes first; nothing when empty
};

}  // namespace pgsieve
