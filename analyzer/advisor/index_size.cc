#include "analyzer/advisor/index_size.h"

#include <algorithm>
#include <cmath>

#include "analyzer/advisor/conditions.h"

namespace pgsieve {

namespace {

constexpr double kPage = 8192;
constexpr double kFill = 0.9;          // of a b-tree's leaves, when built
constexpr double kEntryOverhead = 12;  // item header and line pointer
constexpr double kRowAddress = 6;

double guessed_width(std::string_view type) {
  const auto starts = [type](std::string_view head) { return type.starts_with(head); };
  if (starts("bool")) return 1;
  if (starts("smallint")) return 2;
  if (starts("int") || type == "date" || starts("real")) return 4;
  if (type == "uuid") return 16;
  if (starts("bigint") || starts("timestamp") || starts("double")) return 8;
  if (starts("numeric")) return 7;
  if (starts("json")) return 100;
  return 20;
}

double width_of(const std::string& column, const Table& table, const Statistics& statistics) {
  const ColumnStatistics* known = statistics.find_column(table.schema, table.name, column);
  if (known != nullptr && known->average_width > 0) return known->average_width;
  const Column* found = table.find_column(column);
  return found == nullptr ? 20 : guessed_width(found->type);
}

// The share of rows a partial index holds, where its predicate is one of the forms the advisor writes.
double predicate_share(const IndexDefinition& definition, const Table& table, const Statistics& statistics) {
  if (definition.predicate.empty()) return 1;
  for (const Column& column : table.columns) {
    const size_t at = definition.predicate.find(column.name);
    if (at == std::string::npos) continue;
    const ColumnStatistics* known = statistics.find_column(table.schema, table.name, column.name);
    if (known == nullptr) return 0.5;
    const std::string rest = definition.predicate.substr(at + column.name.size());
    if (rest.starts_with(" IS NOT NULL")) return 1 - known->null_fraction;
    if (rest.starts_with(" IS NULL")) return known->null_fraction;
    for (size_t i = 0; i < known->common_values.size() && i < known->common_frequencies.size(); ++i) {
      const bool wanted = rest.find("'" + known->common_values[i] + "'") != std::string::npos ||
                          (rest.empty() && known->common_values[i] == (at == 0 ? "t" : "f"));
      if (wanted) return known->common_frequencies[i];
    }
    return 0.1;
  }
  return 0.5;
}

double btree_bytes(const IndexDefinition& definition, const Table& table, const Statistics& statistics,
                   double rows) {
  double width = 0;
  double distinct = 1;
  bool known = definition.include.empty();  // INCLUDE switches de-duplication off
  for (const IndexKey& key : definition.keys) {
    width += key.column.empty() ? 16 : width_of(key.column, table, statistics);
    const double values = distinct_values(&table, key.column, statistics);
    known &= values > 0;
    distinct *= std::max(values, 1.0);
  }
  for (const std::string& column : definition.include) width += width_of(column, table, statistics);
  width = std::ceil(width / 8) * 8;
  const double keys = known ? std::min(distinct, rows) : rows;
  // Posting lists pay where a key has several rows.
  const double bytes = keys < rows / 2 ? keys * (width + kEntryOverhead) + rows * kRowAddress
                                       : rows * (width + kEntryOverhead);
  return bytes / kFill + kPage;
}

// An entry of n elements makes n postings; compressed, one takes two to three bytes.
double inverted_bytes(const IndexDefinition& definition, const Table& table, const Statistics& statistics,
                      double rows) {
  double elements = 0;
  for (const IndexKey& key : definition.keys) {
    const double width = key.column.empty() ? 60 : width_of(key.column, table, statistics);
    elements += key.opclass == "gin_trgm_ops" ? width + 1 : std::max(1.0, width / 16);
  }
  return rows * elements * 2.5 / kFill + 2 * kPage;
}

}  // namespace

double table_rows(const Table& table) {
  return std::max(table.rows.value_or(0), 0.0);
}

double estimate_index_bytes(const IndexDefinition& definition, const Table& table,
                            const Statistics& statistics) {
  const double rows = table_rows(table) * predicate_share(definition, table, statistics);
  if (table_rows(table) <= 0) return 0;
  if (definition.method == "brin") return 3 * kPage + table.pages.value_or(rows / 60) / 128 * 32;
  if (definition.method == "gin" || definition.method == "gist")
    return inverted_bytes(definition, table, statistics, rows);
  if (definition.method == "hash") return rows * 20 / 0.75 + 2 * kPage;
  return btree_bytes(definition, table, statistics, rows);
}

double estimate_build_seconds(const IndexDefinition& definition, const Table& table, double index_bytes) {
  const double rows = table_rows(table);
  if (rows <= 0) return 0;
  const double table_bytes = table.pages.value_or(rows / 60) * kPage;
  // Read and written at 400 MB/s; sorting a million keys takes about half a second, an inverted entry several
  // times that.
  const double per_row = definition.method == "gin" || definition.method == "gist" ? 8e-6 : 0.5e-6;
  return table_bytes / 400e6 + index_bytes / 200e6 + rows * per_row;
}

}  // namespace pgsieve
