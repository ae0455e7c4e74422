#include "analyzer/wire/framer.h"

#include <algorithm>

#include "analyzer/wire/byte_cursor.h"

namespace pgsieve {
namespace {

constexpr uint64_t kMaxStartup = 10'000;                // MAX_STARTUP_PACKET_LENGTH
constexpr uint64_t kMaxMessage = uint64_t{0x3fffffff};  // PQ_LARGE_MESSAGE_LIMIT
constexpr size_t kIdleCapacity = size_t{64} * 1024;     // of body_, between messages

constexpr std::string_view kClientTypes = "QPBDECSHFpdcfX";
constexpr std::string_view kServerTypes = "RSKZTDCIENAtn123sGHWdcvV";

bool has_fixed_size(Side side, char type, uint64_t size) {
  if (side == Side::kClient) {
    switch (type) {
      case 'S':
      case 'H':
      case 'c':
      case 'X':
        return size == 0;
      default:
        return true;
    }
  }
  switch (type) {
    case 'Z':
      return size == 1;
    case '1':
    case '2':
    case '3':
    case 'n':
    case 's':
    case 'I':
    case 'c':
      return size == 0;
    default:
      return true;
  }
}

bool is_long(Side side, char type) {
  return std::string_view(side == Side::kClient ? "QPBdp" : "DTdEN").find(type) != std::string_view::npos;
}

}  // namespace

size_t keep_limit(Side side, char type) {
  constexpr size_t kKilo = 1024;
  if (side == Side::kClient) {
    switch (type) {
      case 'Q':
      case 'P':
        return 4 * kKilo * kKilo;
      case 'B':
        return kKilo * kKilo;
      case 'd':
      case 'p':  // passwords are never kept
      case 'F':
        return 0;
      default:
        return 64 * kKilo;
    }
  }
  if (type == 'd' || type == 'K') return 0;
  if (type == 'N') return kKilo * kKilo;  // plans come as notices
  return type == 'T' ? 512 * kKilo : 64 * kKilo;
}

bool is_message(Side side, char type, uint64_t size) {
  const std::string_view types = side == Side::kClient ? kClientTypes : kServerTypes;
  return types.find(type) != std::string_view::npos && size <= kMaxMessage &&
         has_fixed_size(side, type, size);
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
  if (body_.capacity() > kIdleCapacity) body_ = {};
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

bool Framer::next(std::string_view& bytes, WireMessage& message) {
  if (delivered_) restart();
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
