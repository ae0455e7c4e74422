// Unwrapping: many logs arrive inside another format (Kubernetes CRI, docker json-file, CloudWatch, Cloud
// SQL, Azure, Heroku, journald, syslog, …). unwrap() looks at the content and returns a Source that yields
// the plain inner log: stderr lines (continuation lines with their tab), csvlog rows or jsonlog lines.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "analyzer/capture/ingest.h"
#include "analyzer/capture/source.h"

namespace pgsieve {

// What the wrappers did, complete when the Source is at its end. Owned by the caller, outlives the Source.
struct UnwrapReport {
  std::string
      wrappers;  // "CRI", "jsonlog in docker" without the inner format: "" when there was nothing to undo
  LogFormatKind inner = LogFormatKind::kUnknown;  // when the wrapper decides it
  std::string inner_prefix;  // when the wrapper writes the inner lines itself: their log_line_prefix
  bool inner_prefix_known = false;
  std::string
      inner_head;  // when the wrapper writes but the start of each inner line: that part of the prefix
  uint64_t other_records = 0;  // records of other programs in the same stream, left out
  uint64_t other_bytes = 0;
  uint64_t omitted_records = 0;   // records whose message journalctl left out: too long, or bytes of no text
  uint64_t missing_messages = 0;  // of syslog: whose numbers are skipped
  uint64_t damaged_records = 0;   // wrapper records that could not be undone
  uint64_t damaged_offset = 0;    // of the first of them
  std::string warning;            // a complete sentence for the header of the report; may be empty
};

// Complete sentences for the header of the report.
std::vector<std::string> warnings_of(const UnwrapReport& report, const std::string& file);

// Never fails on content: what is no wrapper is handed on as it is. Reads ahead as much as it needs to
// decide.
std::unique_ptr<Source> unwrap(std::unique_ptr<Source> source, const IngestOptions& options,
                               UnwrapReport& report);

}  // namespace pgsieve
