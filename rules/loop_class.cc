#include "rules/loop_class.h"

#include <algorithm>

#include "rules/common.h"

namespace pgsieve {

std::string_view loop_class_name(LoopClass kind) {
  constexpr std::string_view kNames[] = {"row by row",
                                         "tree walk",
                                         "keyset pagination",
                                         "offset pagination",
                                         "queue",
                                         "retry",
                                         "tenant loop",
                                         "independent requests",
                                         "batch",
                                         "same values",
                                         "unclear"};
  return kNames[static_cast<size_t>(kind)];
}

Microseconds tight_turn(const LoopExample& example, const LoopOptions& options) {
  constexpr Microseconds kClock = 2 * kMillisecond;  // what is known of two times in milliseconds
  constexpr int kSlack = 4;
  const Microseconds mean_time = example.child_time / std::max<Microseconds>(1, example.count);
  const Microseconds pace = example.other_median_gap == kUnknownTime
                                ? options.tight_gap
                                : std::clamp(kSlack * example.other_median_gap, kClock, options.tight_gap);
  return std::max(pace, 3 * mean_time);
}

namespace {

bool follows_itself(const LoopExample& example) {
  return example.longest_run * 10 >= example.count * 9;
}

}  // namespace

bool one_unit_of_work(const LoopExample& example) {
  return example.scope == ScopeKind::kTransaction || example.requests == LoopExample::Requests::kOne ||
         (example.one_unit && example.unit_changes == 0);
}

bool steady_turns(const LoopExample& example) {
  constexpr uint32_t kMinTurns = 8;
  constexpr Microseconds kClock = kMillisecond;  // of a log that tells times in milliseconds
  if (example.turn_gap_spread == kUnknownTime || example.longest_run < kMinTurns) return false;
  if (!follows_itself(example)) return false;
  if (example.transactions > 1 || example.commits + example.rollbacks + example.errors > 0) return false;
  if (example.setting_changes > 0 || example.unit_changes > 0) return false;
  if (2 * example.median_gap < example.median_turn_gap) return false;  // begins with a ping or the like
  return example.median_turn_gap <= kSlowestPace &&
         example.turn_gap_spread <= kClock + example.median_turn_gap / 5;
}

bool hurried_turns(const LoopExample& example, const LoopOptions& options) {
  constexpr Microseconds kAtOnce = 1500;
  if (example.low_turn_gap == kUnknownTime || !follows_itself(example)) return false;
  return example.low_turn_gap <= kAtOnce && example.median_turn_gap <= 4 * options.tight_gap;
}

namespace {

bool untimed_turns(const LoopExample& example) {
  return example.median_gap == kUnknownTime && example.most_idle != kUnknownTime && example.sessions <= 1;
}

}  // namespace

bool leaves_room(const LoopExample& example) {
  constexpr Microseconds kRoom = 50 * kMillisecond;
  return untimed_turns(example) && example.most_idle > kRoom;
}

bool close_on_average(const LoopExample& example, const LoopOptions& options) {
  return untimed_turns(example) && example.most_idle <= options.tight_gap;
}

bool dense_turns(const LoopExample& example, const LoopOptions& options) {
  constexpr Microseconds kSeldom = 250 * kMillisecond;
  if (!untimed_turns(example) || example.most_idle > kSeldom || example.count < options.min_alone)
    return false;
  if (example.transactions > 1 || example.errors + example.rollbacks > 0 || example.unit_changes > 0)
    return false;
  return follows_itself(example) || example.cycle_statements > 0;
}

bool at_leisure(const LoopExample& example, const LoopOptions& options) {
  return example.median_turn_gap != kUnknownTime && example.median_turn_gap > tight_turn(example, options) &&
         !steady_turns(example) && !hurried_turns(example, options);
}

bool is_scattered(const LoopExample& example) {
  constexpr uint32_t kRun = 3;
  const bool one_list = example.parent_executions <= 1;  // of several, each may have its own run
  return example.cycle_statements == 0 &&
         (example.longest_run < kRun || (one_list && 2 * example.longest_run <= example.count));
}

bool lent_for_each_turn(const LoopExample& example) {
  return example.scope == ScopeKind::kSession && example.transactions == 0 &&
         example.commits + 1 >= example.count;
}

bool in_one_burst(const LoopExample& example) {
  constexpr Microseconds kLongest = 50 * kMillisecond;
  constexpr uint64_t kStatements = 24;  // of a burst, on average: else the pauses are the machine's
  if (example.scope != ScopeKind::kSession || example.longest_gap == kUnknownTime) return false;
  if (example.transactions > 1 || example.commits > 0) return false;
  return example.longest_gap <= kLongest && kStatements * example.longer_gaps >= example.session_gaps;
}

bool scattered_turns(const LoopExample& example, const LoopOptions& options) {
  if (!is_scattered(example)) return false;
  if (example.transactions > 1) return true;
  const Microseconds pace = example.other_median_gap == kUnknownTime ? 0 : 3 * example.other_median_gap;
  const Microseconds longest =
      example.turn_gap_spread == kUnknownTime ? example.median_turn_gap : example.turn_gap_spread;
  return longest != kUnknownTime && longest > std::max(2 * options.tight_gap, pace);
}

bool at_session_pace(const LoopExample& example) {
  constexpr uint32_t kTurns = 8, kStatements = 4;
  constexpr Microseconds kSlack = 8, kSlowest = 25 * kMillisecond;
  if (example.scope != ScopeKind::kSession || example.transactions > 1) return false;
  if (example.count < kTurns || example.distinct_tuples < example.count) return false;
  if (example.parent_executions != 1 || example.session_gaps < kStatements * example.count) return false;
  if (example.other_median_gap == kUnknownTime || example.turn_gap_spread == kUnknownTime) return false;
  const Microseconds pace = std::clamp<Microseconds>(example.other_median_gap, kMillisecond, kSlowest);
  return example.median_turn_gap <= kSlack * pace && example.turn_gap_spread <= kSlack * pace;
}

bool without_pauses(const LoopExample& example) {
  constexpr uint32_t kTurns = 10;
  if (example.scope != ScopeKind::kSession || example.count < kTurns) return false;
  if (example.transactions > 1 || example.commits + example.rollbacks + example.errors > 0) return false;
  if (example.setting_changes + example.unit_changes > 0) return false;
  if (example.other_median_gap == kUnknownTime || example.turn_gap_spread == kUnknownTime) return false;
  return example.median_turn_gap <= 2 * example.other_median_gap &&
         2 * example.turn_gap_spread <= example.other_median_gap;
}

namespace {

bool has_role(uint32_t roles, SlotRole role) {
  return (roles & (1U << static_cast<unsigned>(role))) != 0;
}

const QueryBlock* top_block(const Pattern& pattern) {
  return pattern.shape == nullptr || pattern.shape->blocks.empty() ? nullptr : &pattern.shape->blocks[0];
}

bool is_retry(const LoopExample& example) {
  const uint32_t turns = std::max(1U, example.count - 1);
  return (example.rollbacks + example.errors) * 2 >= turns && example.distinct_values * 2 <= example.count;
}

// (happened, id) > ($1, $2) written out: happened > $1 OR happened = $1 AND id > $2. The equality is a part
// of the position in the pages.
uint32_t without_key_of_page(const LoopExample& example, const StatementShape& shape) {
  if (!has_role(example.varying_roles, SlotRole::kRange)) return example.varying_roles;
  const auto varies = [&example](size_t slot) {
    return slot < 32 && (example.varying_slots & (1U << slot)) != 0;
  };
  for (size_t slot = 0; slot < shape.slots.size(); ++slot) {
    const SlotUse& use = shape.slots[slot];
    if (use.role != SlotRole::kEqual || !varies(slot)) continue;
    bool ranged = false;
    for (size_t other = 0; other < shape.slots.size() && !ranged; ++other)
      ranged = shape.slots[other].role == SlotRole::kRange && varies(other) &&
               shape.slots[other].column.relation == use.column.relation &&
               shape.slots[other].column.column == use.column.column;
    if (!ranged) return example.varying_roles;
  }
  return example.varying_roles & ~(1U << static_cast<unsigned>(SlotRole::kEqual));
}

bool is_written(const StatementShape& shape, const ColumnUse& asked) {
  return std::ranges::any_of(shape.written_columns, [&asked](const ColumnUse& column) {
    return column.relation == asked.relation && column.column == asked.column;
  });
}

// UPDATE acts SET …, version = version + 1 WHERE id = $1 AND version = $2, again and again for the same row:
// what varies is only what the statement makes vary, and each turn tries again.
bool tries_again(const LoopExample& example, const StatementShape& shape) {
  if (shape.kind != StatementKind::kUpdate) return false;
  bool guarded = false;
  bool same_row = false;
  for (size_t slot = 0; slot < shape.slots.size() && slot < 32; ++slot) {
    const SlotUse& use = shape.slots[slot];
    if (use.role != SlotRole::kEqual) continue;
    if ((example.varying_slots & (1U << slot)) == 0) {
      same_row = true;
      continue;
    }
    if (!is_written(shape, use.column)) return false;
    guarded = true;
  }
  return guarded && same_row;
}

}  // namespace

bool unseen_values(const LoopExample& example) {
  return example.distinct_values == 0;
}

bool units_are_requests(const LoopExample& example) {
  return example.statements_per_unit >= 24;
}

namespace {

// Each turn came after a list of its own, or nearly so: that its key is one of the list's says nothing about
// a loop over the rows. A request that reads a record, a list that belongs to it and one more record is like
// that; and the first record seems to belong to the list of the request before.
bool one_turn_per_list(const LoopExample& example) {
  return example.parent_executions > 1 && example.count <= 2 * example.parent_executions + 1;
}

}  // namespace

bool independent(const LoopExample& example, bool linked, const LoopOptions& options) {
  if (one_unit_of_work(example)) return false;
  if (example.requests == LoopExample::Requests::kOwn) return true;
  const uint32_t turns = example.count - 1;
  const bool own_units = example.unit_changes >= turns && turns > 0;
  if (linked && !one_turn_per_list(example)) {
    if (units_are_requests(example) && own_units && example.unit_mismatches + 1 >= example.count) return true;
    return false;
  }
  if (own_units && example.transactions <= 1) return true;
  return at_leisure(example, options);
}

namespace {

// UPDATE acts SET …, version = version + 1 WHERE id = $1 AND version = $2: that may be tried again.
bool guards_itself(const StatementShape& shape) {
  return std::ranges::any_of(shape.slots, [&shape](const SlotUse& slot) {
    return slot.role == SlotRole::kEqual && is_written(shape, slot.column);
  });
}

// Without values it takes a name that links the turns to the rows of a list, or rows that are written, to
// believe that each turn has a value of its own. Reads that may go from page to page are left alone, those
// whose link is by a value that was seen, and rows of a list that somebody may open one after another.
bool may_vary_unseen(const LoopExample& example, const Pattern& child, const Link& link) {
  const StatementShape& shape = *child.shape;
  if (is_write(shape.kind)) return !guards_itself(shape);
  if (link.strength < LinkStrength::kStem || link.slot >= shape.slots.size()) return false;
  if (link.strength == LinkStrength::kSameKey && !one_unit_of_work(example)) return false;
  const QueryBlock* top = top_block(child);
  const bool ranged =
      std::ranges::any_of(shape.slots, [](const SlotUse& slot) { return slot.role == SlotRole::kRange; });
  if (top == nullptr || top->offset.present || (ranged && top->limit.present)) return false;
  return shape.slots[link.slot].role == SlotRole::kEqual && example.sample_values(link.slot).empty();
}

}  // namespace

LoopClass loop_class(const LoopExample& example, const Pattern& child, const Link& link,
                     const LoopOptions& options) {
  if (takes_from_queue(*child.shape)) return LoopClass::kQueue;
  if (is_retry(example) || tries_again(example, *child.shape)) return LoopClass::kRetry;
  const uint32_t varying = without_key_of_page(example, *child.shape);
  const bool chooses = has_role(varying, SlotRole::kEqual) || has_role(varying, SlotRole::kFunctionArgument);
  const bool writes = is_write(child.shape->kind) && (has_role(varying, SlotRole::kWritten) || chooses);
  const bool unseen = unseen_values(example);
  if (unseen && !may_vary_unseen(example, child, link)) return LoopClass::kUnclear;
  // The same row inserted again is one more row; everything else is a repetition.
  const bool adds = varying == 0 && child.shape->kind == StatementKind::kInsert;
  if (varying == 0 && !adds && !unseen) return LoopClass::kSameValues;
  if (!chooses && !writes && !adds && !unseen) {
    if (has_role(varying, SlotRole::kOffset)) return LoopClass::kOffset;
    if (has_role(varying, SlotRole::kRange)) return LoopClass::kKeyset;
    return LoopClass::kUnclear;
  }
  if (!writes && has_role(varying, SlotRole::kOffset) && !has_role(varying, SlotRole::kEqual))
    return LoopClass::kOffset;
  const uint32_t turns = std::max(1U, example.count - 1);
  if (example.setting_changes * 2 >= turns) return LoopClass::kTenants;
  const bool linked = link.strength >= LinkStrength::kSameColumn;
  if (independent(example, linked, options)) return LoopClass::kIndependent;
  return LoopClass::kRowByRow;
}

}  // namespace pgsieve
