// Before several inputs are read: in which order, and what of each. By the time of their first entries; the
// same content twice, one log in two of the server's formats, and what a file shares with another, only once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analyzer/capture/ingest.h"

namespace pgsieve {

struct Continuation {
  std::string path;
  uint64_t bytes = 0;  // its first
};

// A compressed input, and what may hold the rest of its last entry: known when its end was read.
struct OpenEnd {
  std::string later;
  std::string prefix;
  LogFormatKind kind = LogFormatKind::kUnknown;
};

struct InputOrder {
  std::vector<std::string> paths;
  std::map<std::string, ByteRange> ranges;  // of those that are not read whole
  // To the end of the one belongs what the next begins with (see input_seams.h), which that one's range
  // leaves out.
  std::map<std::string, Continuation> continued;
  std::map<std::string, OpenEnd> open_ends;
  std::vector<std::string> other_formats;  // left out: a log in another format is among the paths
  std::vector<std::string> warnings;       // what was left out, in complete sentences
};

// Opens each file and looks at its head; those that can't be opened stay in place and are not judged.
InputOrder order_inputs(std::vector<std::string> paths, const IngestOptions& options);

// How many bytes of the plain log `later`, from `from` on, stand in the first `bytes` of the plain log
// `earlier` (see overlap.h).
uint64_t shared_bytes(const std::string& earlier, uint64_t bytes, const std::string& later, uint64_t from,
                      const IngestOptions& options);

// The size of a plain file up to where it can be read now: all of it, or, while it is being written, the
// start of the entry whose line has no end yet, or of the earliest message of syslog whose parts are not all there.
// One of `others` with the rest of that entry shows that it is not being written.
uint64_t complete_size(const std::string& path, const std::vector<std::string>& others,
                       const IngestOptions& options);

}  // namespace pgsieve
