// LinkMemo: remembers how strongly pairs of statements are linked.
//
// A child's possible parents are asked for one after the other, so what is known of one child lies together:
// a row of half bytes by the parent's number, in a cache line or two. Rows exist for the first kRowed
// statements only (8 MB at most); pairs beyond are worked out again each time. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "analyzer/workload/link.h"

namespace pgsieve {

class LinkMemo {
 public:
  // The remembered strength, or that which `work_out()` returns. Numbers are those of link profiles, from 1.
  template <typename WorkOut>
  LinkStrength find(uint32_t parent, uint32_t child, WorkOut&& work_out) {
    if (parent >= kRowed || child >= kRowed) return work_out();
    uint8_t& pair = place(parent, child);
    const unsigned shift = (parent & 1U) * 4;
    const uint8_t known = (pair >> shift) & 0xFU;
    if (known != 0) return static_cast<LinkStrength>(known - 1);
    const LinkStrength strength = work_out();
    pair = static_cast<uint8_t>(pair | ((static_cast<unsigned>(strength) + 1U) << shift));
    return strength;
  }

 private:
  static constexpr uint32_t kRowed = 4096;
  static_assert(static_cast<unsigned>(LinkStrength::kForeignKey) + 1 <= 0xFU);

  uint8_t& place(uint32_t parent, uint32_t child) {
    if (child >= rows_.size()) rows_.resize(child + 1);
    std::vector<uint8_t>& row = rows_[child];
    const size_t at = parent / 2;
    if (at >= row.size()) {
      const size_t wanted = std::min<size_t>(kRowed / 2, std::max(at + 1, row.size() + row.size() / 4));
      row.reserve(wanted);  // else resize() may double what there is
      row.resize(wanted);
    }
    return row[at];
  }

  std::vector<std::vector<uint8_t>> rows_;  // by child: two parents per byte, 0: not known yet
};

}  // namespace pgsieve
