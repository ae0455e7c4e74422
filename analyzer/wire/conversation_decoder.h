// ConversationDecoder: conversations in, Events out. One Connection for each that is open.
//
// Bounded by the connections that are open at once; each is bounded itself (see Connection). Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "analyzer/capture/event.h"
#include "analyzer/wire/connection.h"
#include "analyzer/wire/conversation.h"

namespace pgsieve {

class ConversationDecoder final : public ConversationSink {
 public:
  // counts and sink outlive the decoder. `seed` tells the sessions of this capture from those of others;
  // `file`: Event::file.
  ConversationDecoder(uint64_t seed, uint32_t file, WireCounts& counts, EventSink& sink)
      : seed_(seed), file_(file), counts_(counts), sink_(sink) {}

  void open(uint64_t id, std::string_view client, Microseconds time) override;
  void data(uint64_t id, Side side, std::string_view bytes, Microseconds time) override;
  void lost(uint64_t id, Side side, uint64_t bytes, Microseconds time) override;
  void close(uint64_t id, Microseconds time) override;
  // The capture is over: what is open is not followed further.
  void finish();

  // Where the next chunk is in its file, for Events.
  void set_place(WirePlace place) { place_ = place; }
  size_t connections() const { return connections_.size(); }
  Microseconds last_time() const { return last_; }

 private:
  Connection* find(uint64_t id, Microseconds time);

  uint64_t seed_;
  uint32_t file_;
  WireCounts& counts_;
  EventSink& sink_;
  StatementTexts texts_;
  WirePlace place_;
  Microseconds last_ = kUnknownTime;
  std::unordered_map<uint64_t, std::unique_ptr<Connection>> connections_;
};

}  // namespace pgsieve
