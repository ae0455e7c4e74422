#include "analyzer/workload/session.h"

#include <algorithm>
#include <bit>

namespace pgsieve {

void Session::note_gap(Microseconds gap) {
  if (gap == kUnknownTime) return;
  const auto width =
      static_cast<size_t>(std::bit_width(static_cast<uint64_t>(std::max<Microseconds>(gap, 0))));
  ++gap_bits[std::min(width, gap_bits.size() - 1)];
}

Microseconds Session::median_gap() const {
  uint64_t total = 0;
  for (const uint32_t count : gap_bits) total += count;
  if (total == 0) return kUnknownTime;
  uint64_t seen = 0;
  for (size_t width = 0; width < gap_bits.size(); ++width) {
    seen += gap_bits[width];
    if (seen * 2 >= total) return width == 0 ? 0 : Microseconds{1} << (width - 1);
  }
  return kUnknownTime;
}

uint32_t Session::statements_per_unit() const {
  if (units == 0) return 0;
  return static_cast<uint32_t>(std::min<uint64_t>(unit_statements * 16 / units, UINT32_MAX));
}

Group* Session::find_group(const Pattern* pattern) {
  if (group_patterns.size() != groups.size()) {  // taken up from a stored state
    group_patterns.clear();
    for (const Group& group : groups) group_patterns.push_back(group.pattern);
  }
  const auto found = std::find(group_patterns.begin(), group_patterns.end(), pattern);
  return found == group_patterns.end() ? nullptr
                                       : &groups[static_cast<size_t>(found - group_patterns.begin())];
}

}  // namespace pgsieve
