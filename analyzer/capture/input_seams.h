// Seams: where an input ends in the middle of a line or of an entry, and the next one goes on with the rest:
// logs that were rotated by copying and truncating, cut to a size, or downloaded in portions.
//
// Nothing about one cut tells that another file holds the rest. So both are read as they are and as one, the
// last bytes of the earlier with the first of the later; they belong together when as one they leave less
// unread, and when no more than kMaxSeamPause lies between their entries. What the later then gives to the
// earlier are its first lines, as few as it takes.
#pragma once

#include <cstdint>
#include <string>

#include "analyzer/base/time.h"
#include "analyzer/capture/ingest.h"

namespace pgsieve {

// Two files of one kind, read in this order.
struct SeamSides {
  std::string earlier;  // its last lines
  std::string later;    // its first ones
  std::string prefix;   // of both, where their kind has one
  LogFormatKind kind = LogFormatKind::kUnknown;
};

struct Seam {
  uint64_t bytes = 0, lines = 0;  // at the start of the later file; 0: it begins with an entry of its own
};

constexpr Microseconds kMaxSeamPause = 5 * 60 * kSecond;

// What of a file's decoded bytes it takes: its first lines, or (of a plain file) its last. Empty: none to be
// had.
std::string seam_head(const std::string& path);
std::string seam_tail(const std::string& path);

Seam find_seam(const SeamSides& sides, const IngestOptions& options);

}  // namespace pgsieve
