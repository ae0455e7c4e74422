// unpaginated: see rule.md. A SELECT with no bound on its rows is judged only with evidence that they are
// many. From the best evidence to the weakest:
//   rows      returned, as a plan or the wire counted them;
//   scan      rows the plan's scan of the only table gave;
//   table     the size of the table (statistics, or the largest scan seen), when nothing narrows it down;
//   duration  of a statement that has nothing else to spend time on: it reads one whole table, or filters one
//   by a condition
//             no index could serve and most rows meet.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "analyzer/workload/link.h"
#include "rules/common.h"
#include "rules/yardstick.h"

namespace pgsieve {
namespace {

constexpr double kManyRows = 1000;
// A warm server reads and sends a thousand or two narrow rows in a millisecond. Options
// unpaginated.whole-table-ms and unpaginated.filtered-ms: the least time that counts, where the capture's own
// look-ups are not slower still.
constexpr double kWholeTableMs = 1;
constexpr double kFilteredMs = 4;  // as above, with the condition evaluated on rows that are not returned
constexpr double kSlowRatio = 4;  // times the look-ups of this capture from which reading must have been much

enum class Reach : uint8_t {
  kBounded,   // LIMIT, unique key, aggregate, batch of keys, cursor: never this rule's business
  kNarrowed,  // conditions that may leave few rows
  kMost,      // conditions that most rows meet: one open range, <>, a flag
  kWhole,     // none
};

// deleted_at IS NULL: rows are marked as gone and kept. Most of a table is not gone.
bool asks_for_live_rows(const Predicate& predicate) {
  constexpr std::array<std::string_view, 4> kMarks = {"deleted", "archived", "removed", "discarded"};
  return std::ranges::any_of(name_words(predicate.column.column), [&](const std::string& word) {
    return std::ranges::find(kMarks, word) != kMarks.end();
  });
}

// Conditions one row in two meets, as far as the text tells.
bool leaves_most_rows(const Predicate& predicate) {
  switch (predicate.op) {
    case PredicateOperator::kIsNull:
      return asks_for_live_rows(predicate);
    case PredicateOperator::kNotEqual:
    case PredicateOperator::kNotIn:
    case PredicateOperator::kNotLike:
    case PredicateOperator::kNotILike:
    case PredicateOperator::kIsNotNull:
    case PredicateOperator::kIsTrue:
    case PredicateOperator::kIsFalse:
    case PredicateOperator::kIsNotTrue:
    case PredicateOperator::kIsNotFalse:
    case PredicateOperator::kLess:
    case PredicateOperator::kLessEqual:
    case PredicateOperator::kGreater:
    case PredicateOperator::kGreaterEqual:
      return true;
    default:
      return false;
  }
}

bool is_range(PredicateOperator op) {
  return op == PredicateOperator::kLess || op == PredicateOperator::kLessEqual ||
         op == PredicateOperator::kGreater || op == PredicateOperator::kGreaterEqual;
}

Reach reach_of_conditions(const StatementShape& shape, const Schema& schema) {
  Reach reach = Reach::kWhole;
  std::vector<std::string> ranged;
  for (const Predicate& predicate : shape.predicates) {
    if (predicate.block != 0 || predicate.from_join) continue;
    if (predicate.operand == OperandKind::kColumn && predicate.column.relation != predicate.other.relation)
      continue;
    // Keys in a list or from a sub-query: somebody chose the rows already (an eager load, mostly).
    if (predicate.op == PredicateOperator::kIn) return Reach::kBounded;
    if (predicate.op == PredicateOperator::kEqual && predicate.column.relation != kNoIndex &&
        pinned_by_unique_key(shape, 0, predicate.column.relation,
                             table_behind(schema, shape.relations[predicate.column.relation])))
      return Reach::kBounded;
    const bool repeated = std::ranges::find(ranged, predicate.column.column.view()) != ranged.end();
    if (is_range(predicate.op)) ranged.push_back(predicate.column.column);
    reach = std::min(reach, leaves_most_rows(predicate) && !repeated ? Reach::kMost : Reach::kNarrowed);
  }
  return reach;
}

// A page of one table in a sub-query, joined to what belongs to its rows: an eager load.
bool pages_first(const StatementShape& shape, const Relation& relation) {
  if (relation.kind != Relation::Kind::kDerivedTable && relation.kind != Relation::Kind::kCte) return false;
  if (relation.source_block >= shape.blocks.size()) return false;
  const QueryBlock& source = shape.blocks[relation.source_block];
  return source.limit.present && !source.limit.all;
}

// SELECT DISTINCT genre FROM acts: as many rows as there are genres, whatever the table has. With the key of
// its rows among the columns they are the table's.
bool lists_kinds(const StatementShape& shape) {
  const QueryBlock& top = shape.blocks[0];
  return top.distinct && std::ranges::none_of(top.targets, [&shape](const TargetColumn& target) {
           if (target.star || target.use.whole_row()) return target.star || target.expression.empty();
           return target.use.relation >= shape.relations.size() ||
                  looks_like_row_id(target.use.column, shape.relations[target.use.relation]);
         });
}

Reach reach_of(const Pattern& pattern, const Schema& schema) {
  const StatementShape& shape = *pattern.shape;
  const QueryBlock& top = shape.blocks[0];
  const bool limited = top.limit.present && !top.limit.all && !limit_bounds_nothing(pattern);
  const bool bounded = limited || top.has_aggregate || !top.group.empty() || top.has_having ||
                       top.set_operation || top.skip_locked || lists_kinds(shape) || pattern.fetches > 0;
  if (bounded || !top.has_from || pattern.key.arity == Arity::kMany || shape.main_relation() == kNoIndex)
    return Reach::kBounded;
  bool reads_table = false;
  for (const Relation& relation : shape.relations) {
    if (relation.block != 0) continue;
    if (is_catalog_relation(relation)) return Reach::kBounded;
    if (relation.kind == Relation::Kind::kFunction || relation.kind == Relation::Kind::kValues)
      return Reach::kBounded;
    if (pages_first(shape, relation)) return Reach::kBounded;
    reads_table |= relation.kind == Relation::Kind::kTable;
  }
  return reads_table ? reach_of_conditions(shape, schema) : Reach::kBounded;
}

// A statement repeated inside a loop is the loop's problem; paging each turn of it would be no fix.
bool repeats_in_loop(const RuleContext& context, const std::vector<Finding>& findings,
                     const PatternKey& key) {
  const bool reported = std::ranges::any_of(findings, [&key](const Finding& finding) {
    return finding.pattern == key && (finding.rule == "n-plus-one" || finding.rule == "recursive-walk");
  });
  return reported || std::ranges::any_of(context.workload.loops, [&key](const auto& entry) {
           return entry.first.child == key && entry.second.per_scope.max() >= 3 &&
                  std::ranges::any_of(entry.second.examples.unpacked(), [](const LoopExample& example) {
                    return example.distinct_values >= 3;
                  });
         });
}

std::optional<double> table_rows(const RuleContext& context, const Relation& relation) {
  if (const Table* table = table_behind(context.schema, relation); table != nullptr && table->rows)
    return table->rows;
  for (const std::string& name : {qualified_name(relation), std::string(relation.name)}) {
    const auto found = context.workload.tables.find(name);
    if (found != context.workload.tables.end() && found->second.max_scanned_rows > 0)
      return found->second.max_scanned_rows;
  }
  return std::nullopt;
}

struct Evidence {
  bool known = false;  // enough to judge at all
  bool many = false;
  Confidence confidence = Confidence::kLow;
  std::string text;
  std::string missing;  // what would raise the confidence
};

Evidence from_rows(const Pattern& pattern, double many) {
  if (pattern.rows_calls == 0) return {};
  const auto most = static_cast<double>(pattern.rows_max);
  return {.known = true,
          .many = most >= many,
          .confidence = Confidence::kHigh,
          .text = fmt::format("returned up to {} rows", grouped(most)),
          .missing = {}};
}

// One table, and a plan that says how many rows its scan passed on.
Evidence from_scan(const Pattern& pattern, double many) {
  const auto tables = std::ranges::count_if(pattern.shape->relations, [](const Relation& relation) {
    return relation.kind == Relation::Kind::kTable;
  });
  if (pattern.planned_calls == 0 || tables != 1) return {};
  double most = -1;
  for (const PlanFact& fact : pattern.plans)
    if (fact.access != PlanFact::Access::kSort && fact.access != PlanFact::Access::kOther)
      most = std::max(most, fact.max_rows);
  if (most < 0) return {};
  return {.known = true,
          .many = most >= many,
          .confidence = Confidence::kHigh,
          .text = fmt::format("its scan gave {} rows", grouped(most)),
          .missing = {}};
}

Evidence from_table_size(const RuleContext& context, const Pattern& pattern, Reach reach, double many) {
  const StatementShape& shape = *pattern.shape;
  const std::optional<double> rows = table_rows(context, shape.relations[shape.main_relation()]);
  if (!rows || reach == Reach::kNarrowed) return {};
  return {.known = true,
          .many = reach == Reach::kWhole ? *rows >= many : *rows >= 4 * many,
          .confidence = reach == Reach::kWhole ? Confidence::kHigh : Confidence::kMedium,
          .text = fmt::format("the table has about {} rows", grouped(*rows)),
          .missing = "the rows of this statement were not counted; a capture with plans would"};
}

Evidence from_duration(const RuleContext& context, const Pattern& pattern, Reach reach, double floor_ms) {
  const std::optional<double> best = best_ms(pattern);
  if (!best || reach == Reach::kNarrowed) return {};
  const double least = reach == Reach::kWhole ? context.option("unpaginated.whole-table-ms", kWholeTableMs)
                                              : context.option("unpaginated.filtered-ms", kFilteredMs);
  const double needed =
      std::max(slowness_factor(context) * least, kSlowRatio * floor_ms) + cold_start_ms(pattern);
  return {.known = true,
          .many = *best >= needed,
          .confidence = *best >= 4 * needed ? Confidence::kMedium : Confidence::kLow,
          .text = fmt::format("{:.1f} ms per execution, with nothing to spend it on but many rows", *best),
          .missing =
              "the number of rows is inferred from the time alone; table statistics or a capture with plans "
              "would tell"};
}

Evidence weigh(const RuleContext& context, const Pattern& pattern, Reach reach, double floor_ms) {
  const double many = context.option("unpaginated.min-rows", kManyRows);
  Evidence evidence = from_rows(pattern, many);
  if (!evidence.known) evidence = from_scan(pattern, many);
  if (!evidence.known) evidence = from_table_size(context, pattern, reach, many);
  if (!evidence.known) evidence = from_duration(context, pattern, reach, floor_ms);
  return evidence;
}

}  // namespace

void check_unpaginated(const RuleContext& context, std::vector<Finding>& findings) {
  const double floor_ms = lookup_floor_ms(context);
  std::vector<Finding> found;
  for (const auto& [key, pattern] : context.workload.patterns) {
    const StatementShape& shape = *pattern.shape;
    if (pattern.calls == 0 || shape.kind != StatementKind::kSelect || shape.blocks.empty() ||
        shape.catalog_only)
      continue;
    const Reach reach = reach_of(pattern, context.schema);
    if (reach == Reach::kBounded || repeats_in_loop(context, findings, key)) continue;
    const Evidence evidence = weigh(context, pattern, reach, floor_ms);
    if (!evidence.many) continue;
    Finding finding = pattern_finding("unpaginated", pattern);
    finding.confidence = evidence.confidence;
    finding.severity =
        evidence.confidence == Confidence::kLow ? FindingSeverity::kInfo : FindingSeverity::kWarning;
    finding.message = fmt::format(
        "reads {} of {} {}: {}", reach == Reach::kWhole ? "all" : "an open-ended part",
        finding.table.empty() ? "its tables" : finding.table,
        limit_bounds_nothing(pattern) ? "with a LIMIT that bounds nothing" : "without LIMIT", evidence.text);
    finding.evidence.push_back(evidence.text);
    if (!evidence.missing.empty()) finding.why_not_higher.push_back(evidence.missing);
    finding.fixes.push_back(
        {.kind = "advice",
         .title = "Read a page at a time: a unique ORDER BY and LIMIT, the next page by the last row's key",
         .code = {},
         .language = {},
         .safety = "Callers that need every row (exports, reports) should stream them through a cursor "
                   "instead."});
    found.push_back(std::move(finding));
  }
  std::ranges::move(found, std::back_inserter(findings));
}

}  // namespace pgsieve
