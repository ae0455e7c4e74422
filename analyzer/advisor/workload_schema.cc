#include "analyzer/advisor/workload_schema.h"

#include <algorithm>
#include <map>

#include "analyzer/advisor/candidate.h"
#include "analyzer/workload/link.h"
#include "analyzer/workload/seen_columns.h"

namespace pgsieve {

namespace {

// Rows a warm server scans in a millisecond, conservatively: what a duration says about a table's size.
constexpr double kRowsPerMs = 4000;
constexpr double kRowsPerPage = 60;
// A statement faster than this says nothing.
constexpr double kShortestMs = 0.5;

// The only table of a statement; nullptr: none or several.
Table* lone_table(const StatementShape& shape, Schema& schema) {
  Table* found = nullptr;
  for (const Relation& relation : shape.relations) {
    if (relation.kind != Relation::Kind::kTable) return nullptr;
    Table* table = schema.find_mutable(relation.schema, relation.name);
    if (table == nullptr || (found != nullptr && found != table)) return nullptr;
    found = table;
  }
  return found;
}

// Reads of one table for which no index serves: their time is the time to read the table.
void guess_from_times(const Workload& workload, const Statistics& statistics, WorkloadSchema& out,
                      std::map<std::string, double>& rows) {
  const ConditionContext context{.schema = out.schema, .statistics = statistics};
  for (const auto& [key, pattern] : workload.patterns) {
    if (pattern.durations.count() == 0 || !is_read(pattern.shape->kind)) continue;
    const Table* table = lone_table(*pattern.shape, out.schema);
    if (table == nullptr || table->rows) continue;
    double& guess = rows[table->schema + "." + table->name];
    guess = std::max(guess, static_cast<double>(pattern.rows_max));
    const double median = static_cast<double>(pattern.durations.quantile(0.5)) / 1000;
    if (median < kShortestMs) {
      guess = std::max(guess, median * kRowsPerMs);
      continue;
    }
    const CandidateSet found = find_candidates(pattern, context, {}, {.include_columns = false});
    const bool unserved = !found.served && (!found.candidates.empty() || pattern.shape->predicates.empty());
    if (unserved) guess = std::max(guess, median * kRowsPerMs);
  }
}

// Hardly a table is without an index on its id; to ask about one would be idle. Of "id" and "order_id" either
// may be it.
void presume_primary_keys(Schema& schema) {
  for (const Table& named : schema.tables()) {
    Relation relation;
    relation.name = named.name;
    Table& table = *schema.find_mutable(named.schema, named.name);
    for (const Column& column : named.columns) {
      if (!looks_like_row_id(column.name, relation)) continue;
      if (table.primary_key.empty()) table.primary_key = {column.name};
      Index index;
      index.name = table.name + "_" + column.name + "_presumed";
      index.keys.emplace_back().column = column.name;
      index.unique = true;
      table.indexes.push_back(std::move(index));
    }
  }
}

}  // namespace

WorkloadSchema schema_of(const Workload& workload, const Schema& known, const Statistics& statistics) {
  WorkloadSchema made;
  made.inferred = known.empty();
  made.schema = made.inferred ? seen_schema(workload) : known;
  if (made.inferred) presume_primary_keys(made.schema);
  std::map<std::string, double> rows;
  for (const Table& table : made.schema.tables()) {
    Table& own = *made.schema.find_mutable(table.schema, table.name);
    if (const RelationStatistics* sizes = statistics.find(table.schema, table.name);
        sizes != nullptr && sizes->rows > 0) {
      own.rows = sizes->rows;
      own.pages = sizes->pages;
    }
    if (own.rows) continue;
    for (const std::string& name : {table.name, table.schema + "." + table.name}) {
      const auto fact = workload.tables.find(name);
      if (fact != workload.tables.end() && fact->second.max_scanned_rows > 0)
        rows[table.schema + "." + table.name] =
            std::max(rows[table.schema + "." + table.name], fact->second.max_scanned_rows);
    }
  }
  guess_from_times(workload, statistics, made, rows);
  for (const auto& [name, guess] : rows) {
    const size_t dot = name.find('.');
    Table* table = made.schema.find_mutable(name.substr(0, dot), name.substr(dot + 1));
    if (table == nullptr || table->rows || guess <= 0) continue;
    table->rows = guess;
    table->pages = std::max(1.0, guess / kRowsPerPage);
    made.guessed.insert(name);
  }
  return made;
}

}  // namespace pgsieve
