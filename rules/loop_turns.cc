#include "rules/loop_turns.h"

#include <algorithm>

#include "rules/common.h"
#include "rules/loop_accident.h"
#include "rules/loop_class.h"
#include "rules/memo.h"

namespace pgsieve {

namespace {

constexpr uint32_t kTurns = 5;

// But for the first or the last turn.
bool nearly_all(uint32_t part, uint32_t of) {
  return (uint64_t{part} + 1) * 10 >= (uint64_t{of} + 1) * 9;
}

// Keys of a list come in some order as often as not; those that are asked for from outside don't.
bool in_no_order(const LoopExample& example) {
  const uint32_t steps = example.ascending + example.descending;
  return steps + 2 >= example.count && 8 * std::min(example.ascending, example.descending) > steps;
}

bool goes_on(const LoopExample& example) {
  return nearly_all(example.fed_by_previous, example.count);
}

// Another read of the turn asks by name for what the row of this one holds, which a unique key found.
bool refers_to_its_row(const RuleContext& context, const PatternKey& key, const LoopExample& example) {
  const auto is_readable = [](const Pattern* pattern) {
    return pattern != nullptr && pattern->shape != nullptr && is_read(pattern->shape->kind);
  };
  const Pattern* first = context.workload.find(key);
  if (!is_readable(first) || context.memo->profile(*first, context)->many_rows) return false;
  LinkProfile row = *context.memo->profile(*first, context);
  row.keys.clear();  // in a loop over one row's columns all turns would ask for the same; here each has its own
  return std::ranges::any_of(example.cycle, [&](const PatternKey& other) {
    const Pattern* then = context.workload.find(other);
    if (other == key || !is_readable(then)) return false;
    const std::shared_ptr<const LinkProfile> asked = context.memo->profile(*then, context);
    return find_link(row, *asked, context.known_schema()).strength >= LinkStrength::kNames;
  });
}

// Some statement of the turn asks for what another was asked for before, or for what the rows refer to that
// this one reads.
bool turn_hangs_together(const RuleContext& context, const LoopKey& looping, const LoopExample& example) {
  if (goes_on(example)) return true;
  return std::ranges::any_of(example.cycle, [&](const PatternKey& key) {
    const auto single = context.workload.latent_pairs.find(LoopKey{key, looping.child});
    if (single != context.workload.latent_pairs.end() && single->second.scopes + 1 >= example.count)
      return true;
    if (refers_to_its_row(context, key, example)) return true;
    const auto loop = context.workload.loops.find(LoopKey{key, kNoPattern});
    return loop != context.workload.loops.end() && !loop->second.examples.empty() &&
           goes_on(loop->second.examples.front());
  });
}

// A row that is read in two steps, some columns and then the others, is one look-up.
bool reads_several_tables(const RuleContext& context, const LoopExample& example) {
  std::string_view first;
  for (const PatternKey& key : example.cycle) {
    const Pattern* pattern = context.workload.find(key);
    const uint32_t main =
        pattern == nullptr || pattern->shape == nullptr ? kNoIndex : pattern->shape->main_relation();
    if (main == kNoIndex) continue;
    const std::string_view table = pattern->shape->relations[main].name;
    if (first.empty()) first = table;
    if (table != first) return true;
  }
  return false;
}

// Reads only: what looks up a row and writes it is one loop of writes.
bool only_reads(const RuleContext& context, const LoopExample& example) {
  return std::ranges::all_of(example.cycle, [&](const PatternKey& key) {
    const Pattern* other = context.workload.find(key);
    return other != nullptr && other->shape != nullptr && is_read(other->shape->kind);
  });
}

}  // namespace

bool in_own_transactions(const LoopExample& example) {
  return example.transactions > 1 && nearly_all(example.transactions, example.count);
}

bool serves_queue(const RuleContext& context, const LoopExample& example) {
  return std::ranges::any_of(example.cycle, [&](const PatternKey& key) {
    const Pattern* pattern = context.workload.find(key);
    return pattern != nullptr && pattern->shape != nullptr && takes_from_queue(*pattern->shape);
  });
}

namespace {

// The list has one turn each time, and runs under no other one.
bool list_per_turn(const RuleContext& context, const LoopKey& loop, const LoopExample& example) {
  return example.parent_executions > 0 && nearly_all(example.lone_turns, example.count) &&
         lists_unled(context.workload, loop, example);
}

std::ptrdiff_t writes_of_turn(const RuleContext& context, const LoopExample& example) {
  return std::ranges::count_if(example.cycle, [&](const PatternKey& key) {
    const Pattern* other = context.workload.find(key);
    return other != nullptr && other->shape != nullptr && is_write(other->shape->kind);
  });
}

// A turn is dozens of statements in no order that repeats, or several transactions: a client that sends one
// request after the other, and each of them writes.
bool long_turns(const LoopExample& example) {
  constexpr uint32_t kStatements = 16, kTransactions = 3;
  if (example.cycle_statements > 0 || example.count < kTurns) return false;
  return example.session_gaps >= kStatements * example.count ||
         example.commits >= kTransactions * (example.count - 1);
}

// Another statement of the turn runs as often after a list from outside it: what is inserted says of itself
// no list that it came from.
bool turn_follows_list(const RuleContext& context, const LoopExample& example) {
  const auto& loops = context.workload.loops;
  return std::ranges::any_of(example.cycle, [&](const PatternKey& key) {
    for (auto at = loops.lower_bound(LoopKey{key, kNoPattern}); at != loops.end() && at->first.child == key;
         ++at) {
      const bool outside =
          at->first.parent != kNoPattern && !std::ranges::binary_search(example.cycle, at->first.parent);
      if (outside && at->second.executions >= example.count) return true;
    }
    return false;
  });
}

}  // namespace

bool turns_stand_alone(const RuleContext& context, const LoopKey& loop, const LoopExample& example) {
  if (example.scope != ScopeKind::kSession || one_unit_of_work(example) || example.count < kTurns)
    return false;
  if (example.cycle_statements < 2) return false;
  if (serves_queue(context, example)) return true;
  if (!only_reads(context, example)) return false;
  if (list_per_turn(context, loop, example)) return true;
  return example.parent_executions == 0 &&
         (in_own_transactions(example) || (in_no_order(example) && reads_several_tables(context, example) &&
                                           turn_hangs_together(context, loop, example)));
}

bool writes_stand_alone(const RuleContext& context, const LoopKey& loop, const LoopExample& example) {
  constexpr uint32_t kStatements = 3, kMany = 5;
  if (long_turns(example)) {
    if (4 * example.transactions < 3 * example.count) return false;
  } else {
    if (example.cycle_statements < kStatements || !in_own_transactions(example)) return false;
    // What reads before it writes one row may only check that row.
    if (example.cycle_statements < kMany && writes_of_turn(context, example) < 2) return false;
  }
  const bool listed = example.parent_executions > 0 || turn_follows_list(context, example);
  return !listed || list_per_turn(context, loop, example);
}

size_t statements_on_tables(const RuleContext& context, const LoopExample& example) {
  return static_cast<size_t>(std::ranges::count_if(example.cycle, [&](const PatternKey& key) {
    const Pattern* pattern = context.workload.find(key);
    return pattern != nullptr && pattern->shape != nullptr && pattern->shape->main_relation() != kNoIndex;
  }));
}

std::vector<LoopRun> runs_of(const std::vector<LoopExample>& examples) {
  std::vector<LoopRun> runs;
  for (const LoopExample& example : examples)
    if (example.scope == ScopeKind::kSession && example.time != kUnknownTime)
      runs.push_back({example.time, example.time + example.span});
  return runs;
}

namespace {

// Most of it ran while some other run did, which is on another connection then.
bool beside_another(const std::vector<LoopRun>& runs, const LoopExample& example) {
  const LoopRun own{example.time, example.time + example.span};
  return std::ranges::any_of(runs, [&](const LoopRun& other) {
    const bool itself = other.begin == own.begin && other.end == own.end;
    return !itself && 2 * (std::min(own.end, other.end) - std::max(own.begin, other.begin)) > example.span;
  });
}

constexpr Microseconds kAtOnce = 1500;

// Half of the turns follow at once: a run that pauses now and then.
bool in_bursts(const LoopExample& example) {
  return example.median_turn_gap <= kAtOnce;
}

// What a turn may come late by, and its run still be a loop's. One program that spreads its turns over a pool
// takes every connection as soon as it is free: there nothing is left between them.
Microseconds latest_turn(const LoopExample& example, const LoopOptions& options) {
  return lent_for_each_turn(example) ? kAtOnce : options.tight_gap;
}

}  // namespace

bool served_in_parallel(const std::vector<LoopRun>& runs, const LoopExample& example,
                        const LoopOptions& options) {
  if (example.scope != ScopeKind::kSession || one_unit_of_work(example) || example.time == kUnknownTime)
    return false;
  if (example.turn_gap_spread == kUnknownTime || example.turn_gap_spread <= latest_turn(example, options))
    return false;
  return !steady_turns(example) && !in_bursts(example) && beside_another(runs, example);
}

}  // namespace pgsieve
