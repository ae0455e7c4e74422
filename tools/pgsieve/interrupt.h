// Ctrl-C as a request to come to an end.
#pragma once

#include <atomic>

namespace pgsieve {

// From now on the first SIGINT (and, when asked for, SIGTERM) sets what is returned instead of ending the
// program; a second one ends it.
const std::atomic<bool>& stop_on_signals(bool terminate_too);

}  // namespace pgsieve
