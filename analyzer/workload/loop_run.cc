#include "analyzer/workload/loop_run.h"

#include <algorithm>

namespace pgsieve {

namespace {

// Inserts into a sorted set of limited size; values beyond it are only counted (again and again when they
// come again).
void insert_distinct(std::vector<uint64_t>& distinct, uint64_t value, size_t limit, uint32_t& beyond) {
  const auto at = std::lower_bound(distinct.begin(), distinct.end(), value);
  if (at != distinct.end() && *at == value) return;
  if (distinct.size() >= limit) {
    ++beyond;
    return;
  }
  distinct.insert(at, value);
}

}  // namespace

void GapSummary::add(Microseconds gap) {
  if (gap == kUnknownTime) return;
  ++count_;
  sum_ += gap;
  max_ = std::max(max_, gap);
  if (first_.size() < 64)
    first_.push_back(static_cast<uint32_t>(std::clamp<Microseconds>(gap, 0, UINT32_MAX)));
}

Microseconds GapSummary::median() const {
  if (first_.empty()) return kUnknownTime;
  std::vector<uint32_t> sorted = first_;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return *middle;
}

LoopRun::LoopRun(const StatementEvent& child, ParentExecution parent, PatternKey via)
    : info_(child.info),
      key_(child.pattern->key),
      parent_(std::move(parent)),
      via_(via),
      first_session_(child.session),
      database_(child.event->database),
      application_(child.event->application) {
  for (size_t i = 0; i < child.value_count; ++i) {
    const SlotValue& value = child.values[i];
    Slot slot;
    slot.ordinal = value.ordinal;
    slot.role = value.role;
    slot.first = value.hash;
    slot.first_number = value.number;
    slot.unknown = !value.known;
    slots_.push_back(std::move(slot));
  }
  source_ = child.tags->source();
  if (!child.event->code_location.empty()) {
    if (!source_.empty()) source_ += ' ';
    source_ += "source_location=";
    source_ += child.event->code_location.substr(0, 200);
  }
}

// The place of a value among the slots of the first execution. A page read by OFFSET often begins without one
// (one fingerprint, a slot less): the first page's is 0.
LoopRun::Slot* LoopRun::slot_for(const SlotValue& value, size_t at) {
  if (at < slots_.size() && slots_[at].role == value.role) return &slots_[at];
  if (value.role != SlotRole::kLimit && value.role != SlotRole::kOffset) return nullptr;
  for (Slot& slot : slots_) {
    if (slot.role == value.role) return &slot;
  }
  if (value.role != SlotRole::kOffset) return nullptr;
  Slot& slot = slots_.emplace_back();
  slot.ordinal = value.ordinal;
  slot.role = value.role;
  slot.first = slot_value_hash("0");
  slot.first_number = 0;
  return &slot;
}

void LoopRun::add_slots(const StatementEvent& child) {
  for (size_t i = 0; i < child.value_count; ++i) {
    const SlotValue& value = child.values[i];
    Slot* place = slot_for(value, i);
    if (place == nullptr) continue;
    Slot& slot = *place;
    if (!value.known) slot.unknown = true;
    if (slot.unknown) continue;
    if (!slot.varies && value.hash == slot.first) continue;
    if (!slot.varies) {
      slot.varies = true;
      slot.distinct.push_back(slot.first);
      if (slot.role == SlotRole::kEqual && !parent_.list_values.empty() &&
          std::find(parent_.list_values.begin(), parent_.list_values.end(), slot.first) !=
              parent_.list_values.end()) {
        ++matched_list_;
      }
    }
    const size_t before = slot.distinct.size();
    insert_distinct(slot.distinct, value.hash, Slot::kExact, slot.beyond);
    if (slot.distinct.size() > before && slot.role == SlotRole::kEqual && !parent_.list_values.empty() &&
        std::find(parent_.list_values.begin(), parent_.list_values.end(), value.hash) !=
            parent_.list_values.end()) {
      ++matched_list_;
    }
  }
}

// Follows the first numeric slot that varied: up, down, by equal steps.
void LoopRun::add_steps(const StatementEvent& child) {
  const SlotValue* stepping = nullptr;
  for (size_t i = 0; i < child.value_count && stepping == nullptr; ++i) {
    const Slot* slot = slot_for(child.values[i], i);
    if (slot == nullptr) continue;
    if (stepping_) {
      if (slot == &slots_[stepping_slot_]) stepping = &child.values[i];
      continue;
    }
    if (!slot->varies || slot->unknown || child.values[i].number == SlotValue::kNotNumeric) continue;
    stepping_ = true;
    stepping_slot_ = static_cast<uint16_t>(slot - slots_.data());
    last_number_ = slot->first_number;
    stepping = &child.values[i];
  }
  if (stepping == nullptr) return;
  const int64_t number = stepping->number;
  if (number == SlotValue::kNotNumeric || last_number_ == SlotValue::kNotNumeric) {
    last_number_ = number;
    return;
  }
  const auto step = static_cast<int64_t>(static_cast<uint64_t>(number) - static_cast<uint64_t>(last_number_));
  if (step > 0) ++ascending_;
  if (step < 0) ++descending_;
  if (step != 0 && step == last_step_) ++arithmetic_;
  last_step_ = step;
  last_number_ = number;
}

// Did a row of this very loop bring the value (a walk down or up a tree)? A coincidence now and then is
// nothing; the same result column every time is what counts.
void LoopRun::match_own_rows(const StatementEvent& child) {
  for (size_t i = 0; i < child.value_count; ++i) {
    const SlotValue& value = child.values[i];
    if (value.role != SlotRole::kEqual || !value.known) continue;
    uint64_t columns = 0;
    for (uint16_t column = 0; column < std::min<size_t>(child.event->columns.size(), 64); ++column) {
      if (std::binary_search(own_cells_.begin(), own_cells_.end(), OwnCell{column, value.hash}))
        columns |= uint64_t{1} << column;
    }
    if ((columns & own_columns_) == 0) continue;
    own_columns_ &= columns;
    ++fed_by_own_rows_;
    const ResultColumn& origin = child.event->columns[static_cast<size_t>(__builtin_ctzll(own_columns_))];
    own_column_ = std::string(origin.table);
    if (!own_column_.empty()) own_column_ += '.';
    own_column_ += origin.column.empty() ? origin.name : origin.column;
    return;
  }
}

void LoopRun::keep_own_rows(const StatementEvent& child) {
  for (const ResultCell& cell : child.event->cells) {
    if (own_cells_.size() >= kMaxOwnCells) return;
    const OwnCell own{cell.column, cell.value_hash};
    const auto at = std::lower_bound(own_cells_.begin(), own_cells_.end(), own);
    if (at == own_cells_.end() || *at != own) own_cells_.insert(at, own);
  }
}

// The statements of one turn: what ran between the previous child and this one.
void LoopRun::add_cycle(const RunContext& context) {
  const uint64_t distance = context.position - last_position_;
  run_ = distance == 1 ? run_ + 1 : 1;
  longest_run_ = std::max(longest_run_, run_);
  if (context.recent == nullptr || distance == 0 || distance > context.recent->size() || distance > 8) {
    cycle_regular_ = false;
    return;
  }
  std::vector<PatternKey> turn(context.recent->end() - static_cast<std::ptrdiff_t>(distance),
                               context.recent->end());
  std::sort(turn.begin(), turn.end());
  turn.erase(std::unique(turn.begin(), turn.end()), turn.end());
  const auto statements = static_cast<uint32_t>(turn.size());
  if (cycle_statements_ != 0 && cycle_statements_ != statements) cycle_regular_ = false;
  cycle_statements_ = statements;
  cycle_ = std::move(turn);
  const auto longest = std::max_element(context.recent_gaps->end() - static_cast<std::ptrdiff_t>(distance),
                                        context.recent_gaps->end());
  turn_gaps_.add(*longest);
}

void LoopRun::add(const StatementEvent& child, const RunContext& context) {
  if (count_ > 0) {
    add_slots(child);
    add_steps(child);
    if (!own_cells_.empty()) match_own_rows(child);
    if (child.session == last_session_) {
      gaps_.add(context.gap);
      add_cycle(context);
      errors_ += context.errors - start_.errors;
      rollbacks_ += context.rollbacks - start_.rollbacks;
      commits_ += context.commits - start_.commits;
      setting_changes_ += context.setting_changes > start_.setting_changes ? 1 : 0;
    }
    if (child.unit != last_unit_) ++unit_changes_;
  } else {
    first_start_ = child.start;
    run_ = longest_run_ = 1;
    if (parent_.id != 0 && parent_.end != kUnknownTime && child.start != kUnknownTime) {
      parent_gap_ = std::max<Microseconds>(0, child.start - parent_.end);
    }
  }
  keep_own_rows(child);
  start_ = context;
  last_position_ = context.position;
  last_unit_ = child.unit;
  if (child.session != last_session_ || sessions_.empty()) {
    last_session_ = child.session;
    uint32_t ignored = 0;
    insert_distinct(sessions_, child.session, 64, ignored);
  }
  if (parent_.id != 0) {
    if (context.parent_id != last_parent_id_) {
      ++parent_executions_;
      last_parent_id_ = context.parent_id;
    }
    if (child.session == parent_.session) ++beside_parent_;
    if (child.unit != parent_.unit) ++unit_mismatches_;
    if (child.session != parent_.session && child.trace != 0 && child.trace == parent_.trace)
      other_trace_session_ = true;
  }
  if (context.transactions != 0 && context.transactions != last_transaction_) {
    ++transactions_;
    last_transaction_ = context.transactions;
  }
  if (context.values != nullptr && parent_.id != 0)
    votes_.add(child, parent_.pattern_ordinal, *context.values);
  ++count_;
  child_time_ += child.duration;
  last_end_ = child.end;
  if (child.values_known) insert_distinct(tuples_, child.tuple, 64, tuples_beyond_);
  if (child.rows == 0) ++empty_results_;
  if (child.rows > 0) ++row_results_;
  if (context.previous_values != nullptr) {
    for (size_t i = 0; i < child.value_count; ++i) {
      const SlotValue& value = child.values[i];
      if (value.role != SlotRole::kEqual || !value.known) continue;
      if (std::find(context.previous_values->begin(), context.previous_values->end(), value.hash) !=
          context.previous_values->end()) {
        ++fed_by_previous_;
        break;
      }
    }
  }
  if (sample_values_.size() < 5 && child.value_count > 0 && child.values[0].known) {
    sample_values_.emplace_back(child.values[0].text.substr(0, 60));
  }
}

bool LoopRun::varies() const {
  return std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.varies; });
}

uint32_t LoopRun::distinct_of(const Slot& slot) {
  return slot.varies ? static_cast<uint32_t>(slot.distinct.size()) + slot.beyond : 1;
}

// Among the slots that choose rows first: a loop is told by what it asks for, not by what it writes.
const LoopRun::Slot* LoopRun::most_varying() const {
  const Slot* best = nullptr;
  const auto chooses = [](const Slot& slot) { return slot.role == SlotRole::kEqual; };
  for (const Slot& slot : slots_) {
    if (!slot.varies) continue;
    if (best == nullptr || (chooses(slot) && !chooses(*best)) ||
        (chooses(slot) == chooses(*best) && distinct_of(slot) > distinct_of(*best))) {
      best = &slot;
    }
  }
  return best;
}

void LoopRun::note_session(uint64_t session, Microseconds median_gap, uint32_t statements_per_unit) {
  if (session != first_session_) return;
  session_median_gap_ = median_gap;
  statements_per_unit_ = statements_per_unit;
}

LoopExample LoopRun::example() const {
  LoopExample example;
  const bool spread =
      sessions_.size() > 1 || (parent_.id != 0 && !sessions_.empty() && sessions_[0] != parent_.session);
  example.scope = other_trace_session_                           ? ScopeKind::kTrace
                  : spread                                       ? ScopeKind::kFanOut
                  : transactions_ == 1 && last_transaction_ != 0 ? ScopeKind::kTransaction
                                                                 : ScopeKind::kSession;
  example.time = first_start_;
  example.count = count_;
  example.distinct_tuples = static_cast<uint32_t>(tuples_.size()) + tuples_beyond_;
  example.longest_run = longest_run_;
  example.cycle_statements = cycle_regular_ ? cycle_statements_ : 0;
  example.sessions = static_cast<uint32_t>(sessions_.size());
  example.beside_parent = beside_parent_;
  example.transactions = transactions_;
  example.errors = errors_;
  example.rollbacks = rollbacks_;
  example.commits = commits_;
  example.unit_changes = unit_changes_;
  example.unit_mismatches = unit_mismatches_;
  example.statements_per_unit = statements_per_unit_;
  example.setting_changes = setting_changes_;
  example.ascending = ascending_;
  example.descending = descending_;
  example.arithmetic = arithmetic_;
  example.fed_by_previous = fed_by_previous_;
  example.fed_by_own_rows = fed_by_own_rows_;
  if (fed_by_own_rows_ > 0) example.own_column = own_column_;
  example.written_after = written_after_;
  example.empty_results = empty_results_;
  example.row_results = row_results_;
  for (const Slot& slot : slots_) {
    const uint32_t role = 1U << static_cast<unsigned>(slot.role);
    if (slot.varies && slot.ordinal < 32) example.varying_slots |= 1U << slot.ordinal;
    (slot.varies ? example.varying_roles : example.constant_roles) |= role;
  }
  if (const Slot* slot = most_varying()) {
    example.varying_slot = slot->ordinal;
    example.distinct_values = distinct_of(*slot);
  } else {
    const bool unknown =
        std::any_of(slots_.begin(), slots_.end(), [](const Slot& candidate) { return candidate.unknown; });
    example.distinct_values = unknown ? 0 : 1;
  }
  example.parent_limit = parent_.limit;
  example.parent_rows = parent_.rows;
  example.matched_values = matched_list_;
  votes_.describe(example);
  example.parent_executions = parent_executions_;
  if (parent_.id != parent_.root_id) example.root = parent_.root_key;
  example.via = via_;
  example.child_time = child_time_;
  if (first_start_ != kUnknownTime && last_end_ != kUnknownTime)
    example.span = std::max<Microseconds>(0, last_end_ - first_start_);
  example.parent_gap = parent_gap_;
  example.median_gap = gaps_.median();
  example.median_turn_gap = turn_gaps_.count() > 0 ? turn_gaps_.median() : gaps_.median();
  example.max_gap = gaps_.max();
  example.other_median_gap = session_median_gap_;
  example.cycle = cycle_;
  example.sample_values = sample_values_;
  example.source = source_;
  return example;
}

}  // namespace pgsieve
