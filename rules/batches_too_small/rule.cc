// batches-too-small: keys are collected into lists, but only a few at a time. See rule.md.
//
// The lists vary and nothing else does, they are short on average, and many of them ran in one piece of work.
// Batches of the rows of a page stay silent: the page decides how long they are.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "rules/common.h"
#include "rules/loop_verdict.h"

namespace pgsieve {
namespace {

constexpr double kMaxAverage =
    4;  // elements per list; ten keys a time are a tenth of the round trips already
constexpr double kMinBatches = 5;  // lists in one scope
constexpr uint32_t kManyBatches = 10;

constexpr uint32_t role_bit(SlotRole role) {
  return 1U << static_cast<unsigned>(role);
}

double average_list(const Pattern& pattern) {
  return pattern.list_calls == 0
             ? 0
             : static_cast<double>(pattern.list_elements) / static_cast<double>(pattern.list_calls);
}

// The list is what a turn asks for: one per statement, and no sub-query or second list beside it.
bool asks_by_list(const Pattern& pattern) {
  const StatementShape& shape = *pattern.shape;
  if (pattern.key.arity != Arity::kMany || shape.kind != StatementKind::kSelect || shape.blocks.empty() ||
      shape.catalog_only || shape.blocks[0].skip_locked)
    return false;
  return std::ranges::count_if(shape.predicates, [](const Predicate& predicate) {
           return predicate.op == PredicateOperator::kIn && predicate.operand != OperandKind::kSubquery;
         }) == 1;
}

// Nothing varied but the list. An array is one slot, whose role is that of the comparison.
bool only_list_varies(const Pattern& pattern, const LoopExample& example) {
  if (example.varying_roles == role_bit(SlotRole::kList)) return true;
  if (example.varying_roles == 0 ||
      (example.varying_roles & ~(role_bit(SlotRole::kList) | role_bit(SlotRole::kEqual))) != 0)
    return false;
  uint32_t arrays = 0;
  const std::vector<SlotUse>& slots = pattern.shape->slots;
  for (uint32_t at = 0; at < std::min<size_t>(slots.size(), 32); ++at)
    if (slots[at].array) arrays |= 1U << at;
  return (example.varying_slots & ~arrays) == 0;
}

// The page the keys came from sets their number.
bool after_page(const RuleContext& context, const Pattern& pattern, const LoopExample& example) {
  return std::ranges::any_of(example.cycle, [&](const PatternKey& key) {
    const Pattern* other = context.workload.find(key);
    return key != pattern.key && other != nullptr && !other->shape->blocks.empty() &&
           (other->shape->blocks[0].limit.present || other->fetches > 0 ||
            other->shape->kind == StatementKind::kDeclareCursor);
  });
}

// Turn for turn with a loop that asks for one value at a time: each list is of what that turn read, and
// becomes one list with it.
bool within_loop(const std::vector<Finding>& findings, const Pattern& pattern, const LoopExample& example) {
  return std::ranges::any_of(findings, [&](const Finding& finding) {
    return finding.rule == "n-plus-one" && finding.pattern != pattern.key &&
           finding.confidence >= Confidence::kMedium &&
           std::ranges::find(example.cycle, finding.pattern) != example.cycle.end();
  });
}

bool one_piece_of_work(const LoopExample& example) {
  const uint32_t turns = example.count - 1;
  if (example.unit_changes * 2 > turns || (example.rollbacks + example.errors) * 2 >= turns ||
      example.transactions * 2 > example.count)
    return false;
  if (example.scope == ScopeKind::kTransaction) return true;
  return example.median_turn_gap != kUnknownTime &&
         example.median_turn_gap <= tight_turn(example, LoopOptions{});
}

bool is_small_batching(const RuleContext& context, const Pattern& pattern, const LoopExample& example,
                       uint32_t min_batches) {
  const bool regular = example.longest_run * 2 >= example.count || example.cycle_statements > 0;
  return example.count >= min_batches && only_list_varies(pattern, example) && regular &&
         example.distinct_tuples * 10 >= example.count * 9 && one_piece_of_work(example) &&
         !after_page(context, pattern, example);
}

Finding batch_finding(const RuleContext& context, const Pattern& pattern, const Loop& loop,
                      const LoopExample& example) {
  const double average = average_list(pattern);
  const auto keys = static_cast<double>(example.count) * average;
  Finding finding = pattern_finding("batches-too-small", pattern);
  // A limit that somebody set: nearly all lists have the same length.
  const bool constant = static_cast<double>(pattern.max_list_elements) - average < 0.5;
  const bool many = example.count >= kManyBatches;
  finding.confidence = many && constant   ? Confidence::kHigh
                       : many || constant ? Confidence::kMedium
                                          : Confidence::kLow;
  finding.severity = many ? FindingSeverity::kWarning : FindingSeverity::kInfo;
  finding.count = example.count;
  finding.scopes = loop.scopes;
  finding.time_ms = static_cast<double>(loop.child_time + loop.gap_time) / 1000;
  for (const Predicate& predicate : pattern.shape->predicates)
    if (predicate.op == PredicateOperator::kIn) finding.columns = {predicate.column.column};
  finding.message =
      fmt::format("about {} keys of {} were asked for in {} batches of {:.1f} on average", grouped(keys),
                  finding.table.empty() ? "a table" : finding.table, example.count, average);
  finding.evidence.push_back(fmt::format("{} executions in one piece of work, {} different lists",
                                         example.count, example.distinct_tuples));
  finding.evidence.push_back(fmt::format("the longest list has {} elements", pattern.max_list_elements));
  if (example.median_turn_gap != kUnknownTime)
    finding.evidence.push_back(fmt::format("{:.1f} ms between the end of one batch and the next (median)",
                                           static_cast<double>(example.median_turn_gap) / 1000));
  if (!constant)
    finding.why_not_higher.emplace_back("the lists differ in length: no single setting need be the cause");
  if (!many) finding.why_not_higher.push_back(fmt::format("only {} batches", example.count));
  if (!example.source.empty()) finding.tags["source"] = example.source;
  const double wanted = context.option("batches-too-small.suggested", 100);
  finding.fixes.push_back(
      {.kind = "advice",
       .title =
           fmt::format("Raise the batch size to {:.0f} or more, or collect the keys over more calls", wanted),
       .code = {},
       .language = {},
       .safety = "It is the batch size of the ORM (a fetch or loader setting), or a loader that is emptied "
                 "before all keys are in. Very long lists are better passed as one array: = ANY($1)."});
  return finding;
}

}  // namespace

void check_batches_too_small(const RuleContext& context, std::vector<Finding>& findings) {
  const double max_average = context.option("batches-too-small.max-average", kMaxAverage);
  const auto min_batches =
      std::max(3U, static_cast<uint32_t>(context.option("batches-too-small.min-batches", kMinBatches)));
  for (const auto& [key, pattern] : context.workload.patterns) {
    if (!asks_by_list(pattern) || pattern.list_calls == 0 || average_list(pattern) > max_average) continue;
    const Loop* best_loop = nullptr;
    std::optional<LoopExample> best;
    const auto from = context.workload.loops.lower_bound(LoopKey{key, kNoPattern});
    for (auto at = from; at != context.workload.loops.end() && at->first.child == key; ++at) {
      for (LoopExample& example : at->second.examples.unpacked()) {
        if (!is_small_batching(context, pattern, example, min_batches)) continue;
        if (within_loop(findings, pattern, example)) continue;
        if (best && example.count <= best->count) continue;
        best = std::move(example);
        best_loop = &at->second;
      }
    }
    if (best) findings.push_back(batch_finding(context, pattern, *best_loop, *best));
  }
}

}  // namespace pgsieve
