// What two log files share: a copy taken while the log was written, the tail of one, an export whose span
// overlaps the one before. The same bytes must not be counted twice, whatever the files are called.
//
// Two files overlap when the start of the later one (by the time of its first entry) stands in the earlier
// one, and from there on both are equal to the end of one of them. Entries carry times and process ids, so
// nothing else has that form.
#pragma once

#include <cstdint>
#include <string>

#include "analyzer/base/time.h"
#include "analyzer/capture/log_reader.h"

namespace pgsieve {

// The time of the last entry of a plain log; kUnknownTime: not to be had.
Microseconds last_entry_time(const std::string& path, const LogReader& reader);

// How many bytes of the plain file `later`, from `later_from` on (the start of a line), stand in the first
// `earlier_bytes` of the plain file `earlier`, too. `reader` reads the entries of both, which are in order of
// time, and finds the place; without one (the entries are wrapped), all is searched as long as *budget bytes
// are left.
uint64_t shared_bytes(const std::string& earlier, uint64_t earlier_bytes, const LogReader* reader,
                      const std::string& later, uint64_t later_from, uint64_t* budget);

// Whether the decoded content of one file, however compressed, begins with all of the other's. -1: the left
// is the shorter one (or they are equal), +1: the right one, 0: neither.
int contained_content(const std::string& left, const std::string& right);

}  // namespace pgsieve
