#include "analyzer/base/bucket_counts.h"

#include <algorithm>
#include <bit>

namespace pgsieve {

namespace {

size_t bytes_for(uint64_t count) {
  return std::max<size_t>(1, (static_cast<size_t>(std::bit_width(count)) + 7) / 8);
}

uint64_t read_bytes(const uint8_t* from, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = bytes; i-- > 0;) value = value << 8U | from[i];
  return value;
}

void write_bytes(uint8_t* to, size_t bytes, uint64_t value) {
  for (size_t i = 0; i < bytes; ++i, value >>= 8U) to[i] = static_cast<uint8_t>(value);
}

}  // namespace

BucketCounts::BucketCounts(std::span<const Entry> entries) {
  if (entries.empty()) return;
  const Entry& most = *std::ranges::max_element(entries, {}, &Entry::count);
  const size_t bytes = bytes_for(most.count);
  bytes_.reserve(1 + entries.size() * (kBucketBytes + bytes));
  bytes_.push_back(static_cast<uint8_t>(bytes));
  bytes_.resize(bytes_.capacity());
  for (size_t place = 0; place < entries.size(); ++place) write(place, entries[place]);
}

uint32_t BucketCounts::bucket_at(size_t place) const {
  return static_cast<uint32_t>(read_bytes(&bytes_[1 + place * stride()], kBucketBytes));
}

BucketCounts::Entry BucketCounts::at(size_t place) const {
  return {bucket_at(place), read_bytes(&bytes_[1 + place * stride() + kBucketBytes], count_bytes())};
}

void BucketCounts::write(size_t place, const Entry& entry) {
  uint8_t* to = &bytes_[1 + place * stride()];
  write_bytes(to, kBucketBytes, entry.bucket);
  write_bytes(to + kBucketBytes, count_bytes(), entry.count);
}

std::vector<BucketCounts::Entry> BucketCounts::entries() const {
  std::vector<Entry> entries(size());
  for (size_t place = 0; place < entries.size(); ++place) entries[place] = at(place);
  return entries;
}

size_t BucketCounts::place_of(uint32_t bucket) const {
  size_t first = 0;
  for (size_t left = size(); left > 0;) {
    const size_t half = left / 2;
    if (bucket_at(first + half) < bucket) {
      first += half + 1;
      left -= half + 1;
    } else {
      left = half;
    }
  }
  return first;
}

void BucketCounts::add(uint32_t bucket, uint64_t count) {
  const size_t place = place_of(bucket);
  const bool known = place < size() && bucket_at(place) == bucket;
  const Entry entry{bucket, count + (known ? at(place).count : 0)};
  if (bytes_.empty() || bytes_for(entry.count) > count_bytes()) {  // all entries become longer
    std::vector<Entry> all = entries();
    if (known) {
      all[place] = entry;
    } else {
      all.insert(all.begin() + static_cast<std::ptrdiff_t>(place), entry);
    }
    *this = BucketCounts(all);
    return;
  }
  if (!known) {
    const size_t wanted = bytes_.size() + stride();
    if (wanted > bytes_.capacity()) bytes_.reserve(wanted + bytes_.size() / 4);
    bytes_.insert(bytes_.begin() + static_cast<std::ptrdiff_t>(1 + place * stride()), stride(), 0);
  }
  write(place, entry);
}

void BucketCounts::merge(const BucketCounts& other) {
  const std::vector<Entry> left = entries(), right = other.entries();
  std::vector<Entry> both;
  both.reserve(left.size() + right.size());
  std::ranges::merge(left, right, std::back_inserter(both), {}, &Entry::bucket, &Entry::bucket);
  size_t kept = 0;
  for (size_t i = 1; i < both.size(); ++i) {
    if (both[i].bucket == both[kept].bucket) {
      both[kept].count += both[i].count;
    } else {
      both[++kept] = both[i];
    }
  }
  if (!both.empty()) both.resize(kept + 1);
  *this = BucketCounts(both);
}

}  // namespace pgsieve
