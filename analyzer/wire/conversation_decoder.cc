#include "analyzer/wire/conversation_decoder.h"

#include <string>

#include "analyzer/base/hash.h"

namespace pgsieve {

void ConversationDecoder::open(uint64_t id, std::string_view client, Microseconds time) {
  Connection::Origin origin;
  origin.session = hash_combine(hash_combine(seed_, id), static_cast<uint64_t>(time));
  if (origin.session == 0) origin.session = 1;
  origin.host = std::string(client);
  origin.file = file_;
  connections_[id] = std::make_unique<Connection>(std::move(origin), texts_, counts_, sink_);
  last_ = time;
}

Connection* ConversationDecoder::find(uint64_t id, Microseconds time) {
  last_ = time;
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

void ConversationDecoder::data(uint64_t id, Side side, std::string_view bytes, Microseconds time) {
  if (Connection* connection = find(id, time)) connection->feed(side, bytes, time, place_);
}

void ConversationDecoder::lost(uint64_t id, Side side, uint64_t bytes, Microseconds time) {
  Connection* connection = find(id, time);
  if (connection == nullptr) return;
  if (bytes == 0 && side == Side::kClient && connection->fresh()) return connection->start_mid_stream();
  connection->gap(side, bytes, time);
}

void ConversationDecoder::close(uint64_t id, Microseconds time) {
  if (Connection* connection = find(id, time)) connection->close(time, true);
  connections_.erase(id);
}

void ConversationDecoder::finish() {
  for (auto& [id, connection] : connections_) connection->close(last_, false);
  connections_.clear();
}

}  // namespace pgsieve
