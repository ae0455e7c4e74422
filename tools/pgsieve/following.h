// Following a growing log into a store.
#pragma once

#include "analyzer/base/error.h"
#include "analyzer/capture/ingest.h"
#include "tools/pgsieve/options.h"

namespace pgsieve {

// Reads options.inputs as they grow, each from where the store knows it to end, until options.ingest.stop;
// see IngestOptions::follow. What was read is committed every kCommitSeconds, and at the end. Between commits
// other programs may use the store.
inline constexpr int kCommitSeconds = 10;
Status follow_into_store(const AnalysisOptions& options);

}  // namespace pgsieve
