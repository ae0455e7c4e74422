// TapEnd: one of the two sockets of a tapped connection, plain or with TLS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "analyzer/wire/descriptor.h"
#include "analyzer/wire/tls.h"

namespace pgsieve {

struct TapEnd {
  Descriptor socket;
  std::unique_ptr<TlsStream> tls;
  std::string pending;   // for this socket, not taken yet
  bool ended = false;    // sends no more
  bool closing = false;  // its end can be read, behind what it sent before
  bool gone = false;     // takes no more
  bool shut = false;     // was told that the other sends no more
  bool tls_wants_write = false;
  uint32_t events = 0;  // registered

  static constexpr ptrdiff_t kAgain = -1, kBroken = -2;
  // Bytes received; 0: the other side sends no more; kAgain, kBroken.
  ptrdiff_t receive(char* bytes, size_t size);
  // Bytes taken, perhaps fewer than given, perhaps 0; kBroken.
  ptrdiff_t transmit(std::string_view bytes);
  void shut_down();
  // More can be received without the socket saying so.
  bool buffered() const { return tls != nullptr && tls->buffered(); }
};

}  // namespace pgsieve
