// The schema the advisor works with: what is known, and where nothing is, what the statements themselves give
// away. Pure.
#pragma once

#include <set>
#include <string>

#include "analyzer/schema/column_statistics.h"
#include "analyzer/schema/schema.h"
#include "analyzer/workload/workload.h"

namespace pgsieve {

struct WorkloadSchema {
  Schema schema;
  // There was none: tables and columns are those the statements name, types unknown, the only index that of
  // the id.
  bool inferred = false;
  std::set<std::string>
      guessed;  // "schema.table" whose number of rows is a guess, from executed plans or durations
};

// Sizes come from the schema, the statistics, the largest sequential scan auto_explain showed, else from the
// time it takes to read the table where nothing but its size can explain the time.
WorkloadSchema schema_of(const Workload& workload, const Schema& known, const Statistics& statistics);

}  // namespace pgsieve
