// Statistics export: what a planner knows about a database, taken home in one file (see
// analyzer/schema/statistics_file.h for its form) by one read-only transaction.
//
// The steps are plain SQL for PostgreSQL 12 and newer, the same whether psql runs them as a script or
// export_statistics() over a connection. Any role will do; it sees the columns it may SELECT. With the
// defaults nothing in the file is a value of the data: sizes, null fractions, numbers of distinct values,
// frequencies, correlations, widths, and settings.
#pragma once

#include <string>
#include <vector>

#include "analyzer/advisor/server_connection.h"
#include "analyzer/base/error.h"

namespace pgsieve {

struct StatisticsExportOptions {
  bool with_values = false;  // most common values, histogram bounds, the ends of indexed columns
};

struct ExportStep {
  std::string comment;
  std::string sql;         // without semicolon; one column, one line of the file per row
  bool generates = false;  // its rows are statements, to be run in turn
  bool silent = false;     // gives no rows
};

std::vector<ExportStep> export_steps(const StatisticsExportOptions& options);

// For psql: psql -X -f script.sql -o statistics.jsonl DATABASE
std::string export_script(const StatisticsExportOptions& options);

// The file's text. Changes nothing on the server.
Result<std::string> export_statistics(ServerConnection& database, const StatisticsExportOptions& options);

}  // namespace pgsieve
