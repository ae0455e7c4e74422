#include "rules/loop_habit.h"

#include <algorithm>
#include <vector>

#include "rules/memo.h"

namespace pgsieve {

uint64_t habit(const RuleContext& context, const Pattern& child, const Pattern& list) {
  const LoopKey key{child.key, list.key};
  uint64_t followed = 0;
  if (const auto single = context.workload.latent_pairs.find(key);
      single != context.workload.latent_pairs.end())
    followed += single->second.scopes;
  if (const auto loop = context.workload.loops.find(key); loop != context.workload.loops.end()) {
    uint64_t lists = 0;  // of the scopes that are known in detail
    const std::vector<LoopExample> examples = loop->second.examples.unpacked();
    for (const LoopExample& example : examples) lists += example.parent_executions;
    followed += loop->second.scopes * std::max<uint64_t>(1, lists) / std::max<size_t>(1, examples.size());
  }
  return std::min<uint64_t>(100, 100 * followed / std::max<uint64_t>(1, list.calls));
}

bool follows_as_a_rule(const RuleContext& context, const Pattern& child, const Pattern& list) {
  constexpr uint64_t kLists = 3, kNearlyAll = 80;
  const auto loop = context.workload.loops.find(LoopKey{child.key, list.key});
  return list.calls >= kLists && habit(context, child, list) >= kNearlyAll &&
         loop != context.workload.loops.end() && 2 * loop->second.executions >= child.calls;
}

bool runs_nowhere_else(const RuleContext& context, const Pattern& child, const Pattern& list) {
  constexpr uint64_t kTurns = 8;  // of a list
  const auto loop = context.workload.loops.find(LoopKey{child.key, list.key});
  if (loop == context.workload.loops.end() || loop->second.scopes != list.calls) return false;
  return loop->second.executions >= kTurns * list.calls && 5 * loop->second.executions >= 4 * child.calls;
}

namespace {

// What all executions of the list together may have returned; 0: not known, or next to nothing.
uint64_t rows_in_all(const Pattern& list) {
  constexpr uint64_t kLists = 2, kRows = 3;  // rows of a list, on average
  if (list.calls < kLists) return 0;
  uint64_t rows = 0;
  if (list.rows_calls == list.calls) {
    rows = list.rows_total;
  } else if (list.limits.count() == list.calls) {
    rows = static_cast<uint64_t>(list.limits.sum());  // the last page may have fewer
  }
  return rows >= kRows * list.calls ? rows : 0;
}

}  // namespace

bool once_per_row_after(const RuleContext& context, const Pattern& child, const Pattern& list) {
  const LoopKey key{child.key, list.key};
  const auto loop = context.workload.loops.find(key);
  const auto single = context.workload.latent_pairs.find(key);
  uint64_t turns = loop == context.workload.loops.end() ? 0 : loop->second.executions;
  if (single != context.workload.latent_pairs.end()) turns += single->second.scopes;
  const uint64_t rows = rows_in_all(list);
  return rows > 0 && 5 * turns >= 4 * rows && 4 * turns <= 5 * rows;
}

const Pattern* list_of_all(const RuleContext& context, const Pattern& child) {
  constexpr uint64_t kMostly = 50, kNearlyAll = 95;
  const Pattern* all = nullptr;
  const auto& loops = context.workload.loops;
  for (auto at = loops.lower_bound(LoopKey{child.key, kNoPattern});
       at != loops.end() && at->first.child == child.key; ++at) {
    const Pattern* list = context.workload.find(at->first.parent);
    if (list == nullptr || list->shape == nullptr || list->key == child.key) continue;
    const uint64_t rows = rows_in_all(*list);
    if (child.calls > rows || 100 * child.calls < kNearlyAll * rows) continue;
    if (habit(context, child, *list) < kMostly) continue;
    if (context.memo->link(*list, child, context).strength < LinkStrength::kNames) continue;
    if (all != nullptr) return nullptr;  // one of the two by accident
    all = list;
  }
  return all;
}

}  // namespace pgsieve
