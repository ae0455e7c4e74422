#include "rules/row_evidence.h"

#include <charconv>
#include <string>

#include "analyzer/workload/value_table.h"

namespace pgsieve {

namespace {

bool all_counted(const LoopExample& example) {
  return example.matched_values < ValueVotes::kMaxValues;
}

// Small numbers are keys of every table: that such values match says little.
bool small_numbers(const LoopExample& example) {
  constexpr int64_t kSmall = 10'000;
  for (const std::string& value : example.sample_values(example.varying_slot)) {
    int64_t number = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
    if (read.ec != std::errc() || read.ptr != value.data() + value.size()) return false;
    if (number < kSmall && number > -kSmall) return true;
  }
  return false;
}

}  // namespace

uint32_t matchable_values(const LoopExample& example) {
  return all_counted(example) ? example.distinct_values : uint32_t{ValueVotes::kMaxValues};
}

RowEvidence row_evidence(const LoopExample& example, const Link& link) {
  const bool covered =
      example.matched_values >= 3 && example.matched_values * 10 >= matchable_values(example) * 8;
  if (example.matched_column.empty() || !covered) return RowEvidence::kNone;
  if (link.strength >= LinkStrength::kSameColumn &&
      example.matched_in_order * 10 >= example.matched_values * 8)
    return RowEvidence::kProof;
  const bool long_and_ordered =
      example.matched_values >= 8 && example.matched_in_order * 10 >= example.matched_values * 9;
  return !small_numbers(example) || long_and_ordered ? RowEvidence::kFitting : RowEvidence::kNone;
}

// A result that fills the table of values is forgotten in part, and what many turns after a list return takes
// its place.
bool refuted(const LoopExample& example, const Link& link) {
  constexpr uint32_t kFew = ValueTable::kCells / 2;
  const bool named =
      link.strength >= LinkStrength::kSameColumn && link.strength != LinkStrength::kPolymorphic;
  if (!named || example.via != kNoPattern || example.parent_cells == 0 || example.parent_cells > kFew ||
      example.distinct_values < 2)
    return false;
  const bool few_turns_each =
      example.parent_executions >= 4 && example.count <= 16 * uint64_t{example.parent_executions};
  return example.matched_values == 0 ||
         (few_turns_each && all_counted(example) && 4 * example.matched_values < example.distinct_values);
}

}  // namespace pgsieve
