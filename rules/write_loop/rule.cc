// write-loop: rows inserted, updated or deleted one statement at a time. See rule.md.
#include <fmt/format.h>

#include <algorithm>

#include "rules/common.h"
#include "rules/fixes/fixes.h"
#include "rules/loop_reasons.h"
#include "rules/loop_turns.h"
#include "rules/loop_verdict.h"

namespace pgsieve {

namespace {

std::string_view verb_of(StatementKind kind) {
  switch (kind) {
    case StatementKind::kInsert:
      return "inserted";
    case StatementKind::kUpdate:
      return "updated";
    case StatementKind::kDelete:
      return "deleted";
    default:
      return "written";
  }
}

// One row at a time: single-row VALUES, or a condition on one value.
bool one_row_at_a_time(const Pattern& pattern) {
  if (pattern.shape == nullptr || !is_write(pattern.shape->kind)) return false;
  return pattern.key.arity == Arity::kScalar || pattern.key.arity == Arity::kOne ||
         pattern.key.arity == Arity::kRow;
}

// Grades a loop of writes: what matters is that the turns belong together, not where their values come from.
bool grade(const RuleContext& context, const LoopExample& example, LoopVerdict& verdict) {
  const Microseconds mean_time = example.child_time / std::max<Microseconds>(1, example.count);
  const bool one_unit = one_unit_of_work(example);
  const bool timed = example.median_gap != kUnknownTime &&
                     (example.median_gap <= std::max(LoopOptions{}.tight_gap, 5 * mean_time) ||
                      hurried_turns(example, LoopOptions{}));
  const bool tight = timed || close_on_average(example, LoopOptions{});
  const bool dense = dense_turns(example, LoopOptions{});
  const bool linked = verdict.link.strength >= LinkStrength::kSameColumn;
  const bool steady = steady_turns(example);
  if (!one_unit && !tight && !linked && !steady && !dense) return false;
  verdict.confidence = example.count >= 5 && (one_unit || tight) ? Confidence::kHigh
                       : linked || one_unit || tight             ? Confidence::kMedium
                                                                 : Confidence::kLow;
  if (!one_unit && !tight && steady)
    verdict.doubts.emplace_back(
        "time passes between the turns, if always the same: requests at a fixed rate would look like this");
  if (!one_unit && !tight && dense) verdict.doubts.push_back(untimed_doubt(example.most_idle));
  const std::string few = fmt::format("only {} executions", example.count);
  if (example.count < 5 && std::ranges::find(verdict.doubts, few) == verdict.doubts.end())
    verdict.doubts.push_back(few);
  if (!one_unit && is_scattered(example)) {
    verdict.confidence = std::min(verdict.confidence, Confidence::kMedium);
    verdict.doubts.emplace_back(
        "it ran among other statements in no order that repeats: they may be separate requests");
  }
  // A request reads what it needs, then writes: so many statements a turn, those aside that only ask for the
  // key of the row just written, take something that holds the turns together.
  constexpr size_t kOfRequest = 3;
  if (!one_unit && !linked && statements_on_tables(context, example) >= kOfRequest) {
    verdict.confidence = std::min(verdict.confidence, Confidence::kMedium);
    verdict.doubts.emplace_back(
        "each turn ran several other statements, and no transaction, trace or list holds the turns together: "
        "requests that write once each, one right after the other, look the same");
  }
  verdict.confidence = std::min(verdict.confidence, verdict.ceiling);
  return example.count >= 3;
}

}  // namespace

void check_write_loop(const RuleContext& context, std::vector<Finding>& findings) {
  LoopOptions options;
  options.min_count = static_cast<uint32_t>(context.option("write-loop.min-count", options.min_count));
  FixAdvisor advisor(context);
  for (auto at = context.workload.loops.begin(); at != context.workload.loops.end();) {
    const PatternKey child_key = at->first.child;
    at = context.workload.loops.upper_bound(LoopKey{child_key, PatternKey{UINT64_MAX, Arity::kRows, true}});
    const Pattern* child = context.workload.find(child_key);
    if (child == nullptr || !one_row_at_a_time(*child)) continue;
    std::vector<LoopVerdict> verdicts = all_verdicts(context, child_key, options);
    if (verdicts.empty()) continue;
    LoopVerdict& verdict = verdicts.front();
    if (verdict.example == nullptr || verdict.kind != LoopClass::kRowByRow ||
        serves_queue(context, *verdict.example))
      continue;
    if (!grade(context, *verdict.example, verdict)) continue;
    const Pattern* parent = verdict.link.strength >= LinkStrength::kSameColumn
                                ? context.workload.find(parent_of(verdict))
                                : nullptr;
    Finding finding = pattern_finding("write-loop", *child);
    finding.severity = FindingSeverity::kWarning;
    finding.confidence = verdict.confidence;
    if (parent != nullptr) {
      finding.parent = parent->key;
      finding.parent_query = parent->query;
    }
    finding.count = verdict.count;
    finding.scopes = verdict.loop->scopes;
    finding.message = fmt::format("{} rows of {} were {} by {} single statements", verdict.count,
                                  finding.table.empty() ? "a table" : finding.table,
                                  verb_of(child->shape->kind), verdict.count);
    finding.evidence = verdict.reasons;
    std::erase_if(verdict.doubts, [](const std::string& doubt) {
      return doubt.find("supplied the values") != std::string::npos;
    });
    finding.why_not_higher = verdict.doubts;
    finding.time_ms = static_cast<double>(verdict.loop->child_time + verdict.loop->gap_time) / 1000.0;
    if (!verdict.example->source.empty()) finding.tags["source"] = verdict.example->source;
    finding.fixes = advisor.write_loop(verdict, *child);
    findings.push_back(std::move(finding));
  }
}

}  // namespace pgsieve
