// StatisticsFile: what `pgsieve stats export` brings home from a server: sizes, column statistics and what a
// planner must know beside them, one JSON object per line, each of a kind that its first member tells:
//
//   {"pgsieve": "statistics/1", "database": "shop", "server_version": "15.8", "settings": {…}, …}   first
//   line
//   {"kind": "r", "schema": "public", "relation": "orders", "relpages": 13671, "tuples": 1e6, "pages": 13671,
//   …}
//   {"column": "status", "schema": …, "relation": …, "null_fraction": 0, "width": 7, "distinct": 5, …}
//   {"level": 2, "schema": …, "relation": "orders_pkey"}                       height of a b-tree's root
//   {"ends": "id", "schema": …, "relation": …, "low": "1", "high": "1000000"}  of a column that leads an
//   index
//
// Values of the data (most common values, histogram bounds, ends) are there only when they were asked for.
// Members may be added to the format; unknown ones are ignored. Plain data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/error.h"
#include "analyzer/schema/column_statistics.h"
#include "analyzer/schema/schema.h"

namespace pgsieve {

struct ExportedRelation {
  std::string schema, name;
  char kind = 'r';            // as pg_class.relkind: r, m, p (partitioned), i, I (partitioned index)
  double relation_pages = 0;  // pg_class.relpages: as of the last VACUUM or ANALYZE
  double pages = 0;           // as of the export
  double rows = 0;            // pg_class.reltuples; negative: never analysed
  std::optional<int> level;   // of a b-tree
  std::optional<uint64_t> scans;
};

struct StatisticsHeader {
  std::string database, encoding, collate, ctype;
  std::string provider;    // of the collation, as pg_database.datlocprovider; empty before version 15
  std::string icu_locale;  // empty: none
  std::string server_version;
  int server_version_num = 0;
  int block_size = 8192;
  bool values = false;                          // the file holds values of the data
  uint64_t extended_statistics = 0;             // CREATE STATISTICS objects, whose data is not in the file
  std::map<std::string, std::string> settings;  // that a planner looks at
  struct Extension {
    std::string name, schema;
  };
  std::vector<Extension> extensions;
};

struct StatisticsFile {
  StatisticsHeader header;
  std::vector<ExportedRelation> relations;
  Statistics columns;  // with the relations' sizes
  std::string lines;   // the whole file as one JSON array, which a server can take apart
};

// True when the text is such a file, whatever its version.
bool is_statistics_file(std::string_view text);

// Error: not such a file, a newer version of it, or a line that is no JSON object.
Result<StatisticsFile> parse_statistics_file(std::string_view text, const std::string& file_name);
Result<StatisticsFile> load_statistics_file(const std::string& path);

// Statistics from any file that --stats takes: a StatisticsFile, or one of the lists of sizes that
// load_statistics() reads.
Result<Statistics> read_statistics(const std::string& path);

// Writes row counts and pages to the tables of the schema. Returns how many tables the schema does not know.
uint64_t apply_sizes(const Statistics& statistics, Schema& schema);

// The elements of an array in PostgreSQL's text form: {a,"b c",NULL} (array_out() in
// src/backend/utils/adt/arrayfuncs.c). One dimension; an element that is an array itself stays text. NULL
// elements are left out. nullopt: malformed.
std::optional<std::vector<std::string>> parse_array_literal(std::string_view text);

}  // namespace pgsieve
