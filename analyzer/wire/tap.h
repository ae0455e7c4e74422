// Tap: stands between clients and a server, forwards what they say to each other, and gives a Recorder a
// copy.
//
// One thread pumps all connections: what one side sent goes to the other side first, then to the recorder. A
// side whose peer is slow is not read (backpressure); the end of one direction is passed on and the other
// goes on; a broken connection breaks the other half. Nothing is re-encoded.
//
// Unless told otherwise the tap takes no part in what is said: encrypted connections pass, too, and are
// recorded as such. It takes part in the start of a connection when it is to end the TLS of clients, to start
// TLS with the server, or to add settings to sessions; and takes out of the server's answers only what these
// make necessary (see ServerFilter).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "analyzer/base/error.h"
#include "analyzer/wire/recorder.h"
#include "analyzer/wire/socket_address.h"
#include "analyzer/wire/tls.h"

namespace pgsieve {

struct TapSettings {
  SocketAddress listen, upstream;
  bool anywhere = false;  // listening where other machines can connect is meant

  std::optional<TlsContext> client_tls;  // offered to clients
  enum class UpstreamTls : uint8_t {
    kPass,     // as the client asks: TLS goes through
    kOff,      // answer the client, talk plainly to the server
    kPrefer,   // TLS with the server where it has it
    kRequire,  // TLS or no connection
  };
  UpstreamTls upstream_tls = UpstreamTls::kPass;
  std::optional<TlsContext> server_tls;  // for kPrefer and kRequire
  // Of sessions of this user: "-c name=value …" to add to the start-up options, plans to be taken out. May be
  // empty.
  std::function<bool(std::string_view user)> wants_plans;

  bool takes_part() const { return client_tls || upstream_tls != UpstreamTls::kPass || wants_plans; }
};

// Any thread may look.
struct TapCounts {
  std::atomic<uint64_t> connections{0}, open{0};
  std::atomic<uint64_t> refused{0};                        // the server could not be reached, or had no TLS
  std::atomic<uint64_t> client_bytes{0}, server_bytes{0};  // forwarded
  std::atomic<uint64_t> plans{0};                          // taken out
};

class Tap {
 public:
  // Listens at once; stop() or destruction ends it. `recorder` outlives the tap.
  static Result<std::unique_ptr<Tap>> start(TapSettings settings, Recorder& recorder);
  virtual ~Tap() = default;

  virtual uint16_t port() const = 0;  // 0 for a Unix socket
  virtual const TapCounts& counts() const = 0;
  // What went wrong at the start of the latest connection that failed there; empty: nothing yet.
  virtual std::string last_problem() const = 0;
  // Accepts no more; waits up to `grace` for open connections to end, then cuts them.
  virtual void stop(Microseconds grace) = 0;
};

}  // namespace pgsieve
