// n-plus-one: a query that runs once per row of an earlier one. See rule.md.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <vector>

#include "analyzer/base/parallel.h"
#include "rules/common.h"
#include "rules/fixes/fixes.h"
#include "rules/loop_path.h"
#include "rules/loop_verdict.h"
#include "rules/memo.h"
#include "rules/n_plus_one/latent.h"

namespace pgsieve {

namespace {

// A read that asks for one value at a time and returns data.
bool can_be_child(const Pattern& pattern) {
  return pattern.shape != nullptr && is_read(pattern.shape->kind) && pattern.key.arity != Arity::kMany &&
         !pattern.shape->catalog_only;
}

// True when the rows a query returns are of that table; what merely joins it fetches something else. A query
// without columns of a table, a count or 1, is about the table it asks by key.
bool returns_rows_of(const StatementShape& shape, const std::string& table) {
  const uint32_t rows = shape.row_relation();
  const uint32_t relation = rows == kNoIndex ? shape.main_relation() : rows;
  return relation < shape.relations.size() && shape.relations[relation].name == table;
}

// A validation or get-or-create query belongs to the write that follows it in every turn: that is one write
// loop.
bool part_of_write(const RuleContext& context, const Pattern& child, const LoopExample& example) {
  const bool written_after = example.written_after + 1 >= example.count;
  if (!written_after && example.cycle_statements < 2) return false;
  bool writes_other = false;
  for (const PatternKey& key : example.cycle) {
    const Pattern* other = context.workload.find(key);
    if (other == nullptr || other->shape == nullptr || !is_write(other->shape->kind)) continue;
    const uint32_t written = other->shape->main_relation();
    if (written == kNoIndex) continue;
    if (returns_rows_of(*child.shape, other->shape->relations[written].name)) return true;
    writes_other = true;
  }
  return written_after && !writes_other;
}

// The table whose rows the loop goes over: of a join, the one that the values come from.
const Relation* listed_table(const LoopVerdict& verdict, const Pattern& parent) {
  const std::vector<Relation>& relations = parent.shape->relations;
  if (verdict.through == kNoPattern && !verdict.link.parent_table.empty()) {
    for (const Relation& relation : relations)
      if (relation.name == verdict.link.parent_table) return &relation;
  }
  const uint32_t main = parent.shape->main_relation();
  return main == kNoIndex ? nullptr : &relations[main];
}

std::string describe(const LoopVerdict& verdict, const Pattern& child, const Pattern* parent) {
  const uint32_t rows = child.shape->row_relation();
  const uint32_t read = rows == kNoIndex ? child.shape->main_relation() : rows;
  const Relation* table = read == kNoIndex ? nullptr : &child.shape->relations[read];
  const std::string name = table == nullptr ? "a statement" : "a query on " + qualified_name(*table);
  if (parent == nullptr)
    return fmt::format("{} ran {} times in a loop, one value at a time", name, verdict.count);
  const Relation* list = listed_table(verdict, *parent);
  return fmt::format("{} ran {} times, once per row of {}{}", name, verdict.count,
                     list == nullptr ? "another query" : "a list of " + qualified_name(*list),
                     verdict.loop->scopes > 1 ? fmt::format(" ({} lists)", verdict.loop->scopes) : "");
}

// How often a statement of the chain ran, as far as its own loop tells.
uint64_t executions_under(const RuleContext& context, const PatternKey& key, const LoopVerdict& verdict) {
  if (key == verdict.loop->key.parent && verdict.example->root != kNoPattern)
    return verdict.example->parent_executions * verdict.loop->scopes;
  uint64_t executions = 0;
  const auto from = context.workload.loops.lower_bound(LoopKey{key, kNoPattern});
  for (auto at = from; at != context.workload.loops.end() && at->first.child == key; ++at)
    if (at->first.parent != kNoPattern) executions = std::max(executions, at->second.executions);
  return executions;
}

void add_chain(const RuleContext& context, const LoopVerdict& verdict, Finding& finding) {
  const std::vector<PatternKey> above = path_above(context, verdict);
  if (above.size() < 2) return;
  const auto link = [&](const PatternKey& key, uint64_t count) {
    const Pattern* pattern = context.workload.find(key);
    if (pattern == nullptr) return;
    const uint32_t main = pattern->shape->main_relation();
    finding.chain.push_back(
        {key, pattern->query,
         main == kNoIndex ? std::string() : qualified_name(pattern->shape->relations[main]), count});
  };
  link(above.front(), verdict.loop->scopes);
  for (size_t at = 1; at < above.size(); ++at) link(above[at], executions_under(context, above[at], verdict));
  link(verdict.loop->key.child, verdict.count);
}

Finding loop_finding(const RuleContext& context, const Pattern& child, const LoopVerdict& verdict,
                     FixAdvisor& advisor) {
  const bool own_rows =
      verdict.kind == LoopClass::kTreeWalk && is_linked(verdict) && verdict.loop->key.parent == kNoPattern;
  const Pattern* parent = own_rows             ? &child
                          : is_linked(verdict) ? context.workload.find(parent_of(verdict))
                                               : nullptr;
  Finding finding = pattern_finding("n-plus-one", child);
  finding.severity =
      verdict.confidence >= Confidence::kHigh ? FindingSeverity::kError : FindingSeverity::kWarning;
  finding.confidence = verdict.confidence;
  if (parent != nullptr) {
    finding.parent = parent->key;
    finding.parent_query = parent->query;
  }
  finding.count = verdict.count;
  finding.scopes = verdict.loop->scopes;
  finding.message = describe(verdict, child, parent);
  finding.evidence = verdict.reasons;
  finding.why_not_higher = verdict.doubts;
  finding.time_ms = static_cast<double>(verdict.loop->child_time + verdict.loop->gap_time) / 1000.0;
  if (!verdict.link.child_column.empty()) finding.columns = {verdict.link.child_column};
  if (!verdict.example->source.empty()) finding.tags["source"] = verdict.example->source;
  add_chain(context, verdict, finding);
  finding.fixes = advisor.read_loop(verdict, child, parent);
  return finding;
}

// A statement may run in several loops, after different lists: each is a finding. What ran without a parent,
// or after lists of which none is certain, is only reported when no loop with one explains the statement: it
// is most often the rest of such a loop.
void report_loops(const RuleContext& context, const Pattern& child, const LoopOptions& options,
                  FixAdvisor& advisor, std::vector<Finding>& findings) {
  bool explained = false;
  const std::vector<LoopVerdict> verdicts = all_verdicts(context, child.key, options);
  const bool named = std::ranges::any_of(verdicts, [](const LoopVerdict& verdict) {
    return verdict.report && verdict.kind == LoopClass::kRowByRow && is_linked(verdict) &&
           parent_of(verdict) != kNoPattern;
  });
  for (const LoopVerdict& verdict : verdicts) {
    if (verdict.between_lists && named) continue;
    if (!verdict.report || (verdict.kind != LoopClass::kRowByRow && verdict.kind != LoopClass::kTreeWalk))
      continue;
    if (part_of_write(context, child, *verdict.example)) continue;
    const bool linked = is_linked(verdict);
    const bool alone = verdict.loop->key.parent == kNoPattern;
    if (!linked && !alone && explained) continue;
    explained = explained || linked;
    Finding finding = loop_finding(context, child, verdict, advisor);
    const auto same = std::ranges::find(findings, finding.parent, &Finding::parent);
    if (verdict.other_parent == kNoPattern || same == findings.end()) {
      findings.push_back(std::move(finding));
      continue;
    }
    same->count += finding.count;
    same->time_ms += finding.time_ms;
    same->evidence.push_back(
        fmt::format("{} more executions after other lists that ran in between", finding.count));
  }
}

}  // namespace

void check_n_plus_one(const RuleContext& context, std::vector<Finding>& findings) {
  LoopOptions options;
  options.min_count = static_cast<uint32_t>(context.option("n-plus-one.min-count", options.min_count));
  options.min_alone =
      static_cast<uint32_t>(context.option("n-plus-one.min-without-parent", options.min_alone));
  std::vector<const Pattern*> children;
  for (auto at = context.workload.loops.begin(); at != context.workload.loops.end();) {
    const PatternKey child_key = at->first.child;
    at = context.workload.loops.upper_bound(LoopKey{child_key, PatternKey{UINT64_MAX, Arity::kRows, true}});
    const Pattern* child = context.workload.find(child_key);
    if (child != nullptr && can_be_child(*child)) children.push_back(child);
  }
  // Writing the batched statements out takes longest of all that rules do.
  std::vector<std::vector<Finding>> found(children.size());
  parallel_for(context.threads, children.size(), [&]() -> IndexWorker {
    auto own = std::make_shared<RuleContext>(context);
    own->memo = context.memo->sibling();
    return [&, own, advisor = FixAdvisor(*own)](size_t index) mutable {
      report_loops(*own, *children[index], options, advisor, found[index]);
    };
  });
  for (std::vector<Finding>& of_child : found) std::ranges::move(of_child, std::back_inserter(findings));
  add_latent_loops(context, findings);
}

}  // namespace pgsieve
