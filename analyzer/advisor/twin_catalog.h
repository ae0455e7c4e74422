// The catalogs of a planner twin: a schema, and the statistics of the database it is the twin of, written
// where ANALYZE would write them. One connection, not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/advisor/server_connection.h"
#include "analyzer/advisor/twin_files.h"
#include "analyzer/base/error.h"
#include "analyzer/schema/statistics_file.h"

namespace pgsieve {

// Creates the database with the locale of the original, or the nearest that this machine has (a warning says
// so).
Status create_twin_database(ServerConnection& server, const StatisticsHeader& header, int major,
                            std::vector<std::string>& warnings);

// Applies what a schema file says about tables, types, indexes, views and functions; everything else
// (owners, rights, triggers, policies, data) is left out, since no plan depends on it. Statements that the
// server refuses are named in the warnings.
Status create_twin_schema(ServerConnection& database, std::string_view ddl, const StatisticsHeader& header,
                          std::vector<std::string>& warnings);

// Writes pg_class and pg_statistic, and one row for each end value of an indexed column, null elsewhere.
// Returns the files, relative to the data directory, that have yet to get their length.
Result<std::vector<TwinFile>> restore_twin_statistics(ServerConnection& database,
                                                      const StatisticsFile& statistics,
                                                      std::vector<std::string>& warnings);

// Gives every session of the database the planner's settings of the original.
Status set_twin_settings(ServerConnection& database, const StatisticsHeader& header,
                         std::vector<std::string>& warnings);

}  // namespace pgsieve
