// FacetCounts: how often each value of a facet (database, user, application, a tag) occurred, in bounded
// space.
//
// A plain "keep the most frequent" cap would depend on the order of the input and break merging. Instead the
// kept values are the kCapacity values with the smallest hashes (a bottom-k sketch). A value that is among
// the smallest of the whole is among the smallest of every part, so it is never dropped on the way: kept
// counts are exact, and merge is exactly commutative and associative. With at most kCapacity distinct values
// (nearly always) nothing is dropped at all; else `total() - sum of kept` executions belong to values that
// were.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/base/compact_text.h"
#include "analyzer/base/hash.h"

namespace pgsieve {

class FacetCounts {
 public:
  static constexpr size_t kCapacity = 32;
  struct Value {
    uint64_t hash = 0;
    CompactText text;
    uint64_t count = 0;
    friend bool operator==(const Value&, const Value&) = default;
  };

  void add(std::string_view text, uint64_t count = 1);
  void merge(const FacetCounts& other);

  uint64_t total() const { return total_; }
  bool complete() const { return !dropped_; }  // false: some values were dropped
  // Kept values, most frequent first (ties by text).
  std::vector<Value> by_frequency() const;
  const std::vector<Value>& values() const { return values_; }  // ordered by (hash, text)
  static FacetCounts restore(std::vector<Value> values, uint64_t total, bool dropped);

  friend bool operator==(const FacetCounts&, const FacetCounts&) = default;

 private:
  void insert(uint64_t hash, std::string_view text, uint64_t count);
  std::vector<Value> values_;
  uint64_t total_ = 0;
  bool dropped_ = false;
};

}  // namespace pgsieve
