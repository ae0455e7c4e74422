#include "tools/pgsieve/interrupt.h"

#include <csignal>

namespace pgsieve {

namespace {

// A signal handler can reach nothing else.
std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void request_stop(int) {
  stop_requested.store(true);
}

}  // namespace

const std::atomic<bool>& stop_on_signals(bool terminate_too) {
  struct sigaction action {};
  action.sa_handler = request_stop;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  if (terminate_too) sigaction(SIGTERM, &action, nullptr);
  return stop_requested;
}

}  // namespace pgsieve
