#include "analyzer/wire/flow_copy.h"

#include <span>

namespace pgsieve {

FlowCopy::FlowCopy(ConversationSink& sink, uint64_t id, std::string_view client, bool mid_stream,
                   Microseconds time)
    : sink_(sink), id_(id) {
  sink_.open(id_, client, time);
  if (!mid_stream) return;
  eraser_.lose();
  sink_.lost(id_, Side::kClient, 0, time);
}

void FlowCopy::data(Side side, std::string_view bytes, Microseconds time) {
  if (side == Side::kServer) return sink_.data(id_, side, bytes, time);
  if (eraser_.lost() && looks_like_messages(Side::kClient, bytes)) eraser_.resume();
  bytes_ = bytes;
  eraser_.erase(std::span<char>(bytes_.data(), bytes_.size()));
  sink_.data(id_, side, bytes_, time);
}

void FlowCopy::lost(Side side, uint64_t bytes, Microseconds time) {
  if (side == Side::kClient) eraser_.lose();
  sink_.lost(id_, side, bytes, time);
}

}  // namespace pgsieve
