// IngestStats as part of a store: several ingests added up, and to and from tables.
#pragma once

#include "analyzer/capture/ingest.h"
#include "analyzer/store/sqlite.h"

namespace pgsieve {

// Adds `later` to `into`, as if one ingest had read the inputs of both, in that order.
void merge_ingest(IngestStats& into, const IngestStats& later);

// The tables they need; part of the store's schema.
extern const char* const kIngestTables;

// Replaces / reads the account kept in those tables, within the caller's transaction.
Status save_ingest(const Database& database, const IngestStats& ingest);
Result<IngestStats> load_ingest(const Database& database);

}  // namespace pgsieve
