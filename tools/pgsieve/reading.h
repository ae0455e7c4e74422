// Reading: from inputs to facts, alone or into a store.
#pragma once

#include <string>
#include <vector>

#include "analyzer/base/error.h"
#include "analyzer/capture/ingest.h"
#include "analyzer/workload/workload.h"
#include "tools/pgsieve/options.h"

namespace pgsieve {

struct Reading {
  IngestStats ingest;
  Workload workload;
  std::vector<std::string> problems;  // inputs that could not be opened
  uint64_t known_inputs = 0;          // skipped: the store has them already
  bool interrupted =
      false;  // options.ingest.stop was set: a part was read, and nothing of it is in the store
};

// Reads options.inputs.
Result<Reading> read_captures(const AnalysisOptions& options);

// Adds options.inputs, if any, to the store, and gives all that is in it. An input whose bytes the store has
// already is skipped; of one that has merely grown, only what is new is read. Scopes still open at the end
// are judged in what is returned, and stay open in the store.
Result<Reading> read_store(const AnalysisOptions& options);

// Judges the scopes that are still open as if the capture ended here.
void close_scopes(Workload& workload, const WorkloadOptions& options);

}  // namespace pgsieve
