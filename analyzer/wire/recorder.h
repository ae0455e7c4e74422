// Recorder: takes copies of what a tap forwards and hands them to conversation sinks on a thread of its own.
//
// Never makes the tap wait, unless Overflow::kWait asks for that: what does not fit into the ring is dropped
// and counted, and the sinks hear of the hole. Passwords are erased before a chunk enters the ring.
//
// open(), data() and close() are for one thread; the sinks are called from the recorder's own; the counters
// may be read by any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "analyzer/wire/chunk_ring.h"
#include "analyzer/wire/conversation.h"
#include "analyzer/wire/secret_eraser.h"

namespace pgsieve {

class Recorder {
 public:
  static constexpr size_t kRingBytes = size_t{16} * 1024 * 1024;
  enum class Overflow : uint8_t {
    kDrop,  // traffic never waits for the analysis
    kWait,  // nothing is dropped: traffic slows down to the pace of the analysis
  };

  // The sinks outlive the recorder.
  explicit Recorder(std::vector<ConversationSink*> sinks, Overflow overflow = Overflow::kDrop,
                    size_t ring_bytes = kRingBytes);
  ~Recorder();

  void open(uint64_t id, std::string_view client);
  // Passwords among `bytes` are overwritten.
  void data(uint64_t id, Side side, std::span<char> bytes);
  void close(uint64_t id);

  // Waits until the sinks have had everything. No more calls but of the counters.
  void finish();

  uint64_t dropped_bytes() const { return dropped_bytes_; }
  uint64_t dropped_connections() const { return dropped_connections_; }
  size_t queued_bytes() const { return ring_.used(); }
  size_t most_queued_bytes() const { return most_queued_; }

 private:
  enum class Kind : uint8_t { kOpen, kData, kLost, kClose };
  struct Stream {
    SecretEraser eraser;
    std::array<uint64_t, 2> lost{};  // dropped, and the sinks don't know yet; by side
  };
  bool push(Kind kind, uint64_t id, Side side, uint64_t number, std::string_view bytes);
  void consume();
  void hand_on(const ChunkRing::Chunk& chunk);

  std::vector<ConversationSink*> sinks_;
  Overflow overflow_;
  ChunkRing ring_;
  std::unordered_map<uint64_t, Stream> streams_;
  std::vector<uint64_t> unclosed_;  // ended, but there was no room to say so
  std::atomic<uint64_t> dropped_bytes_{0}, dropped_connections_{0};
  std::atomic<size_t> most_queued_{0};
  std::thread thread_;
};

}  // namespace pgsieve
