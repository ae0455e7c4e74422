// Where a syslog file that is being written can be cut.
#pragma once

#include <cstdint>

#include "analyzer/capture/file_part.h"

namespace pgsieve {

// The last place, at `end` or before it, that no message of the server spans: what stands behind `end` by
// now, a line without its end included, shows which messages before it have further parts. `end` itself when
// the file is no syslog file, or nothing is behind it.
uint64_t end_of_whole_messages(const PlainFile& file, uint64_t end);

}  // namespace pgsieve
