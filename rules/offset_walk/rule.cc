// offset-walk: a whole result read page by page with growing OFFSETs, in one piece of work. See rule.md.
//
// The signature: nothing varies from turn to turn but OFFSET (and LIMIT), and it grows by equal steps. A
// person who pages through a list looks different: a count of all rows goes with each page, pages come in
// requests of their own, or time passes between them.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "rules/common.h"
#include "rules/keyset.h"
#include "rules/loop_verdict.h"

namespace pgsieve {
namespace {

constexpr double kMinPages = 5;
// From here on more than four rows are skipped for each one returned: n pages skip (n - 1) / 2 times what
// they return.
constexpr double kCostlyPages = 10;

constexpr uint32_t role_bit(SlotRole role) {
  return 1U << static_cast<unsigned>(role);
}

bool only_offset_varies(const LoopExample& example) {
  constexpr uint32_t kPaging = role_bit(SlotRole::kOffset) | role_bit(SlotRole::kLimit);
  return (example.varying_roles & role_bit(SlotRole::kOffset)) != 0 &&
         (example.varying_roles & ~kPaging) == 0;
}

// Every page after the one before it; three steps in four equal to the step before.
bool equal_steps(const LoopExample& example) {
  return example.ascending + 1 >= example.count && example.arithmetic * 4 >= (example.count - 2) * 3;
}

bool own_requests(const LoopExample& example) {
  const uint32_t turns = example.count - 1;
  return example.unit_changes * 2 > turns || (example.rollbacks + example.errors) * 2 >= turns;
}

// A list page shows "page 3 of 17": a count of the same table in every turn.
bool counts_pages(const RuleContext& context, const Pattern& page, const LoopExample& example) {
  const uint32_t main = page.shape->main_relation();
  return std::ranges::any_of(example.cycle, [&](const PatternKey& key) {
    const Pattern* other = context.workload.find(key);
    if (key == page.key || other == nullptr || other->shape->blocks.empty()) return false;
    const uint32_t counted = other->shape->main_relation();
    return other->shape->blocks[0].has_aggregate && main != kNoIndex && counted != kNoIndex &&
           other->shape->relations[counted].name == page.shape->relations[main].name;
  });
}

// Between two pages a program works through a thousand rows at most; a person reads. Pages with nothing at
// all between them (a request has its own look-ups) may take the program a while.
bool is_tight(const LoopExample& example, const LoopOptions& options) {
  if (example.scope == ScopeKind::kTransaction) return true;
  constexpr Microseconds kThinkTime = kSecond;
  const bool nothing_between = example.longest_run == example.count;
  if (nothing_between && example.median_turn_gap != kUnknownTime && example.median_turn_gap < kThinkTime)
    return true;
  const Microseconds mean_time = example.child_time / std::max<Microseconds>(1, example.count);
  return example.median_turn_gap != kUnknownTime &&
         example.median_turn_gap <= std::max(10 * options.tight_gap, 5 * mean_time);
}

// The longest walk among the loops of one statement.
std::optional<LoopExample> longest_walk(const RuleContext& context, const Pattern& page, uint32_t min_pages,
                                        uint64_t& scopes) {
  std::optional<LoopExample> longest;
  const auto from = context.workload.loops.lower_bound(LoopKey{page.key, kNoPattern});
  for (auto at = from; at != context.workload.loops.end() && at->first.child == page.key; ++at) {
    for (LoopExample& example : at->second.examples.unpacked()) {
      if (example.count < min_pages || !only_offset_varies(example) || !equal_steps(example) ||
          own_requests(example) || counts_pages(context, page, example))
        continue;
      if (!longest || example.count > longest->count) {
        longest = std::move(example);
        scopes = at->second.scopes;
      }
    }
  }
  return longest;
}

Finding walk_finding(const RuleContext& context, const Pattern& page, const LoopExample& walk,
                     uint64_t scopes) {
  const QueryBlock& block = offset_block(*page.shape);
  const bool costly = walk.count >= context.option("offset-walk.costly-pages", kCostlyPages);
  const bool tight = is_tight(walk, LoopOptions{});
  Finding finding = pattern_finding("offset-walk", page);
  finding.severity = costly ? FindingSeverity::kWarning : FindingSeverity::kInfo;
  finding.confidence = !tight ? Confidence::kLow : costly ? Confidence::kHigh : Confidence::kMedium;
  finding.count = walk.count;
  finding.scopes = scopes;
  finding.time_ms = static_cast<double>(walk.child_time) / 1000;
  finding.message = fmt::format(
      "{} was read in {} pages with growing OFFSET: the deepest skips {} rows, and the later ones cost most",
      finding.table.empty() ? "a result" : finding.table, walk.count,
      grouped(static_cast<double>(page.offsets.max())));
  finding.evidence.push_back(fmt::format("{} executions, only OFFSET differs, {} steps of equal size",
                                         walk.count, walk.arithmetic + 1));
  finding.evidence.push_back(
      fmt::format("{} rows read and thrown away in all", grouped(static_cast<double>(page.offsets.sum()))));
  if (walk.median_turn_gap != kUnknownTime)
    finding.evidence.push_back(fmt::format("{:.1f} ms between the end of one page and the next (median)",
                                           static_cast<double>(walk.median_turn_gap) / 1000));
  if (block.order.empty())
    finding.evidence.emplace_back("there is no ORDER BY: pages may overlap or miss rows");
  if (!tight) finding.why_not_higher.emplace_back("time passes between the pages: somebody may be leafing");
  if (!costly) finding.why_not_higher.push_back(fmt::format("only {} pages", walk.count));
  if (!walk.source.empty()) finding.tags["source"] = walk.source;
  finding.fixes.push_back(keyset_fix(*page.shape, block, context.schema));
  finding.fixes.push_back({.kind = "advice",
                           .title = "Or read it in one go through a cursor",
                           .code = {},
                           .language = {},
                           .safety = "A cursor needs one transaction for the whole walk."});
  return finding;
}

}  // namespace

void check_offset_walk(const RuleContext& context, std::vector<Finding>& findings) {
  const auto min_pages =
      std::max(3U, static_cast<uint32_t>(context.option("offset-walk.min-pages", kMinPages)));
  for (const auto& [key, pattern] : context.workload.patterns) {
    if (pattern.offsets.count() == 0 || pattern.offsets.max() == 0 || !is_read(pattern.shape->kind) ||
        pattern.shape->blocks.empty() || pattern.shape->catalog_only)
      continue;
    uint64_t scopes = 0;
    const std::optional<LoopExample> walk = longest_walk(context, pattern, min_pages, scopes);
    if (walk) findings.push_back(walk_finding(context, pattern, *walk, scopes));
  }
}

}  // namespace pgsieve
