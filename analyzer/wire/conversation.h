// Conversation: what went over connections, chunk by chunk, in the order in which it happened. The language
// between those who capture (a tap, a network interface, a file) and those who use it (the decoder, files).
//
// Both directions are the plain protocol stream, passwords already erased (see SecretEraser). A connection is
// known by a number of its own, which is not used again. One thread at a time.
#pragma once

#include <cstdint>
#include <string_view>

#include "analyzer/base/time.h"
#include "analyzer/wire/framer.h"

namespace pgsieve {

class ConversationSink {
 public:
  virtual ~ConversationSink() = default;
  // `client`: where it connects from, without its port; "[local]" for a Unix socket.
  virtual void open(uint64_t id, std::string_view client, Microseconds time) = 0;
  virtual void data(uint64_t id, Side side, std::string_view bytes, Microseconds time) = 0;
  // Bytes are missing here; 0: nobody knows how many. 0 bytes of the client, before any data: the connection
  // was open before the capture began.
  virtual void lost(uint64_t id, Side side, uint64_t bytes, Microseconds time) = 0;
  virtual void close(uint64_t id, Microseconds time) = 0;
};

}  // namespace pgsieve
