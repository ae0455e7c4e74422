#include "analyzer/workload/link_memo.h"

namespace pgsieve {

LinkStrength LinkMemo::work_out(uint32_t parent_number, const StatementInfo& child,
                                const LinkProfile& parent) {
  note_words(parent_number, parent);
  if (!may_link(parent, *child.link)) return at_best(parent, *child.link);
  const LinkStrength strength = find_link(parent, *child.link, schema_).strength;
  remember(parent_number, child.link_number, strength);
  return strength;
}

void LinkMemo::note_words(uint32_t parent_number, const LinkProfile& parent) {
  if (parent_number >= kWorded) return;
  if (parent_number >= parents_.size()) parents_.resize(parent_number + 1);
  parents_[parent_number] = {parent.offers, parent.star_unknown, parent.gives_row_ids,
                             parent.gives_references, true};
}

void LinkMemo::remember(uint32_t parent_number, uint32_t child_number, LinkStrength strength) {
  if (parent_number >= kRowed || child_number >= kRowed) return;
  if (child_number >= rows_.size()) rows_.resize(child_number + 1);
  std::vector<uint8_t>& row = rows_[child_number];
  const size_t at = parent_number / 2;
  if (at >= row.size()) {
    const size_t wanted = std::min<size_t>(kRowed / 2, std::max(at + 1, row.size() + row.size() / 4));
    row.reserve(wanted);  // else resize() may double what there is
    row.resize(wanted);
  }
  const auto known = static_cast<unsigned>(strength) + 1U;
  row[at] = static_cast<uint8_t>(row[at] | (known << shift(parent_number)));
}

}  // namespace pgsieve
