// EventReader: an input whose records are Events already (OTLP spans, pg_stat_statements exports): no chunks, no pairing.
#pragma once

#include <memory>
#include <string_view>

#include "analyzer/base/error.h"
#include "analyzer/capture/event.h"
#include "analyzer/capture/ingest.h"
#include "analyzer/capture/read_account.h"
#include "analyzer/capture/source.h"

namespace pgsieve {

class EventReader {
 public:
  virtual ~EventReader() = default;
  // Reads the source to its end. `head` was already taken from it and comes first. Counts into stats (executions, errors,
  // settings, warnings) and account; filters are the sink's business.
  virtual Status read(std::string_view head, Source& source, uint32_t file, EventSink& sink, ReadAccount& account,
                      IngestStats& stats) = 0;
};

// The reader for kOtlpSpans and kStatStatements; nullptr for any other kind.
std::unique_ptr<EventReader> make_event_reader(LogFormatKind kind, const IngestOptions& options);

// Which of the two the head of an input is; kUnknown when neither.
LogFormatKind detect_event_format(std::string_view head);

}  // namespace pgsieve
