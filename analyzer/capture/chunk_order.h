// Putting entries in the order in which the server logged them.
#pragma once

#include <vector>

#include "analyzer/capture/log_entry.h"

namespace pgsieve {

// For collectors that deliver slightly out of order: within each session, entries are put in order of their
// session line numbers; the places that the session's entries hold stay the same. Entries without a number
// stay where they are.
void restore_session_order(std::vector<LogEntry>& entries);

// For an input that runs backwards in time: oldest first, and each session in order of its line numbers.
void oldest_first(std::vector<LogEntry>& entries);

}  // namespace pgsieve
