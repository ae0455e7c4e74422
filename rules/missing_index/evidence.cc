#include "rules/missing_index/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "analyzer/workload/link.h"
#include "rules/common.h"
#include "rules/missing_index/serving.h"
#include "rules/yardstick.h"

namespace pgsieve::missing_index {
namespace {

// A table below this is read in a fraction of a millisecond; no index changes what anybody notices.
constexpr double kMinTableRows = 2000;
// A condition must throw away this many rows for each one it keeps before an index on it pays.
constexpr double kSelectiveRatio = 4;
// Rows an index look-up must fetch in vain before a better index is worth it.
constexpr double kRemovedPerLookup = 100;
// Where the capture holds no look-ups to compare with, and as the least that is worth a word: a warm server
// scans a few thousand rows in this time; an index look-up takes a tenth of it. A foreign key wants its index
// anyway.
constexpr double kReferenceMs = 0.4;  // option missing-index.reference-ms
constexpr double kColumnMs = 0.8;     // option missing-index.column-ms
// Times the capture's own look-ups from which a statement is slow.
constexpr double kSlowRatio = 4;
// How far beyond slow a time must be to speak for itself where something else may explain it.
constexpr double kPlainRatio = 10;

struct Scans {
  bool any = false;          // the plan shows how the table is read
  double scanned = 0;        // rows of the largest sequential scan
  double kept = 0;           // rows that scan passed on
  bool filtered = false;     // by the candidate's own condition
  double index_removed = 0;  // rows an index scan fetched and threw away
  double index_kept = 0;
  std::string wrong_index;  // an index walked without its first column
  bool served = false;      // an index scan that starts with one of the candidate's keys
};

bool mentions_key(std::string_view text, const IndexCandidate& candidate) {
  return std::ranges::any_of(candidate.keys, [text](const CandidateKey& key) {
    if (!key.column.empty()) return text.find(key.column) != std::string_view::npos;
    const size_t open = key.expression.find('(');
    return text.find(key.expression.substr(0, open == std::string::npos ? 4 : open)) !=
           std::string_view::npos;
  });
}

const Index* index_named(const Table* table, std::string_view name) {
  if (table == nullptr) return nullptr;
  const auto found = std::ranges::find(table->indexes, name, &Index::name);
  return found == table->indexes.end() ? nullptr : &*found;
}

Scans read_plans(const IndexCandidate& candidate, const Pattern& pattern) {
  Scans scans;
  const std::string& relation = pattern.shape->relations[candidate.relation].name;
  for (const PlanFact& fact : pattern.plans) {
    const bool partition = candidate.table != nullptr && !candidate.table->partition_strategy.empty() &&
                           fact.relation.starts_with(relation);
    if (fact.relation != relation && !partition) continue;
    const double read = fact.max_rows + fact.max_rows_removed;
    if (fact.access == PlanFact::Access::kSeqScan) {
      scans.any = true;
      if (read < scans.scanned) continue;
      scans.scanned = read;
      scans.kept = fact.max_rows;
      scans.filtered = mentions_key(fact.filter, candidate);
    } else if (fact.access != PlanFact::Access::kSort && fact.access != PlanFact::Access::kOther) {
      scans.any = true;
      // Per look-up: a nested loop that drops a handful of rows each time is well served.
      const double removed_each = fact.rows_removed / std::max(fact.loops, 1.0);
      if (removed_each >= kRemovedPerLookup && fact.max_rows_removed > scans.index_removed &&
          mentions_key(fact.filter, candidate)) {
        scans.index_removed = fact.max_rows_removed;
        scans.index_kept = fact.max_rows;
      }
      const Index* index = index_named(candidate.table, fact.index);
      if (index == nullptr || index->keys.empty() || fact.condition.empty()) continue;
      const IndexKey& first = index->keys.front();
      const bool starts = !first.column.empty() && fact.condition.find(first.column) != std::string::npos;
      const bool expression = first.column.empty();
      if (!starts && !expression && index->method == "btree") scans.wrong_index = index->name;
    }
  }
  return scans;
}

std::optional<double> table_rows(const IndexCandidate& candidate, const Pattern& pattern,
                                 const RuleContext& context) {
  if (candidate.table != nullptr && candidate.table->rows) return candidate.table->rows;
  const Relation& relation = pattern.shape->relations[candidate.relation];
  for (const std::string& name : {qualified_name(relation), std::string(relation.name)}) {
    const auto found = context.workload.tables.find(name);
    if (found != context.workload.tables.end() && found->second.max_scanned_rows > 0)
      return found->second.max_scanned_rows;
  }
  return std::nullopt;
}

void raise(Evidence& evidence, Confidence confidence, std::string reason) {
  evidence.verdict = Evidence::Verdict::kFor;
  evidence.confidence = std::max(evidence.confidence, confidence);
  evidence.reasons.push_back(std::move(reason));
}

// What executed plans say. True when they settle the matter.
bool judge_plans(const IndexCandidate& candidate, const Scans& scans, double min_rows, Evidence& evidence) {
  if (!scans.any) return false;
  if (scans.index_removed >= min_rows &&
      scans.index_removed >= kSelectiveRatio * std::max(scans.index_kept, 1.0)) {
    raise(evidence, Confidence::kHigh,
          fmt::format("the index the plan uses fetched {} rows to keep {}",
                      grouped(scans.index_removed + scans.index_kept), grouped(scans.index_kept)));
    return true;
  }
  if (scans.scanned <= 0) return false;
  if (scans.scanned < min_rows) {
    evidence.verdict = Evidence::Verdict::kAgainst;
    return true;
  }
  const bool whole_scan = candidate.need == Need::kOrder || candidate.need == Need::kJoin;
  const bool selective =
      scans.filtered && scans.scanned - scans.kept >= kSelectiveRatio * std::max(scans.kept, 1.0);
  if (selective) {
    raise(evidence, Confidence::kHigh,
          fmt::format("the plan scans {} rows to keep {}", grouped(scans.scanned), grouped(scans.kept)));
  } else if (whole_scan) {
    raise(evidence, Confidence::kHigh,
          fmt::format("the plan scans all {} rows of the table", grouped(scans.scanned)));
  } else if (scans.filtered || scans.kept == scans.scanned) {
    evidence.verdict = Evidence::Verdict::kAgainst;
  }
  return true;
}

double needed_ms(const IndexCandidate& candidate, const Pattern& pattern, const RuleContext& context,
                 double floor_ms) {
  double needed = candidate.foreign_key ? context.option("missing-index.reference-ms", kReferenceMs)
                                        : context.option("missing-index.column-ms", kColumnMs);
  // One or two executions are a thin sample; a foreign key wants its index anyway, other columns need more to
  // show for it.
  if (!candidate.foreign_key && pattern.durations.count() < 3) needed *= 2;
  // Writes and row locks wait for others, so their time says less.
  const bool locks =
      is_write(pattern.shape->kind) || std::ranges::any_of(pattern.shape->blocks, &QueryBlock::for_update);
  if (locks) needed *= 5;
  needed *= slowness_factor(context);
  return std::max(needed, kSlowRatio * floor_ms) + cold_start_ms(pattern);
}

// count(*) and friends return one row however many met the condition: the time tells how much was read, not
// how much of it in vain. A statement that returns its rows would have too many of them to send.
bool hides_its_rows(const IndexCandidate& candidate, const Pattern& pattern) {
  const StatementShape& shape = *pattern.shape;
  return shape.blocks[shape.relations[candidate.relation].block].has_aggregate && !candidate.foreign_key &&
         candidate.need != Need::kJoin;
}

// The first rows of a small table in some order, and a sub-query for each of them: the time is the
// sub-query's as likely as the sort's.
bool spent_elsewhere(const IndexCandidate& candidate, const Pattern& pattern) {
  if (candidate.need != Need::kOrder) return false;
  const StatementShape& shape = *pattern.shape;
  return std::ranges::any_of(shape.relations, [&](const Relation& relation) {
    return relation.kind == Relation::Kind::kTable &&
           relation.block != shape.relations[candidate.relation].block;
  });
}

void judge_duration(const IndexCandidate& candidate, const Pattern& pattern, const RuleContext& context,
                    double floor_ms, Evidence& evidence) {
  const std::optional<double> best = best_ms(pattern);
  if (!best || spent_elsewhere(candidate, pattern)) return;
  const double needed = needed_ms(candidate, pattern, context, floor_ms);
  const bool plain = *best >= kPlainRatio * needed;
  const bool hidden = hides_its_rows(candidate, pattern);
  if (*best < needed || (hidden && !plain)) return;
  const Confidence confidence = hidden ? Confidence::kLow : plain ? Confidence::kHigh : Confidence::kMedium;
  if (hidden)
    evidence.why_not_higher.emplace_back(
        "an aggregate does not show how many rows meet the condition: most of them may");
  std::string reason = fmt::format("{:.1f} ms at best, far more than a look-up by index takes", *best);
  if (floor_ms > 0) reason += fmt::format(" ({:.2f} ms in this capture)", floor_ms);
  raise(evidence, confidence, std::move(reason));
  evidence.why_not_higher.emplace_back(
      "inferred from the time alone; a capture with auto_explain would show the scan");
}

}  // namespace

Evidence weigh(const IndexCandidate& candidate, const Pattern& pattern, const RuleContext& context,
               double floor_ms, const Index* serving) {
  Evidence evidence;
  const double min_rows = context.option("missing-index.min-rows", kMinTableRows);
  const Scans scans = read_plans(candidate, pattern);
  const bool settled = judge_plans(candidate, scans, min_rows, evidence);
  if (serving != nullptr && scans.index_removed <= 0)
    return {.verdict = Evidence::Verdict::kAgainst, .reasons = {}, .why_not_higher = {}};
  if (settled) return evidence;
  const std::optional<double> rows = table_rows(candidate, pattern, context);
  if (rows && candidate.table != nullptr && candidate.table->rows && *rows < min_rows) {
    evidence.verdict = Evidence::Verdict::kAgainst;
    return evidence;
  }
  // Without a plan, a condition that may keep most rows, and flags, stay unproved however long the statement
  // takes.
  if (candidate.unselective || candidate.need == Need::kOpenRange) return evidence;
  if (!scans.wrong_index.empty())
    raise(evidence, Confidence::kHigh,
          fmt::format("the plan walks the whole index {}, whose first column the statement does not test",
                      scans.wrong_index));
  judge_duration(candidate, pattern, context, floor_ms, evidence);
  if (rows && *rows >= 5 * min_rows && candidate.table != nullptr)
    raise(evidence, evidence.verdict == Evidence::Verdict::kFor ? Confidence::kHigh : Confidence::kMedium,
          fmt::format("no index serves the condition and the table has about {} rows", grouped(*rows)));
  if (candidate.table == nullptr && evidence.verdict == Evidence::Verdict::kFor) {
    // Hardly a table is without an index on its id.
    const Relation& relation = pattern.shape->relations[candidate.relation];
    if (looks_like_row_id(candidate.keys.front().column, relation)) {
      evidence.verdict = Evidence::Verdict::kNothing;
      return evidence;
    }
    evidence.confidence = Confidence::kLow;
    evidence.why_not_higher.emplace_back("the schema is not known (--schema): an index may exist");
    const std::optional<double> best = best_ms(pattern);
    if (!best || *best < kPlainRatio * needed_ms(candidate, pattern, context, floor_ms))
      evidence.verdict = Evidence::Verdict::kNothing;
  }
  return evidence;
}

}  // namespace pgsieve::missing_index
