#include "analyzer/workload/facet.h"

#include <algorithm>
#include <tuple>

namespace pgsieve {

// Finds the value's place in the (hash, text) order; inserts it there unless kCapacity smaller ones are kept
// already.
void FacetCounts::insert(uint64_t hash, std::string_view text, uint64_t count) {
  const auto at = std::lower_bound(
      values_.begin(), values_.end(), std::tie(hash, text), [](const Value& value, const auto& wanted) {
        return value.hash != std::get<0>(wanted) ? value.hash < std::get<0>(wanted)
                                                 : value.text.view() < std::get<1>(wanted);
      });
  if (at != values_.end() && at->hash == hash && at->text == text) {
    at->count += count;
    return;
  }
  if (values_.size() == kCapacity && at == values_.end()) {
    dropped_ = true;
    return;
  }
  const auto place = at - values_.begin();
  values_.reserve(values_.size() +
                  1);  // most facets have few values: room for more would be half of them all
  values_.insert(values_.begin() + place, Value{hash, CompactText(text), count});
  if (values_.size() > kCapacity) {
    values_.pop_back();
    dropped_ = true;
  }
}

void FacetCounts::add(std::string_view text, uint64_t count) {
  total_ += count;
  // Nearly every call repeats a value that is already there; a short list is searched faster than it is
  // hashed.
  if (values_.size() <= 4) {
    for (Value& value : values_) {
      if (value.text == text) {
        value.count += count;
        return;
      }
    }
  }
  insert(hash64(text), text, count);
}

void FacetCounts::merge(const FacetCounts& other) {
  total_ += other.total_;
  dropped_ = dropped_ || other.dropped_;
  for (const Value& value : other.values_) insert(value.hash, value.text, value.count);
}

std::vector<FacetCounts::Value> FacetCounts::by_frequency() const {
  std::vector<Value> sorted = values_;
  std::sort(sorted.begin(), sorted.end(), [](const Value& left, const Value& right) {
    return std::tie(right.count, left.text) < std::tie(left.count, right.text);
  });
  return sorted;
}

FacetCounts FacetCounts::restore(std::vector<Value> values, uint64_t total, bool dropped) {
  FacetCounts facet;
  facet.values_ = std::move(values);
  facet.total_ = total;
  facet.dropped_ = dropped;
  return facet;
}

}  // namespace pgsieve
