// Tap: stands between clients and a server, forwards every byte unchanged, and gives a Recorder a copy.
//
// One thread pumps all connections: what one side sent goes to the other side first, then to the recorder. A
// side whose peer is slow is not read (backpressure); the end of one direction is passed on and the other
// goes on; a broken connection breaks the other half. Nothing is ever re-encoded, so anything that two
// programs say to each other passes, encrypted or not.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "analyzer/base/error.h"
#include "analyzer/wire/recorder.h"
#include "analyzer/wire/socket_address.h"

namespace pgsieve {

class Tap {
 public:
  // Listens at once; stop() or destruction ends it. `recorder` outlives the tap. `anywhere`: listening where
  // other machines can connect is meant.
  static Result<std::unique_ptr<Tap>> start(const SocketAddress& listen, const SocketAddress& upstream,
                                            bool anywhere, Recorder& recorder);
  virtual ~Tap() = default;

  virtual uint16_t port() const = 0;  // 0 for a Unix socket
  virtual uint64_t connections() const = 0;
  virtual uint64_t refused() const = 0;  // the server could not be reached
  // Accepts no more; waits up to `grace` for open connections to end, then cuts them.
  virtual void stop(Microseconds grace) = 0;
};

}  // namespace pgsieve
