// FlowCopy: hands on what a captured connection said, passwords erased (see SecretEraser).
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "analyzer/wire/conversation.h"
#include "analyzer/wire/secret_eraser.h"

namespace pgsieve {

class FlowCopy {
 public:
  // The sink outlives the copy. `id`: of the connection, for the sink. `mid_stream`: it was open before the
  // capture began.
  FlowCopy(ConversationSink& sink, uint64_t id, std::string_view client, bool mid_stream, Microseconds time);

  void data(Side side, std::string_view bytes, Microseconds time);
  void lost(Side side, uint64_t bytes, Microseconds time);
  void close(Microseconds time) { sink_.close(id_, time); }

 private:
  ConversationSink& sink_;
  uint64_t id_;
  SecretEraser eraser_;
  std::string bytes_;
};

}  // namespace pgsieve
