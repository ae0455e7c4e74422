#include "rules/n_plus_one/latent.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "rules/common.h"
#include "rules/memo.h"

namespace pgsieve {
namespace {

constexpr uint64_t kMinScopes = 2;

std::set<PatternKey> reported_children(const std::vector<Finding>& findings) {
  std::set<PatternKey> children;
  for (const Finding& finding : findings) {
    if (finding.rule == "n-plus-one" && finding.confidence >= Confidence::kMedium)
      children.insert(finding.pattern);
  }
  return children;
}

// A list of everything, run by a test, that brought one row each time: the fixture has no more.
bool one_row_test(const Pattern& parent) {
  const bool whole_table = parent.shape->predicates.empty() && !parent.shape->blocks.empty() &&
                           !parent.shape->blocks[0].limit.present && !parent.shape->blocks[0].has_aggregate;
  return whole_table && parent.rows_calls > 0 && parent.rows_max == 1 && parent.tags.contains("test");
}

bool links(const RuleContext& context, const Pattern& parent, const Pattern& child) {
  const Link link = context.memo->link(parent, child, context);
  return link.strength >= LinkStrength::kNames && link.strength != LinkStrength::kSameKey;
}

Finding latent_finding(const Pattern& parent, const Pattern& child, uint64_t scopes, bool elsewhere) {
  Finding finding = pattern_finding("n-plus-one", child);
  finding.object = "latent";
  finding.severity = FindingSeverity::kInfo;
  finding.confidence = Confidence::kLow;
  finding.parent = parent.key;
  finding.parent_query = parent.query;
  finding.count = scopes;
  finding.scopes = scopes;
  finding.properties["latent"] = "true";
  finding.message =
      "ran once after each of its lists, as if they had one row: with more rows it would be a loop";
  finding.evidence.push_back(elsewhere
                                 ? "the same statement runs in a loop after another list"
                                 : "the list reads a whole table and brought one row each time, in a test");
  finding.why_not_higher.emplace_back("no loop was seen; test data with two rows would show it");
  return finding;
}

// Of a child the pair that came most often: the same statement after a further list is no news.
struct Hint {
  const Pattern* parent = nullptr;
  const Pattern* child = nullptr;
  uint64_t scopes = 0;
  bool elsewhere = false;
};

}  // namespace

void add_latent_loops(const RuleContext& context, std::vector<Finding>& findings) {
  const std::set<PatternKey> reported = reported_children(findings);
  std::map<PatternKey, Hint> hints;  // by child
  for (const auto& [key, pair] : context.workload.latent_pairs) {
    if (pair.scopes < kMinScopes || context.workload.loops.contains(key)) continue;
    const Pattern* parent = context.workload.find(key.parent);
    const Pattern* child = context.workload.find(key.child);
    if (parent == nullptr || child == nullptr || !is_read(child->shape->kind) || child->shape->catalog_only ||
        parent->shape->blocks.empty() || !is_read(parent->shape->kind))
      continue;
    if (parent->rows_calls > 0 && parent->rows_max > 1) continue;  // several rows, one execution: no loop
    const bool elsewhere = reported.contains(key.child);
    if (!elsewhere && !one_row_test(*parent)) continue;
    // A list that it mostly does not follow has come before it by accident.
    if (5 * pair.scopes < 4 * parent->calls || !links(context, *parent, *child)) continue;
    Hint& hint = hints[key.child];
    if (pair.scopes > hint.scopes) hint = {parent, child, pair.scopes, elsewhere};
  }
  for (const auto& [key, hint] : hints)
    findings.push_back(latent_finding(*hint.parent, *hint.child, hint.scopes, hint.elsewhere));
}

}  // namespace pgsieve
