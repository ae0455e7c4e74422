// FlowTable: the TCP connections of a capture; which of them speak PostgreSQL, and which side is the server.
//
// A connection whose start was captured is recognised by its first packet from the client. One that was open
// before is recognised by a port known to be a server's (5432, or one seen in another connection's start), or
// by a client message that can't be chance. Everything else is other traffic.
//
// Bounded: kMaxFlows connections; the one that was quiet the longest gives way. Not thread-safe.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>

#include "analyzer/capture/event.h"
#include "analyzer/wire/connection.h"
#include "analyzer/wire/conversation.h"
#include "analyzer/wire/tcp_stream.h"

namespace pgsieve {

class FlowTable {
 public:
  static constexpr size_t kMaxFlows = 16'384;

  FlowTable(uint32_t file, uint64_t seed, WireCounts& counts, EventSink& sink);
  ~FlowTable();

  // Connections to this port are PostgreSQL's.
  void add_server_port(uint16_t port) { server_ports_.insert(port); }
  // Hands on what PostgreSQL connections say from now on, passwords erased. `sink` outlives the table.
  void copy_to(ConversationSink& sink) { copy_ = &sink; }
  void add(const TcpSegment& segment, Microseconds time, WirePlace place);
  // Of a capture without end: forgets the connections that are over. (In a file they stay: packets may come
  // late, and twice.)
  void forget_finished();
  size_t connections() const { return flows_.size(); }
  // The capture is over.
  void finish();

  uint64_t other_connections() const { return other_connections_; }
  uint64_t evicted() const { return evicted_; }

 private:
  class Flow;
  using Key = std::pair<Endpoint, Endpoint>;  // the smaller one first
  struct KeyHash {
    size_t operator()(const Key& key) const;
  };

  uint32_t file_;
  uint64_t seed_;
  WireCounts& counts_;
  EventSink& sink_;
  StatementTexts texts_;
  ConversationSink* copy_ = nullptr;
  uint64_t copied_ = 0;    // connections
  std::list<Flow> flows_;  // least recently used first
  std::unordered_map<Key, std::list<Flow>::iterator, KeyHash> by_key_;
  std::set<uint16_t> server_ports_{5432};
  uint64_t other_connections_ = 0;
  uint64_t evicted_ = 0;
};

}  // namespace pgsieve
