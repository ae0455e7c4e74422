// SampleReservoir: a few executions of one pattern, drawn evenly from all of them, with their real values.
//
// Kept are the kCapacity executions with the smallest hashes of values and time: a bottom-k sample. It is the
// same whatever the order of the input, so merging stays exact, and a value that most executions have is the
// one most samples have. Executions whose text is longer than ExecutionSample::kMaxSampleBytes, or whose
// values the capture lacks, are left out: half a statement can't be planned. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/base/shared_text.h"
#include "analyzer/base/time.h"

namespace pgsieve {

// One execution kept as evidence.
struct ExecutionSample {
  Microseconds duration = kUnknownTime;  // with parse and bind
  Microseconds time = kUnknownTime;
  SharedText text;         // the statement, cut at kMaxSampleBytes
  std::string parameters;  // "$1 = '35', $2 = NULL"; cut likewise
  static constexpr size_t kMaxSampleBytes = 2048;
  bool empty() const { return duration == kUnknownTime; }
  friend bool operator==(const ExecutionSample&, const ExecutionSample&) = default;
};

class SampleReservoir {
 public:
  static constexpr size_t kCapacity = 8;
  struct Entry {
    uint64_t hash = 0;
    ExecutionSample sample;
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  // False: add() would drop an execution of this hash. The usual answer for a frequent pattern, before
  // anything is copied.
  bool wants(uint64_t hash) const { return entries_.size() < kCapacity || hash <= entries_.back().hash; }
  void add(uint64_t hash, ExecutionSample sample);
  void merge(const SampleReservoir& other);

  const std::vector<Entry>& entries() const { return entries_; }  // by hash
  bool empty() const { return entries_.empty(); }
  static SampleReservoir restore(std::vector<Entry> entries);

  friend bool operator==(const SampleReservoir&, const SampleReservoir&) = default;

 private:
  std::vector<Entry> entries_;
};

}  // namespace pgsieve
