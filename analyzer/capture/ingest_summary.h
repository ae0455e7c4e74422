// The last step of ingest(): what the log implies about the server's settings, and what a reader of the
// report must know.
#pragma once

#include "analyzer/capture/assembler.h"
#include "analyzer/capture/chunk_supplier.h"
#include "analyzer/capture/ingest.h"
#include "analyzer/capture/read_account.h"

namespace pgsieve {

// What is known of the inputs after they were read.
struct InputFacts {
  std::vector<IngestFile> files;
  std::vector<std::string> warnings;
  Detection detection;  // of the first input that had one
  bool mixed = false;   // not all inputs have that format

  // Adds what a supplier knows; its files come after those that are here already.
  void add(ChunkSupplier& supplier);
};

// Completes `stats` from what the stages counted. log_entries: all entries read, secondary ones included.
void summarize(InputFacts inputs, const ReadAccount& account, const SettingsEvidence& evidence,
               uint64_t log_entries, const IngestOptions& options, IngestStats& stats);

}  // namespace pgsieve
