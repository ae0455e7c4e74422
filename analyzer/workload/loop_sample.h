// LoopSample: the values a loop's first turns were called with, packed into one string: most runs end after
// one execution, thousands are followed at a time, and every loop keeps those of its examples.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/compact_text.h"
#include "analyzer/workload/statement_event.h"

namespace pgsieve {

// The value of one slot in one turn, as a person would write it: quotes and escapes undone.
struct SampleValue {
  bool known = false;  // false: not captured, NULL, or too long to be kept whole
  std::string text;
  friend auto operator<=>(const SampleValue&, const SampleValue&) = default;
};

class LoopSample {
 public:
  static constexpr size_t kMaxTurns = 24;
  static constexpr size_t kMaxBytes = 1024;  // together; the first turn is kept whatever it takes
  static constexpr size_t kMaxValue = SlotValue::kFollowedBytes - 1;  // a longer text may have been cut

  LoopSample() = default;
  explicit LoopSample(std::string_view packed) : packed_(packed) {}  // may be damaged
  std::string_view packed() const { return packed_; }

  void add(const StatementEvent& child);
  // The first kMaxTurns turns, packed. Turns of another number of slots than `slots` are left out.
  std::string turns_of(size_t slots) const;

 private:
  CompactText packed_;  // per turn: its number of slots, then each value (loop_sample.cc)
};

using SampleTurn =
    std::vector<SampleValue>;  // one value per followed slot, in the order of StatementInfo::slots
std::string pack_turns(const std::vector<SampleTurn>& turns);
std::vector<SampleTurn> unpack_turns(std::string_view packed);  // of damaged bytes, those before the damage
// The part of it that holds the first `count` turns.
std::string_view first_turns(std::string_view packed, size_t count);

}  // namespace pgsieve
