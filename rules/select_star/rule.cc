// select-star: see rule.md. A star is judged where its rows leave the database: in the select list of the
// statement itself (or of its UNION arms). Stars inside EXISTS, count(*), sub-queries, CTEs and INSERT …
// SELECT never reach the client as such.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "analyzer/sql/expression_text.h"
#include "rules/common.h"

namespace pgsieve {
namespace {

bool delivers_rows(const StatementShape& shape, uint32_t block) {
  while (shape.blocks[block].role == BlockRole::kSetArm) block = shape.blocks[block].parent;
  return block == 0;
}

// The table of the first star that reaches a base table other than a system catalogue.
struct Star {
  uint32_t relation = kNoIndex;
  bool found = false;
  bool placed = false;  // the star is known to mean `relation` alone
};

Star find_star(const StatementShape& shape) {
  for (uint32_t block = 0; block < shape.blocks.size(); ++block) {
    if (!delivers_rows(shape, block)) continue;
    for (const TargetColumn& target : shape.blocks[block].targets) {
      if (!target.star || !target.star_over_base) continue;
      Star star{.relation = target.use.relation, .found = true, .placed = target.use.relation != kNoIndex};
      if (star.relation == kNoIndex) star.relation = shape.main_relation();
      if (star.relation == kNoIndex || !is_catalog_relation(shape.relations[star.relation])) return star;
    }
  }
  return {};
}

// The tables that an alias stands for before a star, by alias.
using StarredTables = std::map<std::string, std::set<std::string>>;

// Object mappers that load whole entities write the quoted table name before the star, "users".*, or one alias
// for whatever table it is, and nobody types that by hand. There the star is the mapper's habit: worth
// knowing, not worth a warning each.
bool written_by_mapper(const Pattern& pattern, const Star& star, const StarredTables& aliases) {
  constexpr size_t kTables = 5;
  if (!star.placed) return false;
  const Relation& relation = pattern.shape->relations[star.relation];
  const auto alias = aliases.find(relation.alias);
  if (alias != aliases.end() && alias->second.size() >= kTables) return true;
  const std::string& name = relation.alias.empty() ? relation.name : relation.alias;
  return pattern.reference_text.str().find(fmt::format("\"{}\".*", name)) != std::string::npos;
}

StarredTables starred_tables(const Workload& workload) {
  StarredTables tables;
  for (const auto& [key, pattern] : workload.patterns) {
    if (pattern.shape->kind != StatementKind::kSelect || pattern.shape->blocks.empty()) continue;
    const Star star = find_star(*pattern.shape);
    if (!star.placed) continue;
    const Relation& relation = pattern.shape->relations[star.relation];
    if (!relation.alias.empty()) tables[relation.alias].insert(relation.name);
  }
  return tables;
}

// `t.*` of a join; of a single table it is the same as `*`.
bool one_of_several(const StatementShape& shape, const Star& star) {
  return star.placed && std::count_if(shape.relations.begin(), shape.relations.end(),
                                      [](const Relation& relation) { return relation.block == 0; }) > 1;
}

// Drivers ask for the columns of a table with a query that returns no row.
bool asks_for_metadata_only(const StatementShape& shape) {
  const RowBound& limit = shape.blocks[0].limit;
  return limit.present && limit.value == 0;
}

std::string column_list(const Table& table, std::string_view prefix) {
  constexpr size_t kMaxColumns = 40;
  std::string list;
  for (size_t i = 0; i < table.columns.size() && i < kMaxColumns; ++i)
    list += fmt::format("{}{}{}", i == 0 ? "" : ", ", prefix, quote_identifier(table.columns[i].name));
  return table.columns.size() > kMaxColumns ? list + ", …" : list;
}

// Columns whose values PostgreSQL stores out of line when large; reading them costs extra look-ups.
std::vector<std::string> wide_columns(const Table& table) {
  std::vector<std::string> wide;
  for (const Column& column : table.columns)
    for (const std::string_view type : {"text", "json", "jsonb", "bytea", "xml", "tsvector"})
      if (column.type == type || column.type == std::string(type) + "[]") wide.push_back(column.name);
  return wide;
}

void add_schema_evidence(const Table& table, const Star& star, const Relation& relation, Finding& finding) {
  finding.evidence.push_back(fmt::format("{} has {} columns", table.name, table.columns.size()));
  const std::vector<std::string> wide = wide_columns(table);
  if (!wide.empty())
    finding.evidence.push_back(
        fmt::format("among them columns that may be stored out of line: {}", fmt::join(wide, ", ")));
  const std::string prefix =
      star.placed ? quote_identifier(relation.alias.empty() ? relation.name : relation.alias) + "."
                  : std::string();
  if (!table.columns.empty())
    finding.fixes.push_back(
        {.kind = "sql",
         .title = "Name the columns, then take out those the caller does not read",
         .code = column_list(table, prefix),
         .language = "sql",
         .safety = "The result keeps its columns until you take some out; callers that read by position or "
                   "by a column you removed break."});
}

// A mapper that reads every column does so everywhere: of its stars the most expensive are told, and that
// there are more.
void report_habit(std::vector<Finding> habit, std::vector<Finding>& findings) {
  constexpr size_t kTold = 10;
  std::ranges::stable_sort(habit, std::ranges::greater(), &Finding::time_ms);
  if (habit.size() > kTold) {
    habit.front().evidence.push_back(fmt::format(
        "{} more statements read every column so; these {} take the most time", habit.size() - kTold, kTold));
    habit.resize(kTold);
  }
  std::ranges::move(habit, std::back_inserter(findings));
}

}  // namespace

void check_select_star(const RuleContext& context, std::vector<Finding>& findings) {
  const StarredTables aliases = starred_tables(context.workload);
  std::vector<Finding> habit;
  for (const auto& [key, pattern] : context.workload.patterns) {
    const StatementShape& shape = *pattern.shape;
    if (pattern.calls == 0 || shape.kind != StatementKind::kSelect || shape.blocks.empty() ||
        shape.catalog_only)
      continue;
    const Star star = find_star(shape);
    if (!star.found || asks_for_metadata_only(shape)) continue;
    const bool mapper = written_by_mapper(pattern, star, aliases);
    Finding finding = pattern_finding("select-star", pattern);
    finding.severity = mapper ? FindingSeverity::kInfo : FindingSeverity::kWarning;
    finding.confidence = mapper ? Confidence::kLow : Confidence::kHigh;
    if (star.relation != kNoIndex) finding.table = qualified_name(shape.relations[star.relation]);
    finding.message = fmt::format("SELECT {} reads every column of {}, {} time{}",
                                  one_of_several(shape, star) ? "t.*" : "*",
                                  finding.table.empty() ? "its tables" : finding.table,
                                  grouped(static_cast<double>(pattern.calls)), pattern.calls == 1 ? "" : "s");
    if (mapper) {
      finding.why_not_higher.emplace_back(
          "what stands before the star is how object mappers load whole entities; it may be what "
          "the code wants");
    }
    if (star.relation != kNoIndex)
      if (const Table* table = table_behind(context.schema, shape.relations[star.relation]))
        add_schema_evidence(*table, star, shape.relations[star.relation], finding);
    if (pattern.bytes_total > 0 && pattern.calls > 0)
      finding.evidence.push_back(
          fmt::format("{} bytes of result per execution",
                      grouped(static_cast<double>(pattern.bytes_total / pattern.calls))));
    if (finding.fixes.empty())
      finding.fixes.push_back(
          {.kind = "advice",
           .title = "Name the columns the caller reads",
           .code = {},
           .language = {},
           .safety = "Callers that read by position or by a column you leave out break."});
    (mapper ? habit : findings).push_back(std::move(finding));
  }
  report_habit(std::move(habit), findings);
}

}  // namespace pgsieve
