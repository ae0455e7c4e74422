// What a reader of the report must know about traffic that could not be decoded, and whether a verdict on it
// is partial.
#pragma once

#include <string>

#include "analyzer/capture/ingest.h"
#include "analyzer/wire/wire_counts.h"

namespace pgsieve {

// Adds warnings, reasons why the verdict is partial, and the setting "capture".
void summarize_wire(const WireCounts& counts, IngestStats& stats);

// A warning that makes the verdict partial, too.
void note_incomplete(IngestStats& stats, std::string warning);

}  // namespace pgsieve
