#include "analyzer/workload/value_table.h"

#include <algorithm>

#include "analyzer/base/release.h"

namespace pgsieve {

void ValueTable::clear() {
  release(cells_);
  results_.clear();
  executions_ = 0;
}

const ValueTable::ResultNames* ValueTable::find_result(uint32_t pattern) const {
  const auto found = std::find_if(results_.begin(), results_.end(),
                                  [&](const ResultNames& known) { return known.pattern == pattern; });
  return found == results_.end() ? nullptr : &*found;
}

size_t ValueTable::statement_for(uint32_t pattern, const PatternKey& key, const Event& event) {
  const ResultNames* known = find_result(pattern);
  if (known == nullptr && results_.size() >= kMaxPatterns) return kMaxPatterns;
  if (known == nullptr) known = &results_.emplace_back(ResultNames{pattern, key, {}});
  const auto place = static_cast<size_t>(known - results_.data());
  std::vector<std::string>& names = results_[place].columns;
  if (names.size() == event.columns.size()) return place;
  names.clear();
  for (const ResultColumn& column : event.columns) {
    const std::string_view own = column.column.empty() ? column.name : column.column;
    names.push_back(column.table.empty() ? std::string(own)
                                         : std::string(column.table) + "." + std::string(own));
  }
  return place;
}

void ValueTable::grow() {
  std::vector<Cell> before(cells_.empty() ? kFirstCells : cells_.size() * kGrowth);
  before.swap(cells_);
  for (const Cell& cell : before) {
    if (cell.execution != 0) put(cell);
  }
}

void ValueTable::put(const Cell& cell) {
  Cell* place = nullptr;
  const auto better = [&](const Cell& victim) {
    if (place == nullptr || victim.execution == 0) return place == nullptr || place->execution != 0;
    const bool own = victim.statement == cell.statement && victim.execution != cell.execution;
    const bool other_own = place->statement == cell.statement && place->execution != cell.execution;
    return own != other_own ? own : victim.execution < place->execution;
  };
  const size_t first = bucket_of(cell.hash);
  for (size_t i = first; i < first + kWays; ++i) {
    Cell& known = cells_[i];
    if (known.hash == cell.hash && known.execution != 0 && known.statement == cell.statement &&
        known.column == cell.column) {
      // The first row that has a value stands for it.
      if (known.execution != cell.execution) known = cell;
      return;
    }
    if (better(known)) place = &known;
  }
  if (place->execution != 0 && cells_.size() < kCells) {
    grow();
    return put(cell);
  }
  *place = cell;
}

uint32_t ValueTable::add(uint32_t pattern, const PatternKey& key, const Event& event) {
  if (event.cells.empty()) return executions_ + 1;
  if (executions_ == kMaxExecution) clear();
  const size_t statement = statement_for(pattern, key, event);
  if (statement == kMaxPatterns) return executions_ + 1;
  if (cells_.empty()) grow();
  ++executions_;
  Cell cell;
  cell.execution = executions_ & kMaxExecution;
  cell.statement = static_cast<uint8_t>(statement);
  for (const ResultCell& found : event.cells) {
    if (found.column > kMaxColumn) continue;
    cell.hash = found.value_hash;
    cell.row = std::min(found.row, kMaxRow) & kMaxRow;
    cell.column = found.column & kMaxColumn;
    put(cell);
  }
  return executions_;
}

std::string ValueTable::column_name(uint32_t pattern, uint16_t column) const {
  const ResultNames* found = find_result(pattern);
  return found == nullptr || column >= found->columns.size() ? std::string() : found->columns[column];
}

ValueMatch match_values(const StatementEvent& child, uint32_t pattern, uint32_t since,
                        const ValueTable& values) {
  constexpr int64_t kSmall = 10'000;
  constexpr size_t kShort = 8;
  ValueMatch best = ValueMatch::kNone;
  if (values.empty()) return best;
  for (size_t i = 0; i < child.value_count; ++i) {
    const SlotValue& value = child.values[i];
    if (!value.known || value.role != SlotRole::kEqual) continue;
    values.find(value.hash, [&](const ValueOrigin& origin) {
      if (origin.pattern != pattern || origin.execution < since) return;
      const bool number = value.number != SlotValue::kNotNumeric;
      const bool telling =
          number ? value.number >= kSmall || value.number <= -kSmall : value.text.size() >= kShort;
      best = std::max(best, telling ? ValueMatch::kTelling : ValueMatch::kPlain);
    });
  }
  return best;
}

void ValueVotes::add(const StatementEvent& child, uint32_t parent_pattern, uint32_t since,
                     const ValueTable& values) {
  for (size_t i = 0; i < child.value_count; ++i) {
    const SlotValue& value = child.values[i];
    if (!value.known || (value.role != SlotRole::kEqual && value.role != SlotRole::kFunctionArgument))
      continue;
    values.find(value.hash, [&](const ValueOrigin& origin) {
      if (origin.pattern != parent_pattern || origin.execution < since) return;
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
