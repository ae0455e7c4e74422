// SocketAddress: "HOST:PORT", "[IPV6]:PORT", ":PORT", "PORT", or the path of a Unix socket or of the folder
// it is in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/error.h"

namespace pgsieve {

struct SocketAddress {
  std::string host;   // "" for a Unix socket
  uint16_t port = 0;  // 0: any free one
  std::string path;   // of a Unix socket

  std::string text() const;
  bool is_unix() const { return !path.empty(); }
};

// `port`: when the text has none.
Result<SocketAddress> parse_socket_address(const std::string& text, uint16_t port);

// The addresses as the system takes them (sockaddr), in the order to try.
Result<std::vector<std::string>> resolve(const SocketAddress& address);

// The host of an address as the system gives it, as text; "[local]" for a Unix socket.
std::string host_of(std::string_view address);

// Whether nobody but this machine can reach it.
bool is_loopback(const std::string& resolved);

}  // namespace pgsieve
