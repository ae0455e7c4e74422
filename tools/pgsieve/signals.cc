#include "tools/pgsieve/signals.h"

namespace pgsieve {

SignalWait::SignalWait() {
  sigemptyset(&awaited_);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&awaited_, number);
  pthread_sigmask(SIG_BLOCK, &awaited_, &before_);
}

SignalWait::~SignalWait() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

int SignalWait::next(std::chrono::milliseconds patience) const {
  const timespec limit{static_cast<time_t>(patience.count() / 1000),
                       static_cast<long>(patience.count() % 1000 * 1'000'000)};
  const int number = sigtimedwait(&awaited_, nullptr, &limit);
  return number < 0 ? 0 : number;
}

}  // namespace pgsieve
