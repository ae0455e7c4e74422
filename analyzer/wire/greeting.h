// Greeting: what a client says first, for a tap that takes part in the start of a connection: to answer the
// request for encryption itself, or to add settings to the session. (PostgreSQL documentation, "Message
// Formats": StartupMessage, SSLRequest, GSSENCRequest, CancelRequest.) Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pgsieve {

struct Greeting {
  enum class Kind : uint8_t {
    kIncomplete,  // more bytes are needed
    kTls,         // a TLS handshake without a request (sslnegotiation=direct)
    kTlsRequest,
    kGssRequest,
    kCancel,
    kStartup,  // of protocol 3
    kOther,    // an old version, or no PostgreSQL client at all
  };
  Kind kind = Kind::kIncomplete;
  size_t size = 0;  // of the packet
};

Greeting read_greeting(std::string_view bytes);

// A parameter of a start-up packet; "" when it has none.
std::string_view startup_parameter(std::string_view packet, std::string_view name);

// The packet with `settings` ("-c name=value …") at the end of its options, where they win.
std::string with_options(std::string_view packet, std::string_view settings);

// An ErrorResponse that ends a connection.
std::string refusal(std::string_view sqlstate, std::string_view message);

inline constexpr std::string_view kTlsRequestPacket("\0\0\0\x08\x04\xd2\x16\x2f", 8);

}  // namespace pgsieve
