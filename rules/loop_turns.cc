#include "rules/loop_turns.h"

#include <algorithm>

#include "rules/loop_class.h"

namespace pgsieve {

namespace {

constexpr uint32_t kTurns = 5;

bool nearly_all(uint32_t part, uint32_t of) {
  return uint64_t{part} * 10 + 10 >= uint64_t{of} * 9 + 9;
}

// A program seldom reads and commits for each row of a list, but for each request.
bool in_own_transactions(const LoopExample& example) {
  return example.transactions > 1 && nearly_all(example.transactions, example.count);
}

// Keys of a list come in some order as often as not; those that are asked for from outside don't.
bool in_no_order(const LoopExample& example) {
  const uint32_t steps = example.ascending + example.descending;
  return steps + 2 >= example.count && 4 * example.ascending <= 3 * steps &&
         4 * example.descending <= 3 * steps;
}

bool goes_on(const LoopExample& example) {
  return nearly_all(example.fed_by_previous, example.count);
}

// Some statement of the turn asks for what another was asked for before.
bool turn_hangs_together(const RuleContext& context, const LoopExample& example) {
  if (goes_on(example)) return true;
  return std::ranges::any_of(example.cycle, [&](const PatternKey& key) {
    const auto loop = context.workload.loops.find(LoopKey{key, kNoPattern});
    return loop != context.workload.loops.end() && !loop->second.examples.empty() &&
           goes_on(loop->second.examples.front());
  });
}

// Reads only: what looks up a row and writes it is one loop of writes.
bool only_reads(const RuleContext& context, const LoopExample& example) {
  return std::ranges::all_of(example.cycle, [&](const PatternKey& key) {
    const Pattern* other = context.workload.find(key);
    return other != nullptr && other->shape != nullptr && is_read(other->shape->kind);
  });
}

}  // namespace

bool turns_stand_alone(const RuleContext& context, const LoopExample& example) {
  if (example.scope != ScopeKind::kSession || one_unit_of_work(example) || example.count < kTurns)
    return false;
  const bool listed = example.parent_executions > 0 &&
                      (example.root != kNoPattern || !nearly_all(example.lone_turns, example.count));
  if (listed || example.cycle_statements < 2 || !only_reads(context, example)) return false;
  return in_own_transactions(example) ||
         (in_no_order(example) && turn_hangs_together(context, example));
}

}  // namespace pgsieve
