// The last step of ingest(): what the log implies about the server's settings, and what a reader of the
// report must know.
#pragma once

#include "analyzer/capture/assembler.h"
#include "analyzer/capture/chunk_supplier.h"
#include "analyzer/capture/ingest.h"
#include "analyzer/capture/read_account.h"

namespace pgsieve {

// Completes `stats` from what the stages counted. log_entries: all entries read, secondary ones included.
void summarize(ChunkSupplier& supplier, const ReadAccount& account, const SettingsEvidence& evidence,
               uint64_t log_entries, const IngestOptions& options, IngestStats& stats);

}  // namespace pgsieve
