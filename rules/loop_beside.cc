#include "rules/loop_beside.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "rules/common.h"
#include "rules/loop_reasons.h"

namespace pgsieve {

namespace {

std::string main_table(const Pattern& pattern) {
  const uint32_t main = pattern.shape->main_relation();
  return main == kNoIndex ? std::string() : qualified_name(pattern.shape->relations[main]);
}

// The same number of turns, but for a value that was not asked for once.
bool as_often(uint32_t left, uint32_t right) {
  const uint32_t more = std::max(left, right);
  return 10 * (more - std::min(left, right)) <= more;
}

// The two ran at one time, turn by turn.
bool in_step(const LoopExample& left, const LoopExample& right) {
  if (!as_often(left.count, right.count)) return false;
  if (left.time == kUnknownTime || right.time == kUnknownTime) return true;
  return left.time <= right.time + right.span && right.time <= left.time + left.span;
}

// Some loop of the other statement ran in step with this one. That one may be among those not kept.
bool has_in_step(const Loop& other, const LoopVerdict& verdict, const LoopExample& example) {
  if (other.scopes > other.examples.size() && as_often(verdict.example->count, example.count)) return true;
  return std::ranges::any_of(other.examples.unpacked(),
                             [&](const LoopExample& its) { return in_step(its, example); });
}

struct Beside {
  const Pattern* pattern = nullptr;
  LoopVerdict verdict;
};

// The surest of the linked loops whose statements ran in the turns.
Beside loop_beside(const RuleContext& context, const Pattern& child, const Pattern* parent,
                   const LoopExample& example, const JudgeLoop& judge) {
  std::vector<PatternKey> statements = example.cycle;
  if (parent != nullptr) statements.push_back(parent->key);
  Beside best;
  for (const PatternKey& key : statements) {
    const Pattern* pattern = context.workload.find(key);
    if (key == child.key || pattern == nullptr || pattern->shape == nullptr || !is_read(pattern->shape->kind))
      continue;
    const auto from = context.workload.loops.lower_bound(LoopKey{key, kNoPattern});
    for (auto at = from; at != context.workload.loops.end() && at->first.child == key; ++at) {
      const Pattern* list = context.workload.find(at->first.parent);
      if (list == nullptr || list->key == child.key || list->key == key) continue;
      // Where the turn is known to be one of a loop over some list, it is that one.
      const bool rooted = parent != nullptr && key == parent->key && example.root != kNoPattern;
      if (rooted && list->key != example.root) continue;
      LoopVerdict verdict = judge(at->second, *pattern, list);
      const bool linked = verdict.report && verdict.kind == LoopClass::kRowByRow &&
                          verdict.example != nullptr && verdict.through == kNoPattern &&
                          is_strong(verdict.link.strength);
      if (!linked || !has_in_step(at->second, verdict, example)) continue;
      const auto rank = [](const LoopVerdict& judged) {
        return std::make_tuple(judged.confidence, judged.link.strength);
      };
      if (best.pattern == nullptr || rank(verdict) > rank(best.verdict)) best = {pattern, std::move(verdict)};
    }
  }
  return best;
}

}  // namespace

bool use_loop_beside(const RuleContext& context, const Pattern& child, const Pattern* parent,
                     const LoopOptions& options, const JudgeLoop& judge, LoopVerdict& verdict) {
  const LoopExample& example = *verdict.example;
  if (verdict.link.strength >= LinkStrength::kNames || example.count < options.min_count) return false;
  if (example.distinct_values < 3 || example.fed_by_previous * 10 < example.count * 9) return false;
  if (example.varying_slot >= child.shape->slots.size()) return false;
  const ColumnUse& asked = child.shape->slots[example.varying_slot].column;
  if (child.shape->slots[example.varying_slot].role != SlotRole::kEqual || asked.whole_row()) return false;
  Beside beside = loop_beside(context, child, parent, example, judge);
  if (beside.pattern == nullptr) return false;

  Link link = std::move(beside.verdict.link);
  const std::string same = fmt::format("{}.{} = {}.{}", link.child_table, link.child_column,
                                       link.parent_table, link.parent_column);
  link.strength = LinkStrength::kNames;
  link.slot = example.varying_slot;
  link.child_table.clear();
  if (asked.relation < child.shape->relations.size())
    link.child_table = child.shape->relations[asked.relation].name;
  link.child_column = asked.column;
  if (loop_class(example, child, link, options) != LoopClass::kRowByRow) return false;
  verdict.kind = LoopClass::kRowByRow;
  verdict.link = std::move(link);
  verdict.other_parent = parent_of(beside.verdict);
  verdict.report = true;
  verdict.confidence = std::min(beside.verdict.confidence, Confidence::kHigh);
  verdict.ceiling = beside.verdict.ceiling;
  verdict.doubts = std::move(beside.verdict.doubts);
  verdict.reasons = {fmt::format("each turn asks for the value that its query on {} asked for: {}",
                                 main_table(*beside.pattern), same)};
  explain_loop(example, verdict);
  return true;
}

}  // namespace pgsieve
