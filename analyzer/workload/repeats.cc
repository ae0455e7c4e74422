// Values that a statement is asked with again: followed within a window, then Repeats.
#include <algorithm>

#include "analyzer/workload/session_tracker.h"

namespace pgsieve {

// The same values again, nothing written to the statement's tables since.
void SessionTracker::note_repeat(Session& session, Group& group, const StatementEvent& statement) {
  if (!statement.values_known || statement.info->kind != StatementClass::kQuery) return;
  uint32_t last_write = 0;
  for (uint64_t bits = statement.info->read_mask; bits != 0; bits &= bits - 1) {
    last_write = std::max(last_write, session.table_writes[static_cast<size_t>(__builtin_ctzll(bits))]);
  }
  // After SET search_path or SET ROLE the same text asks for something else.
  const uint64_t values = hash_combine(statement.tuple, session.setting_changes);
  const auto found = std::find_if(group.tuples.begin(), group.tuples.end(),
                                  [&](const SeenTuple& tuple) { return tuple.hash == values; });
  if (found == group.tuples.end() && group.tuples.size() >= Group::kMaxTuples) {
    ++group.other_tuples;
    return;
  }
  const bool known = found != group.tuples.end();
  if (!known && group.tuples.size() == group.tuples.capacity())  // most groups have one or two
    group.tuples.reserve(group.tuples.size() + group.tuples.size() / 4 + 1);
  SeenTuple& tuple = known ? *found : group.tuples.emplace_back();
  if (!known || last_write > tuple.write_sequence) {  // the first time since its tables were written to
    tuple.count = 0;
    tuple.repeated = nullptr;
    tuple.hash = values;
    tuple.first = statement.start;
  } else {
    if (tuple.repeated == nullptr) tuple.repeated = std::make_unique<SeenTuple::Repeated>();
    SeenTuple::Repeated& repeated = *tuple.repeated;
    repeated.gaps.add(session.longest_gap_since(tuple.last_position));
    if (tuple.last != kUnknownTime && statement.start != kUnknownTime)
      repeated.max_interval = std::max(repeated.max_interval, statement.start - tuple.last);
    repeated.time += statement.duration;
    if (static_cast<uint32_t>(statement.unit) != tuple.last_unit) ++repeated.unit_changes;
    repeated.rollbacks += session.rollbacks - tuple.last_rollbacks;
    repeated.errors += session.errors - tuple.last_errors;
    const Session::Turn turn = session.turn_since(tuple.last_position);
    if (turn.inner_gap != kUnknownTime) {
      if (repeated.inner_gaps.count() == 0) repeated.after_pause = turn.after_pause;
      if (turn.after_pause == repeated.after_pause) ++repeated.same_pause;
      repeated.inner_gaps.add(turn.inner_gap);
    }
  }
  ++tuple.count;
  tuple.write_sequence = session.write_sequence;
  tuple.last = statement.start;
  tuple.last_unit = static_cast<uint32_t>(statement.unit);
  tuple.last_position = session.position;
  tuple.last_rollbacks = session.rollbacks;
  tuple.last_errors = session.errors;
}

void SessionTracker::fold_repeats(const Group& group, const Session& session) {
  const SeenTuple* most = nullptr;
  uint64_t repetitions = 0;
  Microseconds repeated_time = 0;
  for (const SeenTuple& tuple : group.tuples) {
    if (tuple.count < 2) continue;
    repetitions += tuple.count - 1;
    if (tuple.repeated != nullptr) repeated_time += tuple.repeated->time;
    if (most == nullptr || tuple.count > most->count) most = &tuple;
  }
  if (most == nullptr) return;
  auto found = facts_.repeats.find(group.pattern->key);
  if (found == facts_.repeats.end()) {
    if (facts_.repeats.size() >= options_.max_loops) {
      ++facts_.dropped.loops;
      return;
    }
    found = facts_.repeats.emplace(group.pattern->key, Repeat{}).first;
    found->second.pattern = group.pattern->key;
  }
  Repeat& repeat = found->second;
  ++repeat.windows;
  repeat.repetitions += repetitions;
  repeat.executions += group.executions;
  repeat.repeated_time += repeated_time;
  for (const SeenTuple& tuple : group.tuples) {
    if (tuple.count >= 2) repeat.per_tuple.add(tuple.count);
  }
  if (!group.source.empty()) repeat.sources.add(group.source);
  RepeatExample example;
  example.count = most->count;
  example.executions = group.executions;
  example.distinct_tuples = static_cast<uint32_t>(group.tuples.size()) + group.other_tuples;
  const SeenTuple::Repeated none;
  const SeenTuple::Repeated& repeated = most->repeated == nullptr ? none : *most->repeated;
  example.unit_changes = repeated.unit_changes;
  example.rollbacks = repeated.rollbacks;
  example.errors = repeated.errors;
  example.time = most->first;
  if (most->first != kUnknownTime && most->last != kUnknownTime)
    example.span = std::max<Microseconds>(0, most->last - most->first);
  example.median_gap = repeated.gaps.median();
  example.same_pause = repeated.same_pause;
  example.inner_gap = repeated.inner_gaps.median();
  example.session_median_gap = session.median_gap();
  example.max_interval = repeated.max_interval;
  example.repeated_time = repeated_time;
  example.source = group.source;
  repeat.add_example(std::move(example));
}

}  // namespace pgsieve
