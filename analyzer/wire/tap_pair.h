// TapPair: a client, its connection to the server, and where the two are on their way to each other.
//
//   pass-through:   kConnecting → kForwarding
//   taking part:    kGreeting ⇄ kClientTls, then kConnecting → (kTlsAnswer → kServerTls) → kForwarding
//
// Only one end is heard before kForwarding: the client's while it greets, the server's after that.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "analyzer/wire/server_filter.h"
#include "analyzer/wire/tap_end.h"

namespace pgsieve {

struct TapPair {
  enum class Phase : uint8_t {
    kGreeting,    // the client says what it wants
    kClientTls,   // handshake with the client
    kConnecting,  // to the server
    kTlsAnswer,   // the server was asked for TLS
    kServerTls,   // handshake with the server
    kForwarding,
  };

  uint64_t id = 0;
  Phase phase = Phase::kConnecting;
  std::array<TapEnd, 2> ends;  // by Side
  std::string client_address;
  std::string greeting;  // what the client said so far; later what the server has to hear first
  std::string said;      // the same as the recorder is to have it
  bool take_plans = false, channel_lost = false;  // TLS to the server, none to the client
  bool opaque = false;                            // TLS that passes through
  std::unique_ptr<ServerFilter> filter;
  size_t next_address = 0;
  bool dead = false;
};

}  // namespace pgsieve
