// LinkMemo: remembers how strongly pairs of statements are linked. A table of fixed size with one place per
// hash of the pair; a pair that was pushed out is worked out again. Never wrong: the hash is a bijection of
// the pair, and what the place does not say of it is kept in the entry. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "analyzer/workload/link.h"

namespace pgsieve {

class LinkMemo {
 public:
  // The remembered strength, or that which `work_out()` returns. Ordinals are those of patterns, from 1.
  template <typename WorkOut>
  LinkStrength find(uint32_t parent, uint32_t child, WorkOut&& work_out) {
    if (parent >= kOrdinals || child >= kOrdinals) return work_out();
    if (entries_.empty()) entries_.resize(size_t{1} << kPlaceBits);
    // Multiplication by an odd number is a bijection modulo a power of two.
    const uint64_t mixed =
        (((uint64_t{parent} << kOrdinalBits) | child) * 0x9e3779b97f4a7c15ULL) & (kPairs - 1);
    uint32_t& entry = entries_[mixed >> kTagBits];
    const auto tag = static_cast<uint32_t>(mixed & ((uint64_t{1} << kTagBits) - 1));
    if (entry >> kStrengthBits != tag || (entry & kStrengthMask) == 0)
      entry = (tag << kStrengthBits) | (static_cast<uint32_t>(work_out()) + 1);
    return static_cast<LinkStrength>((entry & kStrengthMask) - 1);
  }

 private:
  static constexpr unsigned kOrdinalBits = 23;
  static constexpr unsigned kPlaceBits = 18;
  static constexpr unsigned kTagBits = 2 * kOrdinalBits - kPlaceBits;
  static constexpr unsigned kStrengthBits = 3;
  static constexpr uint32_t kStrengthMask = (1U << kStrengthBits) - 1;
  static constexpr uint32_t kOrdinals = 1U << kOrdinalBits;
  static constexpr uint64_t kPairs = uint64_t{1} << (2 * kOrdinalBits);
  static_assert(kTagBits + kStrengthBits <= 32);
  static_assert(static_cast<uint32_t>(LinkStrength::kForeignKey) + 1 <= kStrengthMask);

  std::vector<uint32_t> entries_;
};

}  // namespace pgsieve
