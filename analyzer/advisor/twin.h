// Twin: a scratch cluster that plans like another server and holds none of its data: the schema, the
// statistics and the sizes of the original, in table files that are holes. EXPLAIN and HypoPG answer as they
// would over there; queries find (nearly) no rows. It must never be ANALYZEd or VACUUMed, which would replace
// the statistics.
//
// What limits it: the data of extended statistics, foreign tables and the inner figures of GIN and BRIN
// indexes are not in an export; without sample values (see statistics_export.h) estimates rest on numbers of
// distinct values alone, so that skew is not seen.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "analyzer/advisor/twin_server.h"
#include "analyzer/base/error.h"
#include "analyzer/schema/statistics_file.h"

namespace pgsieve {

struct TwinOptions {
  std::string directory;      // missing or empty; "": a temporary one
  std::string bin_directory;  // of the server's programs; "": looked for
  bool keep = false;          // the server goes on when this object is gone
};

class Twin {
 public:
  // `ddl`: text of a schema file (pg_dump --schema-only). Takes some seconds. Error: no server programs, no
  // room, a block size other than 8 kB, or a server that does not start.
  static Result<Twin> create(std::string_view ddl, const StatisticsFile& statistics,
                             const TwinOptions& options);

  // libpq's keywords: "host=… port=5432 user=postgres dbname=…".
  const std::string& connection() const { return connection_; }
  const std::string& directory() const { return server_->directory(); }
  // What the twin lacks, one sentence each.
  const std::vector<std::string>& warnings() const { return warnings_; }
  bool has_hypopg() const { return has_hypopg_; }
  int major() const { return major_; }

 private:
  Twin() = default;
  std::unique_ptr<TwinServer> server_;
  std::string connection_;
  std::vector<std::string> warnings_;
  bool has_hypopg_ = false;
  int major_ = 0;
};

}  // namespace pgsieve
