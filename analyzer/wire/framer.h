// Framer: cuts one direction of a connection into messages, whatever the pieces it arrives in.
//
// A message is a type byte, a length word that counts itself, and a body; start-up packets have no type byte,
// and the answers to SSLRequest and GSSENCRequest are one bare byte. (PostgreSQL documentation, chapter
// "Frontend/Backend Protocol", section "Message Formats".)
//
// Bounded: of each body at most keep_limit() bytes are kept, the rest is counted and passed over; nothing is
// ever allocated because a length word says so. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "analyzer/base/time.h"

namespace pgsieve {

enum class Side : uint8_t { kClient, kServer };

struct WireMessage {
  char type = 0;          // 0: start-up packet
  std::string_view body;  // valid until the framer is used again
  uint64_t size = 0;      // bytes of the body, kept or not
  bool whole = true;      // false: part of the body is missing
};

class Framer {
 public:
  enum class Mode : uint8_t {
    kStartup,  // packets without a type byte
    kAnswer,   // one bare byte, delivered as a message whose type is that byte
    kMessages,
    kLost,  // boundaries unknown: consumes everything, delivers nothing
  };

  explicit Framer(Side side) : side_(side) {}

  Mode mode() const { return mode_; }
  // Only between messages, that is: just after next() returned true or before the first byte.
  void set_mode(Mode mode);

  // Consumes from the front of `bytes`. True: `message` is complete. False: all of `bytes` was consumed, or
  // the framer got lost (mode()), because what came is no message.
  bool next(std::string_view& bytes, WireMessage& message);

  // `count` bytes of the stream are missing. True: they lie inside the body of the current message, and
  // framing goes on behind them (call next() with no bytes to get a message that ends there). False: lost.
  bool skip(uint64_t count);

  bool inside_message() const { return header_size_ > 0; }

  // The message that a hole interrupted, as far as it came. False: none was under way. Only before skip().
  bool interrupted(WireMessage& message) const;

 private:
  size_t header_bytes() const { return mode_ == Mode::kStartup ? 4 : 5; }
  bool take_whole(std::string_view& bytes, WireMessage& message);
  bool read_header(std::string_view& bytes);
  void lose();
  void restart();

  Side side_;
  Mode mode_ = Mode::kStartup;
  std::array<char, 5> header_{};
  size_t header_size_ = 0;
  uint64_t declared_ = 0;  // of the body
  uint64_t seen_ = 0;
  uint64_t keep_ = 0;
  bool damaged_ = false;
  bool delivered_ = false;  // body_ was handed out
  std::string body_;
};

// How much of a message's body is kept.
size_t keep_limit(Side side, char type);

// Whether `type` with a body of `size` bytes is a message this side sends.
bool is_message(Side side, char type, uint64_t size);

// Whether `bytes`, the start of a segment, look like the start of a message: a chain of valid headers, and
// something that can't be chance at its start.
bool looks_like_messages(Side side, std::string_view bytes);

// Where the answer to a request ends in a server's segment whose start is not known: the offset of the last
// CommandComplete that is followed by ReadyForQuery at the very end. npos: not there.
size_t find_answer_end(std::string_view bytes);

}  // namespace pgsieve
