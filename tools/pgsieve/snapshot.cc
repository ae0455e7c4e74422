#include "tools/pgsieve/snapshot.h"

#include <algorithm>
#include <cstring>
#include <fstream>

#include "analyzer/report/report.h"
#include "analyzer/sql/canonical.h"
#include "tools/pgsieve/analysis.h"
#include "tools/pgsieve/json_report.h"

namespace pgsieve {

namespace {

bool is_store(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  char head[16] = {};
  stream.read(head, sizeof head);
  return stream.gcount() == sizeof head && std::memcmp(head, "SQLite format 3", 16) == 0;
}

void add_unique(std::vector<std::string>& names, std::string name) {
  if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
    names.push_back(std::move(name));
}

void describe(const StatementShape& shape, SnapshotPattern& pattern) {
  pattern.arity = shape.arity;
  pattern.read = is_read(shape.kind);
  for (const Relation& relation : shape.relations) {
    if (relation.kind == Relation::Kind::kTable) add_unique(pattern.tables, relation.name);
  }
  for (const Predicate& predicate : shape.predicates) {
    if (predicate.op != PredicateOperator::kEqual && predicate.op != PredicateOperator::kIn) continue;
    if (predicate.operand == OperandKind::kColumn || predicate.column.relation >= shape.relations.size())
      continue;
    add_unique(pattern.keys, shape.relations[predicate.column.relation].name + "." + predicate.column.column);
  }
}

// Two patterns of one form (the same statement in two spellings) are counted together.
void add_pattern(Snapshot& snapshot, SnapshotPattern pattern) {
  const auto [at, fresh] = snapshot.patterns.try_emplace(canonical_form(pattern.query), pattern);
  if (fresh) return;
  SnapshotPattern& same = at->second;
  if (same.mean_ms >= 0 && pattern.mean_ms >= 0 && same.calls + pattern.calls != 0) {
    same.mean_ms = (same.mean_ms * static_cast<double>(same.calls) +
                    pattern.mean_ms * static_cast<double>(pattern.calls)) /
                   static_cast<double>(same.calls + pattern.calls);
  }
  same.calls += pattern.calls;
  same.scanned = same.scanned || pattern.scanned;
  same.looked_up = same.looked_up || pattern.looked_up;
  same.planned = same.planned || pattern.planned;
}

Result<Snapshot> of_report(const std::string& path) {
  const Result<JsonReport> report = read_json_report(path);
  if (!report) return report.error();
  Snapshot snapshot;
  snapshot.name = path;
  snapshot.complete = report->patterns.size() >= report->patterns_total;
  for (const JsonPattern& each : report->patterns) {
    SnapshotPattern pattern;
    pattern.query = each.query;
    pattern.calls = each.calls;
    pattern.mean_ms = each.mean_ms;
    describe(draw_shape(each.query), pattern);
    arity_from_name(each.arity, pattern.arity);
    add_pattern(snapshot, std::move(pattern));
  }
  for (const JsonFinding& finding : report->findings) {
    SnapshotFinding& kept = snapshot.findings[finding.id];
    kept = {finding.rule,    finding.query, finding.parent_query,
            finding.message, finding.count, finding.scopes};
  }
  return snapshot;
}

Result<Snapshot> of_capture(const std::string& path, const AnalysisOptions& given) {
  AnalysisOptions options = given;
  options.inputs.clear();
  options.store_file.clear();
  (is_store(path) ? options.store_file : options.inputs.emplace_back()) = path;
  const Result<Analysis> analysis = analyse(options);
  if (!analysis) return analysis.error();
  Snapshot snapshot;
  snapshot.name = path;
  for (const auto& [key, each] : analysis->workload.patterns) {
    if (each.shape == nullptr || each.calls == 0) continue;
    if (!is_read(each.shape->kind) && !is_write(each.shape->kind)) continue;
    if (each.shape->catalog_only) continue;
    SnapshotPattern pattern;
    pattern.query = each.query;
    pattern.calls = each.calls;
    const PatternTimes times = pattern_times(each);
    if (times.known) pattern.mean_ms = times.mean_ms;
    pattern.planned = each.planned_calls != 0;
    for (const PlanFact& fact : each.plans) {
      pattern.scanned = pattern.scanned || fact.access == PlanFact::Access::kSeqScan;
      pattern.looked_up = pattern.looked_up || fact.access == PlanFact::Access::kIndexScan ||
                          fact.access == PlanFact::Access::kIndexOnlyScan ||
                          fact.access == PlanFact::Access::kBitmapScan;
    }
    describe(*each.shape, pattern);
    pattern.arity = key.arity;
    add_pattern(snapshot, std::move(pattern));
  }
  for (const Finding& finding : analysis->findings) {
    SnapshotFinding& kept = snapshot.findings[finding.id];
    if (kept.rule.empty()) kept = {finding.rule, finding.query, finding.parent_query, finding.message, 0, 0};
    kept.count += finding.count;
    kept.scopes += finding.scopes;
  }
  return snapshot;
}

}  // namespace

Result<Snapshot> take_snapshot(const std::string& path, const AnalysisOptions& options) {
  return is_json_report(path) ? of_report(path) : of_capture(path, options);
}

double per_scope(const SnapshotFinding& finding) {
  if (finding.count == 0) return 0;
  return static_cast<double>(finding.count) / static_cast<double>(std::max<uint64_t>(1, finding.scopes));
}

}  // namespace pgsieve
