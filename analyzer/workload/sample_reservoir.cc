#include "analyzer/workload/sample_reservoir.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace pgsieve {

namespace {

// A total order, so that equal hashes do not make the kept ones depend on the order of the input.
bool before(const SampleReservoir::Entry& left, const SampleReservoir::Entry& right) {
  const auto rank = [](const SampleReservoir::Entry& each) {
    return std::tie(each.hash, each.sample.time, each.sample.duration, each.sample.text,
                    each.sample.parameters);
  };
  return rank(left) < rank(right);
}

}  // namespace

void SampleReservoir::add(uint64_t hash, ExecutionSample sample) {
  if (!wants(hash)) return;
  Entry entry{.hash = hash, .sample = std::move(sample)};
  entries_.insert(std::upper_bound(entries_.begin(), entries_.end(), entry, before), std::move(entry));
  if (entries_.size() > kCapacity) entries_.pop_back();
}

void SampleReservoir::merge(const SampleReservoir& other) {
  if (&other == this) return merge(SampleReservoir(other));
  for (const Entry& entry : other.entries_) add(entry.hash, entry.sample);
}

SampleReservoir SampleReservoir::restore(std::vector<Entry> entries) {
  SampleReservoir reservoir;
  for (Entry& entry : entries) reservoir.add(entry.hash, std::move(entry.sample));
  return reservoir;
}

}  // namespace pgsieve
