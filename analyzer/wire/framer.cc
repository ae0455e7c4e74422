#include "analyzer/wire/framer.h"

#include <algorithm>

#include "analyzer/base/release.h"
#include "analyzer/wire/byte_cursor.h"

namespace pgsieve {
namespace {

constexpr uint64_t kMaxStartup = 10'000;                // MAX_STARTUP_PACKET_LENGTH
constexpr uint64_t kMaxMessage = uint64_t{0x3fffffff};  // PQ_LARGE_MESSAGE_LIMIT
constexpr size_t kIdleCapacity = size_t{64} * 1024;     // of body_, between messages

// What is known of a message by its type byte.
struct TypeFacts {
  bool known = false;
  bool fixed = false;  // its body is always `size` bytes long
  uint8_t size = 0;
  uint32_t keep = 0;  // of its body
};
using TypeTable = std::array<TypeFacts, 256>;

constexpr uint32_t kKilo = 1024;

constexpr void describe(TypeTable& table, std::string_view types, uint32_t keep) {
  for (const char type : types) table[static_cast<uint8_t>(type)] = {true, false, 0, keep};
}
constexpr void describe_fixed(TypeTable& table, std::string_view types, uint8_t size) {
  for (const char type : types) table[static_cast<uint8_t>(type)] = {true, true, size, 64 * kKilo};
}

constexpr TypeTable client_types() {
  TypeTable table{};
  describe(table, "QP", 4 * kKilo * kKilo);
  describe(table, "B", kKilo * kKilo);
  describe(table, "DECf", 64 * kKilo);
  describe(table, "dpF", 0);  // passwords are never kept
  describe_fixed(table, "SHcX", 0);
  return table;
}

constexpr TypeTable server_types() {
  TypeTable table{};
  describe(table, "RSDCEAtGHWVv", 64 * kKilo);
  describe(table, "T", 512 * kKilo);
  describe(table, "N", kKilo * kKilo);  // plans come as notices
  describe(table, "dK", 0);
  describe_fixed(table, "123nsIc", 0);
  describe_fixed(table, "Z", 1);
  return table;
}

constexpr std::array<TypeTable, 2> kTypes = {client_types(), server_types()};

const TypeFacts& facts_of(Side side, char type) {
  return kTypes[static_cast<size_t>(side)][static_cast<uint8_t>(type)];
}

bool fits(const TypeFacts& facts, uint64_t size) {
  return facts.known && size <= kMaxMessage && (!facts.fixed || size == facts.size);
}

bool is_long(Side side, char type) {
  return std::string_view(side == Side::kClient ? "QPBdp" : "DTdEN").find(type) != std::string_view::npos;
}

}  // namespace

size_t keep_limit(Side side, char type) {
  return facts_of(side, type).keep;
}

bool is_message(Side side, char type, uint64_t size) {
  return fits(facts_of(side, type), size);
}

bool looks_like_messages(Side side, std::string_view bytes) {
  size_t messages = 0;
  while (bytes.size() >= 5) {
    ByteCursor cursor(bytes);
    const char type = static_cast<char>(cursor.u8());
    const uint64_t length = cursor.u32();
    if (length < 4 || !is_message(side, type, length - 4)) return false;
    if (cursor.left() < length - 4) {
      // One long message that goes on: believable when it is of a size that occurs.
      return is_long(side, type) && (messages > 0 || length < 1U << 20U);
    }
    const std::string_view body = cursor.take(length - 4);
    if (side == Side::kClient && type == 'Q' && (body.empty() || body.back() != '\0')) return false;
    if (side == Side::kServer && type == 'Z' &&
        std::string_view("ITE").find(body[0]) == std::string_view::npos)
      return false;
    if (side == Side::kServer && type == 'C' && (body.size() < 4 || body.back() != '\0')) return false;
    bytes = cursor.rest();
    ++messages;
  }
  return messages > 0;
}

size_t find_answer_end(std::string_view bytes) {
  constexpr std::string_view kReady("Z\0\0\0\5", 5);
  if (bytes.size() < 6 || bytes.substr(bytes.size() - 6, 5) != kReady) return std::string_view::npos;
  const size_t end = bytes.size() - 6;
  // A tag is at most 63 bytes long; its length word has to lead exactly to ReadyForQuery.
  for (size_t at = end; at-- > 0 && end - at <= 70;) {
    if (bytes[at] != 'C' || end - at < 7) continue;
    ByteCursor cursor(bytes.substr(at + 1));
    if (cursor.u32() + 1 == end - at && bytes[end - 1] == '\0') return at;
  }
  return std::string_view::npos;
}

void Framer::restart() {
  header_size_ = 0;
  declared_ = seen_ = keep_ = 0;
  damaged_ = delivered_ = false;
  if (body_.capacity() > kIdleCapacity) release(body_);
  body_.clear();
}

void Framer::set_mode(Mode mode) {
  restart();
  mode_ = mode;
}

void Framer::lose() {
  restart();
  mode_ = Mode::kLost;
}

// False: the header is not complete, or is none (then lost).
bool Framer::read_header(std::string_view& bytes) {
  const size_t wanted = header_bytes();
  const size_t taken = std::min(wanted - header_size_, bytes.size());
  std::copy_n(bytes.begin(), taken, header_.begin() + static_cast<std::ptrdiff_t>(header_size_));
  header_size_ += taken;
  bytes.remove_prefix(taken);
  if (header_size_ < wanted) return false;
  const bool startup = mode_ == Mode::kStartup;
  ByteCursor cursor(std::string_view(header_.data(), wanted));
  const char type = startup ? '\0' : static_cast<char>(cursor.u8());
  const uint64_t length = cursor.u32();
  if (length < 4 || (startup ? length > kMaxStartup || length < 8 : !is_message(side_, type, length - 4))) {
    lose();
    return false;
  }
  declared_ = length - 4;
  keep_ = startup ? kMaxStartup : keep_limit(side_, type);
  return true;
}

// The common case: all of a message is here, and nothing has to be remembered. False: it is another case.
bool Framer::take_whole(std::string_view& bytes, WireMessage& message) {
  constexpr size_t kHeader = 5;
  if (bytes.size() < kHeader) return false;
  ByteCursor cursor(bytes);
  const char type = static_cast<char>(cursor.u8());
  const uint64_t length = cursor.u32();
  const TypeFacts& facts = facts_of(side_, type);
  if (length < 4 || length + 1 > bytes.size() || !fits(facts, length - 4)) return false;
  const auto size = static_cast<size_t>(length - 4);
  message = {type, bytes.substr(kHeader, std::min<size_t>(size, facts.keep)), size, size <= facts.keep};
  bytes.remove_prefix(kHeader + size);
  return true;
}

bool Framer::next(std::string_view& bytes, WireMessage& message) {
  if (delivered_) restart();
  if (mode_ == Mode::kMessages && header_size_ == 0 && take_whole(bytes, message)) return true;
  if (mode_ == Mode::kLost) {
    bytes = {};
    return false;
  }
  if (mode_ == Mode::kAnswer) {
    if (bytes.empty()) return false;
    message = {bytes.front(), {}, 0, true};
    bytes.remove_prefix(1);
    return true;
  }
  if (header_size_ < header_bytes() && !read_header(bytes)) {
    if (mode_ == Mode::kLost) bytes = {};
    return false;
  }
  const auto available = static_cast<size_t>(std::min<uint64_t>(declared_ - seen_, bytes.size()));
  message.type = mode_ == Mode::kStartup ? '\0' : header_[0];
  message.size = declared_;
  if (seen_ == 0 && available == declared_) {  // all of it is here: no copy
    message.body = bytes.substr(0, static_cast<size_t>(std::min(declared_, keep_)));
    message.whole = declared_ <= keep_;
    bytes.remove_prefix(available);
    delivered_ = true;
    return true;
  }
  if (body_.size() < keep_ && !damaged_) {
    body_.append(bytes.substr(0, std::min(available, static_cast<size_t>(keep_) - body_.size())));
  }
  seen_ += available;
  bytes.remove_prefix(available);
  if (seen_ < declared_) return false;
  message.body = body_;
  message.whole = !damaged_ && body_.size() == declared_;
  delivered_ = true;
  return true;
}

bool Framer::interrupted(WireMessage& message) const {
  if (delivered_ || mode_ != Mode::kMessages || header_size_ < header_bytes()) return false;
  message = {header_[0], body_, declared_, false};
  return true;
}

bool Framer::skip(uint64_t count) {
  if (delivered_) restart();
  if (count == 0) return mode_ != Mode::kLost;
  const bool in_body = mode_ != Mode::kLost && header_size_ == header_bytes() && declared_ - seen_ >= count;
  if (!in_body) {
    lose();
    return false;
  }
  seen_ += count;
  damaged_ = true;
  return true;
}

}  // namespace pgsieve
