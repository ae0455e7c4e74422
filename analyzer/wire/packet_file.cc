#include "analyzer/wire/packet_file.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgsieve {
namespace {

constexpr uint32_t kMicroseconds = 0xa1b2c3d4, kNanoseconds = 0xa1b23c4d;
constexpr uint32_t kSection = 0x0a0d0d0a, kByteOrder = 0x1a2b3c4d;
constexpr uint32_t kInterfaceBlock = 1, kOldPacketBlock = 2, kSimplePacketBlock = 3, kPacketBlock = 6;
constexpr size_t kReadBytes = size_t{256} * 1024;

uint32_t little(std::string_view bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = 4; i-- > 0;) number = number << 8U | static_cast<uint8_t>(bytes[at + i]);
  return number;
}
uint32_t big(std::string_view bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) number = number << 8U | static_cast<uint8_t>(bytes[at + i]);
  return number;
}

size_t padded(size_t size) {
  return (size + 3) / 4 * 4;
}

}  // namespace

bool is_packet_file(std::string_view head) {
  if (head.size() < 12) return false;
  const uint32_t magic = little(head, 0);
  if (magic == kSection) return little(head, 8) == kByteOrder || big(head, 8) == kByteOrder;
  for (const uint32_t known : {kMicroseconds, kNanoseconds}) {
    if (magic == known || big(head, 0) == known) return true;
  }
  return false;
}

PacketFile::PacketFile(std::string_view head, Source& source) : source_(source), buffer_(head) {}

uint16_t PacketFile::u16(std::string_view bytes, size_t at) const {
  const unsigned first = static_cast<uint8_t>(bytes[at]);
  const unsigned second = static_cast<uint8_t>(bytes[at + 1]);
  return static_cast<uint16_t>(swapped_ ? first << 8U | second : second << 8U | first);
}

uint32_t PacketFile::u32(std::string_view bytes, size_t at) const {
  return swapped_ ? big(bytes, at) : little(bytes, at);
}

// Makes `size` bytes available; false when the file ends before.
bool PacketFile::need(size_t size) {
  while (buffer_.size() - used_ < size && !ended_) {
    if (used_ > 0) {
      buffer_.erase(0, used_);
      used_ = 0;
    }
    const Result<size_t> got = source_.read(buffer_, std::max(kReadBytes, size));
    if (!got) error_ = got.error();
    if (!got || *got == 0) ended_ = true;
  }
  return buffer_.size() - used_ >= size;
}

void PacketFile::consume(size_t size) {
  used_ += size;
  offset_ += size;
}

bool PacketFile::damage(std::string what) {
  if (damaged_.empty()) damaged_ = fmt::format("{} at byte {}", what, offset_);
  return false;
}

void PacketFile::drain() {
  while (!ended_) {
    offset_ += buffer_.size() - used_;
    used_ = buffer_.size();
    need(1);
  }
  offset_ += buffer_.size() - used_;
  used_ = buffer_.size();
}

bool PacketFile::start() {
  started_ = true;
  if (!need(4)) return false;
  const uint32_t magic = little(ahead(), 0);
  if (magic == kSection) {
    blocks_ = true;
    return true;
  }
  swapped_ = magic != kMicroseconds && magic != kNanoseconds;
  nanoseconds_ = u32(ahead(), 0) == kNanoseconds;
  if (!need(24)) return damage("the file header is cut short");
  // The upper bits of the link type say whether packets end in a checksum.
  interfaces_.push_back({u32(ahead(), 20) & 0x03ffffffU, 0, 0});
  consume(24);
  return true;
}

bool PacketFile::next(Packet& packet) {
  if (!damaged_.empty() || error_) return false;
  if (!started_ && !start()) return false;
  const bool found = blocks_ ? next_block(packet) : next_pcap(packet);
  if (found) packet.number = ++packets_;
  return found;
}

bool PacketFile::next_pcap(Packet& packet) {
  if (!need(16)) return buffer_.size() == used_ ? false : damage("a packet header is cut short");
  const int64_t seconds = u32(ahead(), 0);
  const int64_t fraction = u32(ahead(), 4);
  const size_t size = u32(ahead(), 8);
  if (size > kMaxRecord) return damage(fmt::format("a packet claims {} bytes", size));
  if (!need(16 + size)) return damage("a packet is cut short");
  packet.time = seconds * kSecond + (nanoseconds_ ? fraction / 1000 : fraction);
  packet.link_type = interfaces_.front().link_type;
  packet.bytes = ahead().substr(16, size);
  packet.offset = offset_;
  consume(16 + size);
  return true;
}

bool PacketFile::start_section() {
  if (!need(16)) return damage("a section header is cut short");
  if (little(ahead(), 8) == kByteOrder) {
    swapped_ = false;
  } else if (big(ahead(), 8) == kByteOrder) {
    swapped_ = true;
  } else {
    return damage("a section header has no byte order");
  }
  interfaces_.clear();
  return true;
}

void PacketFile::add_interface(std::string_view body) {
  Interface interface;
  if (body.size() >= 2) interface.link_type = u16(body, 0);
  size_t at = 8;
  while (at + 4 <= body.size()) {
    const unsigned code = u16(body, at);
    const size_t size = u16(body, at + 2);
    at += 4;
    if (code == 0 || at + size > body.size()) break;
    if (code == 9 && size >= 1) {  // if_tsresol: a power of ten, or of two with the top bit
      const auto resolution = static_cast<uint8_t>(body[at]);
      const unsigned exponent = resolution & 0x7fU;
      interface.ticks_per_second = 1;
      if (resolution & 0x80U) {
        interface.ticks_per_second = uint64_t{1} << std::min(exponent, 62U);
      } else {
        for (unsigned i = 0; i < std::min(exponent, 18U); ++i) interface.ticks_per_second *= 10;
      }
    } else if (code == 14 && size >= 8) {  // if_tsoffset
      const uint64_t first = u32(body, at), second = u32(body, at + 4);
      interface.offset_seconds =
          static_cast<int64_t>(swapped_ ? first << 32U | second : second << 32U | first);
    }
    at += padded(size);
  }
  if (interfaces_.size() < 65'536) interfaces_.push_back(interface);
}

bool PacketFile::read_packet_block(uint32_t type, std::string_view body, Packet& packet) {
  if (type == kSimplePacketBlock) {
    if (body.size() < 4 || interfaces_.empty()) return false;
    packet.time = kUnknownTime;
    packet.link_type = interfaces_.front().link_type;
    packet.bytes = body.substr(4, std::min<size_t>(u32(body, 0), body.size() - 4));
    return true;
  }
  if (body.size() < 20) return false;
  const size_t number = type == kOldPacketBlock ? u16(body, 0) : u32(body, 0);
  if (number >= interfaces_.size()) return false;
  const Interface& interface = interfaces_[number];
  const uint64_t ticks = uint64_t{u32(body, 4)} << 32U | u32(body, 8);
  const uint64_t second = interface.ticks_per_second;
  const uint64_t seconds = ticks / second;
  const auto fraction =
      static_cast<Microseconds>(static_cast<double>(ticks % second) * 1e6 / static_cast<double>(second));
  constexpr int64_t kFarSeconds = int64_t{1} << 40U;
  if (seconds < static_cast<uint64_t>(kFarSeconds) && interface.offset_seconds < kFarSeconds &&
      interface.offset_seconds > -kFarSeconds) {
    packet.time = (static_cast<int64_t>(seconds) + interface.offset_seconds) * kSecond + fraction;
  } else {
    packet.time = kUnknownTime;
  }
  packet.link_type = interface.link_type;
  packet.bytes = body.substr(20, u32(body, 12));
  return true;
}

bool PacketFile::next_block(Packet& packet) {
  for (;;) {
    if (!need(12)) return buffer_.size() == used_ ? false : damage("a block header is cut short");
    const uint32_t section = little(ahead(), 0);
    if (section == kSection && !start_section()) return false;
    const uint32_t type = u32(ahead(), 0);
    const size_t size = u32(ahead(), 4);
    if (size < 12 || size % 4 != 0 || size > kMaxRecord)
      return damage(fmt::format("a block claims {} bytes", size));
    if (!need(size)) return damage("a block is cut short");
    const std::string_view body = ahead().substr(8, size - 12);
    packet.offset = offset_;
    const bool is_packet = type == kPacketBlock || type == kSimplePacketBlock || type == kOldPacketBlock;
    if (type == kInterfaceBlock) add_interface(body);
    const bool found = is_packet && read_packet_block(type, body, packet);
    consume(size);
    if (found) return true;
  }
}

}  // namespace pgsieve
