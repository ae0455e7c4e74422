// LinkMemo: how strongly two statements are linked (link.h), remembered by the numbers of their link
// profiles.
//
// A busy session asks this dozens of times per statement, so nearly all answers come from two small tables:
// what the words of each parent are lies side by side, apart from the profiles, and refuses most pairs; what
// is known of one child's pairs lies together, in a cache line or two: half a byte by the parent's number.
// Rows exist for the first kRowed statements only (8 MB at most), words for the first kWorded (5 MB); what
// lies beyond is worked out again each time. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "analyzer/workload/link.h"
#include "analyzer/workload/statement_info.h"

namespace pgsieve {

class LinkMemo {
 public:
  explicit LinkMemo(const Schema* schema) : schema_(schema) {}  // may be null; must outlive this

  // `parent()` gives the parent's LinkProfile and is called when the answer is not known.
  template <typename Parent>
  LinkStrength between(uint32_t parent_number, const StatementInfo& child, Parent&& parent) {
    if (parent_number < parents_.size() && parents_[parent_number].known) {
      const Words& words = parents_[parent_number];
      if (!may_link(words.offers, *child.link)) return at_best(words, *child.link);
      if (const uint8_t known = remembered(parent_number, child.link_number); known != 0)
        return static_cast<LinkStrength>(known - 1);
    }
    return work_out(parent_number, child, parent());
  }

 private:
  static constexpr uint32_t kRowed = 4096, kWorded = 65536;
  static_assert(static_cast<unsigned>(LinkStrength::kForeignKey) + 1 <= 0xFU);

  // When no word of the two agrees.
  template <typename Parent>
  static LinkStrength at_best(const Parent& parent, const LinkProfile& child) {
    const bool primary = child.primary_slot != UINT32_MAX;
    const bool refers = child.reference_slot != UINT32_MAX;
    if ((primary && parent.gives_references) || (refers && parent.gives_row_ids))
      return LinkStrength::kReference;
    const bool possible = primary || (parent.star_unknown && child.asks_natural);
    return possible ? LinkStrength::kPossible : LinkStrength::kNone;
  }
  // 1 more than the strength; 0: not remembered.
  uint8_t remembered(uint32_t parent_number, uint32_t child_number) const {
    if (child_number >= rows_.size() || parent_number / 2 >= rows_[child_number].size()) return 0;
    return (rows_[child_number][parent_number / 2] >> shift(parent_number)) & 0xFU;
  }
  static unsigned shift(uint32_t parent_number) { return (parent_number & 1U) * 4; }
  LinkStrength work_out(uint32_t parent_number, const StatementInfo& child, const LinkProfile& parent);
  void note_words(uint32_t parent_number, const LinkProfile& parent);
  void remember(uint32_t parent_number, uint32_t child_number, LinkStrength strength);

  struct Words {  // of a parent's link profile
    LinkProfile::WordMask offers{};
    bool star_unknown = false, gives_row_ids = false, gives_references = false;
    bool known = false;
  };

  const Schema* schema_;
  std::vector<Words> parents_;              // by number
  std::vector<std::vector<uint8_t>> rows_;  // by child: two parents per byte, 0: not known yet
};

}  // namespace pgsieve
