// ingest() with its sizes exposed: for tests that want many chunks from small files.
#pragma once

#include "analyzer/capture/chunk_supplier.h"
#include "analyzer/capture/ingest.h"

namespace pgsieve {

Result<IngestStats> ingest_with_limits(const std::vector<std::string>& inputs, const IngestOptions& options,
                                       const PipelineLimits& limits, EventSink& sink);

}  // namespace pgsieve
