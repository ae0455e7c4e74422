// recursive-walk: a tree or list inside one table, followed one row at a time. See rule.md.
//
// From a log alone a walk looks like any other loop over a key, and n-plus-one reports it. Where result rows
// are known (the wire), a walk proves itself: its values came, always in the same column, from rows that the
// same loop brought before. Two cases:
//   a path   each execution brings one row, which names the next: n-plus-one has no list to blame; this rule
//            takes over
//   a tree   n-plus-one names the list and the loop; this rule adds the proof and WITH RECURSIVE to its
//   finding
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "analyzer/sql/rewrite.h"
#include "rules/common.h"
#include "rules/loop_verdict.h"
#include "rules/memo.h"
#include "rules/row_evidence.h"

namespace pgsieve {
namespace {

constexpr double kMinSteps = 3;  // values that came from the loop's own rows

// What ties a table to itself, by declared key or by names; kNone: nothing known does.
Link self_link(const RuleContext& context, const Pattern& pattern) {
  Link link = context.memo->link(pattern, pattern, context);
  return ties_to_itself(link) ? std::move(link) : Link{};
}

// Every value but those of the roots came from the loop's own rows, and the list before it does not have them
// all: of people who are asked for in any order, some are the superiors of others. Numbers that grow by equal
// steps may stand in any column by chance.
bool fed_by_itself(const LoopExample& example, uint32_t min_steps) {
  const uint32_t roots = example.parent_rows > 0 ? static_cast<uint32_t>(example.parent_rows) : 1;
  const bool listed =
      example.matched_values > 1 && 10 * example.matched_values >= 9 * matchable_values(example);
  return !listed && example.fed_by_own_rows >= min_steps && 2 * example.fed_by_own_rows >= example.count &&
         example.fed_by_own_rows + roots >= example.count;
}

bool by_chance(const LoopExample& example) {
  return example.arithmetic * 2 >= example.count;
}

std::string column_of(const std::string& qualified) {
  const size_t dot = qualified.rfind('.');
  return dot == std::string::npos ? qualified : qualified.substr(dot + 1);
}

// The column that the varying value is compared with.
std::string asked_column(const Pattern& pattern, const LoopExample& example) {
  const std::vector<SlotUse>& slots = pattern.shape->slots;
  return example.varying_slot < slots.size() ? std::string(slots[example.varying_slot].column.column)
                                             : std::string();
}

bool is_path(const Pattern& pattern) {
  return pattern.rows_calls > 0 && pattern.rows_max <= 1;
}

std::optional<LoopExample> proven_walk(const RuleContext& context, const Pattern& pattern, uint32_t min_steps,
                                       const Loop*& loop) {
  std::optional<LoopExample> best;
  const auto from = context.workload.loops.lower_bound(LoopKey{pattern.key, kNoPattern});
  for (auto at = from; at != context.workload.loops.end() && at->first.child == pattern.key; ++at) {
    for (LoopExample& example : at->second.examples.unpacked()) {
      if (!fed_by_itself(example, min_steps) || (best && example.count <= best->count)) continue;
      best = std::move(example);
      loop = &at->second;
    }
  }
  return best;
}

// The column that fed the loop refers to another table, as declared: small numbers are keys of every table.
bool refers_elsewhere(const RuleContext& context, const LoopExample& example) {
  const std::string own_column = example.own_column;
  const size_t dot = own_column.rfind('.');
  if (dot == std::string::npos) return false;
  const std::string table_name = own_column.substr(0, dot);
  const size_t schema_dot = table_name.rfind('.');
  const Table* table =
      schema_dot == std::string::npos
          ? context.schema.find("", table_name)
          : context.schema.find(table_name.substr(0, schema_dot), table_name.substr(schema_dot + 1));
  if (table == nullptr) return false;
  return std::ranges::any_of(table->foreign_keys, [&](const ForeignKey& key) {
    return key.columns.size() == 1 && key.columns[0] == column_of(own_column) &&
           key.target_table != table->name;
  });
}

// n-plus-one found a list that the values come from.
bool has_list(const std::vector<Finding>& findings, const PatternKey& looping) {
  return std::ranges::any_of(findings, [&](const Finding& finding) {
    return finding.rule == "n-plus-one" && finding.pattern == looping && finding.parent != kNoPattern &&
           finding.parent != looping;
  });
}

// WITH RECURSIVE from the loop's own statement; `id_column` is the column that fed it.
std::optional<Fix> recursive_fix(const Pattern& pattern, const LoopExample& example,
                                 const std::string& id_column) {
  BatchRequest request;
  request.text = pattern.reference_text;
  request.shape = pattern.shape.get();
  request.varying = {example.varying_slot};
  const std::optional<Rewrite> rewrite = recursive_rewrite(request, id_column);
  if (!rewrite) return std::nullopt;
  Fix fix{.kind = "sql",
          .title = "Follow the whole path in one statement",
          .code = rewrite->sql,
          .language = "sql",
          .safety =
              "Data with a circle in it never ends: add CYCLE (PostgreSQL 14) or a depth limit where the "
              "schema allows circles."};
  for (const std::string& note : rewrite->notes) fix.safety += " " + note;
  return fix;
}

Finding path_finding(const Pattern& pattern, const Loop& loop, const LoopExample& example,
                     LinkStrength self) {
  Finding finding = pattern_finding("recursive-walk", pattern);
  finding.severity = FindingSeverity::kWarning;
  const bool declared = self == LinkStrength::kForeignKey;
  finding.confidence = declared                                             ? Confidence::kProved
                       : self >= LinkStrength::kNames || example.count >= 5 ? Confidence::kHigh
                                                                            : Confidence::kMedium;
  finding.count = loop.executions;
  finding.scopes = loop.scopes;
  finding.time_ms = static_cast<double>(loop.child_time + loop.gap_time) / 1000;
  finding.message =
      fmt::format("a path through {} was followed row by row: {} executions, each with the row before",
                  finding.table.empty() ? "a table" : finding.table, example.count);
  finding.evidence.push_back(
      fmt::format("{} of {} values stood in {} of the row that the execution before "
                  "returned",
                  example.fed_by_own_rows, example.count, example.own_column));
  if (declared) finding.evidence.push_back("a foreign key ties the table to itself");
  if (!declared)
    finding.why_not_higher.emplace_back("no foreign key of the table to itself is known (--schema)");
  if (!example.source.empty()) finding.tags["source"] = example.source;
  if (std::optional<Fix> fix = recursive_fix(pattern, example, column_of(example.own_column)))
    finding.fixes.push_back(std::move(*fix));
  finding.fixes.push_back({.kind = "advice",
                           .title =
                               "Fetch the path with one WITH RECURSIVE query, or store it (a path column, "
                               "ltree, a closure table)",
                           .code = {},
                           .language = {},
                           .safety = "A stored path must be kept up to date when a node moves."});
  return finding;
}

// Findings of n-plus-one about a table that is its own parent get the recursive query as a further way out.
void amend(const RuleContext& context, const Pattern& pattern, const std::optional<LoopExample>& proof,
           Finding& finding) {
  const Pattern* parent = context.workload.find(finding.parent);
  if (parent == nullptr) return;
  const Link link = context.memo->link(*parent, pattern, context);
  if (!ties_to_itself(link)) return;
  finding.properties["walk"] = "tree";
  if (proof)
    finding.evidence.push_back(
        fmt::format("{} of {} values stood in {} of rows that the loop itself had "
                    "returned: it walks down a tree",
                    proof->fed_by_own_rows, proof->count, proof->own_column));
  const bool there = std::ranges::any_of(
      finding.fixes, [](const Fix& fix) { return fix.code.find("RECURSIVE") != std::string::npos; });
  if (there) return;
  const auto found = context.workload.loops.find(LoopKey{finding.pattern, finding.parent});
  if (found == context.workload.loops.end() || found->second.examples.empty()) return;
  if (std::optional<Fix> fix = recursive_fix(pattern, found->second.examples.front(), link.parent_column))
    finding.fixes.insert(finding.fixes.begin(), std::move(*fix));
}

// Rows that were asked for by key, each on its own and with no list before them, of a table whose rows name
// one another: each may have named the next. The log doesn't tell, so the batched read stays the first fix.
void amend_path(const RuleContext& context, const Pattern& pattern, const Link& self, Finding& finding) {
  if (finding.parent != kNoPattern || self.strength != LinkStrength::kForeignKey) return;
  const auto found = context.workload.loops.find(LoopKey{finding.pattern, kNoPattern});
  if (found == context.workload.loops.end() || found->second.examples.empty()) return;
  const LoopExample example = found->second.examples.front();
  if (asked_column(pattern, example) != self.child_column) return;
  std::optional<Fix> fix = recursive_fix(pattern, example, self.parent_column);
  if (!fix) return;
  finding.evidence.push_back(fmt::format("{}.{} refers to {}: each row may have named the next",
                                         self.parent_table, self.parent_column, self.child_column));
  fix->title = "Where each row names the next: follow the whole path in one statement";
  finding.fixes.push_back(std::move(*fix));
}

}  // namespace

void check_recursive_walk(const RuleContext& context, std::vector<Finding>& findings) {
  const auto min_steps =
      std::max(2U, static_cast<uint32_t>(context.option("recursive-walk.min-steps", kMinSteps)));
  for (const auto& [key, pattern] : context.workload.patterns) {
    if (!is_read(pattern.shape->kind) || pattern.shape->blocks.empty() || pattern.shape->catalog_only)
      continue;
    const Loop* loop = nullptr;
    std::optional<LoopExample> walk = proven_walk(context, pattern, min_steps, loop);
    const Link self = self_link(context, pattern);
    if (walk) {
      const std::string fed_by = column_of(walk->own_column);
      const bool tied = self.strength != LinkStrength::kNone && fed_by == self.parent_column;
      const bool same_row = fed_by == asked_column(pattern, *walk);  // asked for again
      const bool chance = by_chance(*walk) || !is_path(pattern) || refers_elsewhere(context, *walk) ||
                          has_list(findings, key);
      if (same_row || (!tied && chance)) walk.reset();
    }
    if (walk && is_path(pattern)) {
      std::erase_if(findings, [&looping = key](const Finding& finding) {
        return finding.pattern == looping && finding.rule == "n-plus-one";
      });
      findings.push_back(path_finding(pattern, *loop, *walk, self.strength));
      continue;
    }
    for (Finding& finding : findings) {
      if (finding.pattern != key || finding.rule != "n-plus-one") continue;
      amend(context, pattern, walk, finding);
      amend_path(context, pattern, self, finding);
    }
  }
}

}  // namespace pgsieve
