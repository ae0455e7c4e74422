// SignalWait: blocks the signals that end a program, for this thread and those it starts, so that they can be
// waited for.
#pragma once

#include <signal.h>

#include <chrono>

namespace pgsieve {

class SignalWait {
 public:
  SignalWait();
  ~SignalWait();
  SignalWait(const SignalWait&) = delete;
  SignalWait& operator=(const SignalWait&) = delete;

  // The next of SIGINT, SIGTERM, SIGHUP, SIGCHLD; 0: none came in time.
  int next(std::chrono::milliseconds patience) const;
  const sigset_t& before() const { return before_; }

 private:
  sigset_t awaited_{}, before_{};
};

}  // namespace pgsieve
