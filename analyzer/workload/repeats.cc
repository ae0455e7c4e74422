// Values that a statement is asked with again: followed within a window, then Repeats.
#include <algorithm>
#include <utility>

#include "analyzer/workload/session_tracker.h"

namespace pgsieve {

namespace {

// Whether a trace or a test says that it belongs to one piece of work with what has the same unit. A route
// does not: the next request may be of the same one.
bool names_one_work(const StatementEvent& statement) {
  return statement.trace != 0 || (statement.unit != 0 && !statement.tags->find("test").empty());
}

}  // namespace

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
  const uint64_t last_values = std::exchange(group.last_tuple, values);
  if (found == group.tuples.end() && group.tuples.size() >= Group::kMaxTuples) {
    ++group.other_tuples;
    return;
  }
  const bool known = found != group.tuples.end();
  if (!known && group.tuples.size() == group.tuples.capacity())  // most groups have one or two
    group.tuples.reserve(group.tuples.size() + group.tuples.size() / 4 + 1);
  const uint32_t transaction = session.in_transaction ? session.transaction_ordinal : 0;
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
    const bool same_unit = static_cast<uint32_t>(statement.unit) == tuple.last_unit;
    if (!same_unit || session.unit_changes != tuple.last_unit_changes) ++repeated.unit_changes;
    const bool same_transaction = transaction != 0 && transaction == tuple.last_transaction;
    if (!same_transaction && transaction != 0 && tuple.last_transaction != 0) ++repeated.transaction_changes;
    const bool same_work = same_transaction || (same_unit && names_one_work(statement));
    repeated.held = same_work ? std::max(repeated.held, 1U) + 1 : 0;
    repeated.most_held = std::max(repeated.most_held, repeated.held);
    if (values != last_values) ++repeated.other_values;
    const SeenTuple::Chain chain = session.chain_since(tuple.last_position);
    if (chain.statements != 0 && chain.statements == repeated.chain.statements &&
        chain.values != repeated.chain.values)
      ++repeated.same_chain;
    repeated.chain = chain;
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
  tuple.last_transaction = transaction;
  tuple.last_unit_changes = session.unit_changes;
}

void SessionTracker::fold_repeats(const Group& group, const Session& session) {
  const auto rank = [](const SeenTuple& tuple) {
    return std::make_pair(tuple.repeated == nullptr ? 0U : tuple.repeated->most_held, tuple.count);
  };
  const SeenTuple* most = nullptr;
  uint64_t repetitions = 0;
  Microseconds repeated_time = 0;
  for (const SeenTuple& tuple : group.tuples) {
    if (tuple.count < 2) continue;
    repetitions += tuple.count - 1;
    if (tuple.repeated != nullptr) repeated_time += tuple.repeated->time;
    if (most == nullptr || rank(tuple) > rank(*most)) most = &tuple;
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
  example.held = repeated.most_held;
  example.transaction_changes = repeated.transaction_changes;
  example.other_values = repeated.other_values;
  example.same_chain = repeated.same_chain;
  example.longest_gap = repeated.gaps.count() == 0 ? kUnknownTime : repeated.gaps.max();
  example.session_gaps = session.gaps_of_at_least(0);
  example.longer_gaps = session.gaps_of_at_least(4 * std::max(example.longest_gap, kMillisecond));
  const Microseconds pause =
      std::max(RepeatExample::kPause, 8 * std::max<Microseconds>(0, example.median_gap));
  example.pauses = repeated.gaps.of_at_least(pause);
  example.session_pauses = session.gaps_of_at_least(pause);
  example.session_median_gap = session.median_gap();
  example.max_interval = repeated.max_interval;
  example.repeated_time = repeated_time;
  example.source = group.source;
  repeat.add_example(std::move(example));
}

}  // namespace pgsieve
