// What a finished run tells: its LoopExample.
#include <algorithm>

#include "analyzer/workload/loop_run.h"

namespace pgsieve {

bool LoopRun::varies() const {
  return followed_ != nullptr && std::any_of(followed_->slots.begin(), followed_->slots.end(),
                                             [](const Slot& slot) { return slot.varies; });
}

uint32_t LoopRun::distinct_of(const Slot& slot) {
  return slot.varies ? static_cast<uint32_t>(slot.distinct.size()) + slot.beyond : 1;
}

// Among the slots that choose rows first: a loop is told by what it asks for, not by what it writes.
size_t LoopRun::most_varying() const {
  size_t best = first_.size();
  const auto chooses = [this](size_t i) { return first_[i].role == SlotRole::kEqual; };
  for (size_t i = 0; followed_ != nullptr && i < first_.size(); ++i) {
    const Slot& slot = followed_->slots[i];
    if (!slot.varies) continue;
    if (best == first_.size() || (chooses(i) && !chooses(best)) ||
        (chooses(i) == chooses(best) && distinct_of(slot) > distinct_of(followed_->slots[best]))) {
      best = i;
    }
  }
  return best;
}

// From the first child's end to the last one's: what was not spent in statements, by the statement.
void LoopRun::describe_requests(LoopExample& example) const {
  if (followed_ == nullptr) return;
  const Followed& followed = *followed_;
  example.awaited = followed.awaited;
  example.pipelined = followed.pipelined;
  example.unbegun = followed.unbegun;
  example.closest_idle = followed.closest_idle;
  const uint32_t statements = followed.last_requests.statements - first_requests_.statements;
  if (followed.sessions.size() > 1 || statements == 0) return;
  if (last_end_ == kUnknownTime || first_end_ == kUnknownTime) return;
  const Microseconds idle = last_end_ - first_end_ - (followed.last_requests.busy - first_requests_.busy);
  const bool timed = child_time_ > 0;
  example.least_idle = timed ? std::max<Microseconds>(0, idle - followed.clock) / statements : 0;
  example.most_idle = std::max<Microseconds>(0, idle + followed.clock) / statements;
}

uint32_t LoopRun::distinct_tuples() const {
  return followed_ == nullptr ? 0
                              : static_cast<uint32_t>(followed_->tuples.size()) + followed_->tuples_beyond;
}

Microseconds LoopRun::span() const {
  if (first_start_ == kUnknownTime || last_end_ == kUnknownTime) return 0;
  return std::max<Microseconds>(0, last_end_ - first_start_);
}

// How many values the parent's rows held only the example tells.
std::optional<ExampleRank> LoopRun::rank() const {
  if (!aside().votes.empty()) return std::nullopt;
  return ExampleRank{count_, distinct_tuples(), 0, ranked_span(span())};
}

LoopExample LoopRun::example() const {
  const Followed none;
  const Followed& followed = followed_ == nullptr ? none : *followed_;
  LoopExample example;
  // A capture that begins within a transaction may not show that its first statement was in it.
  const bool one_transaction = transactions_ == 1 && last_transaction_ != 0 && outside_transactions_ <= 1;
  const bool spread = sessions() > 1 || (parent().id != 0 && first_session_ != parent().session);
  example.scope = other_trace_session_ ? ScopeKind::kTrace
                  : spread             ? ScopeKind::kFanOut
                  : one_transaction    ? ScopeKind::kTransaction
                                       : ScopeKind::kSession;
  example.time = first_start_;
  example.count = count_;
  example.distinct_tuples = distinct_tuples();
  example.longest_run = followed.longest_run;
  example.cycle_statements = followed.cycle_regular ? followed.cycle_statements : 0;
  example.sessions = static_cast<uint32_t>(sessions());
  if (!spread && aside().opener != nullptr) {
    example.opener = aside().opener->key;
    example.opened_turns = opened_turns_;
    example.reopened_turns = reopened_turns_;
  }
  example.beside_parent = beside_parent_;
  example.transactions = transactions_;
  example.errors = followed.errors;
  example.rollbacks = followed.rollbacks;
  example.commits = followed.commits;
  example.unit_changes = followed.unit_changes;
  example.unit_mismatches = unit_mismatches_;
  example.statements_per_unit = aside().statements_per_unit;
  example.setting_changes = followed.setting_changes;
  example.ascending = followed.ascending;
  example.descending = followed.descending;
  example.arithmetic = followed.arithmetic;
  example.fed_by_previous = fed_by_previous_;
  example.fed_by_own_rows = followed.fed_by_own_rows;
  if (followed.fed_by_own_rows > 0) example.own_column = followed.own_column;
  example.written_after = written_after_;
  example.empty_results = empty_results_;
  example.row_results = row_results_;
  for (size_t i = 0; i < first_.size(); ++i) {
    const bool varies = i < followed.slots.size() && followed.slots[i].varies;
    const uint32_t role = 1U << static_cast<unsigned>(first_[i].role);
    if (varies && first_[i].ordinal < 32) example.varying_slots |= 1U << first_[i].ordinal;
    (varies ? example.varying_roles : example.constant_roles) |= role;
  }
  if (const size_t slot = most_varying(); slot < first_.size()) {
    example.varying_slot = first_[slot].ordinal;
    example.distinct_values = distinct_of(followed.slots[slot]);
  } else {
    const bool unknown =
        std::any_of(first_.begin(), first_.end(), [](const FirstValue& value) { return value.unknown; });
    example.distinct_values = unknown ? 0 : 1;
  }
  example.parent_limit = parent().limit;
  example.parent_keys = parent().keys;
  example.parent_rows = parent().rows;
  example.parent_cells = parent().cells;
  aside().votes.describe(example);
  example.parent_executions = parent_executions_;
  example.lone_turns = lone_turns_ + (turns_of_parent_ == 1 ? 1 : 0);
  if (parent().id != parent().root_id) example.root = parent().root->key;
  example.rivals = aside().rivals;
  example.rival_of_same_limit = aside().rival_of_same_limit;
  if (via_ != nullptr) example.via = via_->key;
  example.child_time = child_time_;
  example.span = span();
  example.parent_gap = parent_gap_;
  example.median_gap = followed.gaps.median();
  example.median_turn_gap =
      followed.turn_gaps.count() > 0 ? followed.turn_gaps.median() : followed.gaps.median();
  if (followed.turn_gaps.count() >= LoopExample::kMinPace) {
    example.low_turn_gap = followed.turn_gaps.percentile(25);
    example.turn_gap_spread = followed.turn_gaps.percentile(90) - followed.turn_gaps.percentile(10);
  }
  describe_requests(example);
  example.one_unit = one_unit_;
  example.max_gap = followed.gaps.max();
  example.longest_gap = longest_gap();
  example.session_gaps = aside().session_gaps;
  example.longer_gaps = aside().longer_gaps;
  example.other_median_gap = aside().session_median_gap;
  example.cycle = followed.cycle;
  example.sample_slots.reserve(first_.size());
  for (const FirstValue& value : first_) example.sample_slots.push_back(value.ordinal);
  example.sample = sample_.turns_of(first_.size());
  example.source = source_;
  return example;
}

}  // namespace pgsieve
