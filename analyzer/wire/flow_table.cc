#include "analyzer/wire/flow_table.h"

#include <algorithm>
#include <optional>

#include "analyzer/base/hash.h"
#include "analyzer/wire/byte_cursor.h"
#include "analyzer/wire/flow_copy.h"

namespace pgsieve {
namespace {

enum class Opening : uint8_t { kStartup, kTls, kOther };

// What the first bytes that a client sends are.
Opening opening_of(std::string_view bytes, bool server_port) {
  if (bytes.size() >= 3 && bytes[0] == 0x16 && bytes[1] == 3) return Opening::kTls;
  if (bytes.size() < 8) {  // a start-up packet may come in pieces
    return server_port && bytes[0] == '\0' ? Opening::kStartup : Opening::kOther;
  }
  ByteCursor cursor(bytes);
  const uint32_t length = cursor.u32();
  const uint32_t code = cursor.u32();
  const bool known = code >> 16U == 3 || (code >= 80'877'102 && code <= 80'877'104) || code >> 16U == 2;
  return length >= 8 && length <= 10'000 && known ? Opening::kStartup : Opening::kOther;
}

// A message by which a client is known that was connected before the capture began.
bool is_telling_request(std::string_view bytes) {
  return !bytes.empty() && (bytes[0] == 'Q' || bytes[0] == 'P' || bytes[0] == 'B') && bytes.size() >= 7 &&
         bytes[1] == '\0' && looks_like_messages(Side::kClient, bytes);
}

}  // namespace

class FlowTable::Flow final : public StreamSink {
 public:
  Flow(FlowTable& table, Key key, Microseconds time) : table_(table), key_(std::move(key)), started_(time) {}

  void add(int direction, const TcpSegment& segment, Microseconds time, WirePlace place) {
    last_ = time;
    if (segment.syn) {
      syn_seen_ = true;
      client_ = segment.ack ? 1 - direction : direction;
    }
    if (kind_ == Kind::kOther) return;
    stream_.add(direction, segment, time, place, *this);
  }

  void on_bytes(int direction, std::string_view bytes, Microseconds time, WirePlace place) override {
    if (kind_ == Kind::kUndecided) decide(direction, bytes);
    if (kind_ != Kind::kPostgres) return;
    const Side side = direction == client_ ? Side::kClient : Side::kServer;
    if (copy_) copy_->data(side, bytes, time);
    connection_->feed(side, bytes, time, place);
    if (port_known_ || connection_->state() != Connection::State::kRunning) return;
    port_known_ = true;
    table_.server_ports_.insert(server().port);
  }

  void on_gap(int direction, uint64_t count, Microseconds time) override {
    if (kind_ != Kind::kPostgres) return;
    const Side side = direction == client_ ? Side::kClient : Side::kServer;
    if (copy_) copy_->lost(side, count, time);
    connection_->gap(side, count, time);
  }

  void close(bool ended) {
    stream_.flush(*this);
    if (copy_) copy_->close(last_);
    if (connection_ != nullptr) connection_->close(last_, ended || stream_.finished());
    if (kind_ == Kind::kOther) ++table_.other_connections_;
  }

  bool finished() const { return stream_.finished(); }
  const Key& key() const { return key_; }

 private:
  enum class Kind : uint8_t { kUndecided, kPostgres, kOther };

  const Endpoint& end(int direction) const { return direction == 0 ? key_.first : key_.second; }
  const Endpoint& server() const { return end(1 - client_); }

  void start(bool mid_stream) {
    kind_ = Kind::kPostgres;
    Connection::Origin origin;
    origin.host = address_text(end(client_));
    origin.file = table_.file_;
    std::string identity = origin.host + " " + address_text(server());
    identity += " " + std::to_string(end(client_).port) + " " + std::to_string(server().port);
    origin.session = hash_combine(hash64(identity, table_.seed_), static_cast<uint64_t>(started_));
    if (origin.session == 0) origin.session = 1;
    connection_ =
        std::make_unique<Connection>(std::move(origin), table_.texts_, table_.counts_, table_.sink_);
    if (mid_stream) connection_->start_mid_stream();
    if (table_.copy_ != nullptr)
      copy_.emplace(*table_.copy_, ++table_.copied_, address_text(end(client_)), mid_stream, last_);
  }

  void decide(int direction, std::string_view bytes) {
    const auto is_server_port = [this](const Endpoint& endpoint) {
      return table_.server_ports_.count(endpoint.port) != 0;
    };
    if (syn_seen_) {
      if (direction != client_) {  // PostgreSQL's server never speaks first
        kind_ = Kind::kOther;
        return;
      }
      const Opening opening = opening_of(bytes, is_server_port(server()));
      if (opening == Opening::kStartup || is_server_port(server())) {
        start(false);
      } else {
        kind_ = Kind::kOther;
      }
      return;
    }
    if (is_server_port(end(1 - direction)) || is_server_port(end(direction))) {
      client_ = is_server_port(end(1 - direction)) ? direction : 1 - direction;
      start(direction != client_ || opening_of(bytes, true) == Opening::kOther);
    } else if (opening_of(bytes, false) == Opening::kStartup) {
      client_ = direction;
      start(false);
    } else if (is_telling_request(bytes)) {
      client_ = direction;
      start(true);
    }
  }

  FlowTable& table_;
  Key key_;
  Microseconds started_, last_ = kUnknownTime;
  TcpStream stream_;
  Kind kind_ = Kind::kUndecided;
  bool syn_seen_ = false;
  bool port_known_ = false;  // that the server's port is one
  int client_ = 0;
  std::unique_ptr<Connection> connection_;
  std::optional<FlowCopy> copy_;
};

size_t FlowTable::KeyHash::operator()(const Key& key) const {
  const auto bytes = [](const Endpoint& end) {
    return std::string_view(reinterpret_cast<const char*>(end.address.data()), end.address.size());
  };
  const uint64_t ports = uint64_t{key.first.port} << 16U | key.second.port;
  return static_cast<size_t>(hash64(bytes(key.first), hash64(bytes(key.second), ports)));
}

FlowTable::FlowTable(uint32_t file, uint64_t seed, WireCounts& counts, EventSink& sink)
    : file_(file), seed_(seed), counts_(counts), sink_(sink) {}

FlowTable::~FlowTable() = default;

void FlowTable::add(const TcpSegment& segment, Microseconds time, WirePlace place) {
  const bool ordered = segment.source < segment.target;
  const Key key = ordered ? Key{segment.source, segment.target} : Key{segment.target, segment.source};
  auto found = by_key_.find(key);
  // The same ports again: a new connection once the old one is over.
  if (found != by_key_.end() && segment.syn && !segment.ack && found->second->finished()) {
    found->second->close(true);
    flows_.erase(found->second);
    by_key_.erase(found);
    found = by_key_.end();
  }
  if (found == by_key_.end()) {
    if (segment.rst || (segment.payload.empty() && segment.missing == 0 && !segment.syn)) return;
    if (flows_.size() >= kMaxFlows) {
      ++evicted_;
      flows_.front().close(false);
      by_key_.erase(flows_.front().key());
      flows_.pop_front();
    }
    flows_.emplace_back(*this, key, time);
    found = by_key_.emplace(key, std::prev(flows_.end())).first;
  } else if (std::next(found->second) != flows_.end()) {
    flows_.splice(flows_.end(), flows_, found->second);
  }
  Flow& flow = *found->second;
  flow.add(ordered ? 0 : 1, segment, time, place);
}

void FlowTable::forget_finished() {
  for (auto flow = flows_.begin(); flow != flows_.end();) {
    if (!flow->finished()) {
      ++flow;
      continue;
    }
    flow->close(true);
    by_key_.erase(flow->key());
    flow = flows_.erase(flow);
  }
}

void FlowTable::finish() {
  for (Flow& flow : flows_) flow.close(false);
  flows_.clear();
  by_key_.clear();
}

}  // namespace pgsieve
