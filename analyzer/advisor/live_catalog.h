// LiveCatalog: the tables, indexes and statistics of a running server, read from its catalogues in one
// read-only transaction. Takes some ten queries whatever the size of the database.
#pragma once

#include <string>
#include <vector>

#include "analyzer/advisor/server_connection.h"
#include "analyzer/schema/column_statistics.h"
#include "analyzer/schema/schema.h"

namespace pgsieve {

struct LiveCatalog {
  Schema schema;             // of all schemas but the system's; sizes filled in
  Statistics statistics;     // what the role may see of pg_stats; scans of indexes
  std::string version;       // "15.8"
  bool c_collation = false;  // the database's default collation is C: LIKE 'x%' needs no operator class
  std::vector<std::string> extensions;  // installed ones
};

// Error: the connection fails, or the catalogues can't be read.
Result<LiveCatalog> read_live_catalog(ServerConnection& connection);

}  // namespace pgsieve
