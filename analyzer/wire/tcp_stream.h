// TcpStream: puts the segments of one TCP connection in order, both directions together.
//
// A segment is handed on when everything its sender had sent before is known, and everything its sender had
// received when it sent it: a segment that acknowledges bytes of the other side comes after these bytes. That
// is the order in which things happened, whatever order the capture has them in, so a reply is never seen
// before its request. What can't be handed on yet is held, at most kMaxHeld segments and kMaxHeldBytes;
// beyond that, and after kMaxWait of capture time, what is missing is declared lost.
//
// Retransmitted and duplicated bytes are dropped. Sequence numbers wrap. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "analyzer/base/time.h"
#include "analyzer/wire/packet_layers.h"
#include "analyzer/wire/statement_book.h"

namespace pgsieve {

// Takes what a TcpStream puts in order. Direction 0 or 1 is the caller's to name.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  virtual void on_bytes(int direction, std::string_view bytes, Microseconds time, WirePlace place) = 0;
  virtual void on_gap(int direction, uint64_t count, Microseconds time) = 0;
};

class TcpStream {
 public:
  static constexpr size_t kMaxHeld = 256;
  static constexpr size_t kMaxHeldBytes = size_t{1} << 20U;
  static constexpr Microseconds kMaxWait = 2 * kSecond;

  void add(int direction, const TcpSegment& segment, Microseconds time, WirePlace place, StreamSink& sink);
  // Hands on everything that is held, with gaps where something is missing.
  void flush(StreamSink& sink);

  bool finished() const { return finished_; }  // both sides said so, or one broke it off
  uint64_t duplicates() const { return duplicates_; }

 private:
  struct Held {
    int direction = 0;
    uint32_t sequence = 0, acknowledged = 0;
    bool has_ack = false, fin = false;
    std::string bytes;
    uint32_t missing = 0;
    Microseconds time = kUnknownTime;
    WirePlace place;
  };
  struct Direction {
    bool known = false;
    uint32_t next = 0;  // sequence number of the next byte
    bool fin = false;
  };

  static int32_t distance(uint32_t from, uint32_t to) { return static_cast<int32_t>(to - from); }
  bool ready(int direction, uint32_t sequence, uint32_t acknowledged, bool has_ack) const;
  void deliver(int direction, uint32_t sequence, bool fin, std::string_view bytes, uint32_t missing,
               Microseconds time, WirePlace place, StreamSink& sink);
  void deliver_held(StreamSink& sink);
  void give_up_one(StreamSink& sink);

  std::array<Direction, 2> directions_;
  std::deque<Held> held_;
  size_t held_bytes_ = 0;
  bool finished_ = false;
  uint64_t duplicates_ = 0;
};

}  // namespace pgsieve
