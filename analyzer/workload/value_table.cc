#include "analyzer/workload/value_table.h"

#include <algorithm>

namespace pgsieve {

void ValueTable::clear() {
  cells_.clear();
  columns_.clear();
  executions_ = 0;
}

void ValueTable::add(uint32_t pattern, const Event& event) {
  if (event.cells.empty()) return;
  if (columns_.size() >= kMaxPatterns && columns_.count(pattern) == 0) return;
  if (cells_.empty()) cells_.resize(kCells);
  ++executions_;
  std::vector<std::string>& names = columns_[pattern];
  if (names.size() != event.columns.size()) {
    names.clear();
    for (const ResultColumn& column : event.columns) {
      const std::string_view own = column.column.empty() ? column.name : column.column;
      names.push_back(column.table.empty() ? std::string(own)
                                           : std::string(column.table) + "." + std::string(own));
    }
  }
  for (const ResultCell& cell : event.cells) {
    const size_t first = bucket_of(cell.value_hash);
    size_t place = first;
    for (size_t i = first; i < first + kWays; ++i) {
      const ValueOrigin& known = cells_[i];
      if (known.hash == cell.value_hash && known.pattern == pattern && known.column == cell.column) {
        place = i;
        break;
      }
      if (known.execution < cells_[place].execution) place = i;
    }
    ValueOrigin& target = cells_[place];
    // The first row that has a value stands for it.
    const bool again = target.hash == cell.value_hash && target.pattern == pattern &&
                       target.column == cell.column && target.execution == executions_;
    if (!again) target = {cell.value_hash, pattern, executions_, cell.row, cell.column};
  }
}

std::string ValueTable::column_name(uint32_t pattern, uint16_t column) const {
  const auto found = columns_.find(pattern);
  return found == columns_.end() || column >= found->second.size() ? std::string() : found->second[column];
}

ValueMatch match_values(const StatementEvent& child, uint32_t pattern, const ValueTable& values) {
  constexpr int64_t kSmall = 10'000;
  constexpr size_t kShort = 8;
  ValueMatch best = ValueMatch::kNone;
  if (values.empty()) return best;
  for (size_t i = 0; i < child.value_count; ++i) {
    const SlotValue& value = child.values[i];
    if (!value.known || value.role != SlotRole::kEqual) continue;
    values.find(value.hash, [&](const ValueOrigin& origin) {
      if (origin.pattern != pattern) return;
      const bool number = value.number != SlotValue::kNotNumeric;
      const bool telling =
          number ? value.number >= kSmall || value.number <= -kSmall : value.text.size() >= kShort;
      best = std::max(best, telling ? ValueMatch::kTelling : ValueMatch::kPlain);
    });
  }
  return best;
}

void ValueVotes::add(const StatementEvent& child, uint32_t parent_pattern, const ValueTable& values) {
  for (size_t i = 0; i < child.value_count; ++i) {
    const SlotValue& value = child.values[i];
    if (!value.known || (value.role != SlotRole::kEqual && value.role != SlotRole::kFunctionArgument))
      continue;
    values.find(value.hash, [&](const ValueOrigin& origin) {
      if (origin.pattern != parent_pattern) return;
      auto vote = std::find_if(votes_.begin(), votes_.end(), [&](const Vote& known) {
        return known.slot == value.ordinal && known.column == origin.column;
      });
      if (vote == votes_.end()) {
        if (votes_.size() >= kMaxVotes) return;
        votes_.push_back(
            {value.ordinal, origin.column, 0, {}, {}, values.column_name(parent_pattern, origin.column)});
        vote = std::prev(votes_.end());
      }
      if (vote->values.size() >= kMaxValues ||
          std::find(vote->values.begin(), vote->values.end(), value.hash) != vote->values.end())
        return;
      vote->values.push_back(value.hash);
      const std::pair place{origin.execution, origin.row};
      if (vote->values.size() == 1 || place > vote->last) ++vote->in_order;
      vote->last = place;
    });
  }
}

void ValueVotes::describe(LoopExample& example) const {
  const Vote* best = nullptr;
  for (const Vote& vote : votes_) {
    // A slot that never varies may match by chance: the varying one counts.
    if (example.distinct_values > 1 && vote.slot != example.varying_slot) continue;
    const auto rank = [](const Vote& of) { return std::pair(of.values.size(), of.in_order); };
    if (best == nullptr || rank(vote) > rank(*best)) best = &vote;
  }
  if (best == nullptr || best->values.size() < example.matched_values) return;
  example.matched_values = static_cast<uint32_t>(best->values.size());
  example.matched_in_order = best->in_order;
  example.matched_column = best->name;
}

}  // namespace pgsieve
