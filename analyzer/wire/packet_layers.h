// From a captured packet to its TCP segment: link layer, VLAN tags, IPv4 or IPv6.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "analyzer/wire/packet_file.h"

namespace pgsieve {

struct Endpoint {
  std::array<uint8_t, 16> address{};  // IPv4 in its first four bytes
  uint16_t port = 0;
  bool ipv6 = false;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};
std::string address_text(const Endpoint& endpoint);

struct TcpSegment {
  Endpoint source, target;
  uint32_t sequence = 0, acknowledged = 0;
  bool syn = false, ack = false, fin = false, rst = false;
  std::string_view payload;  // as captured
  uint32_t missing = 0;      // bytes of the payload behind it that were not captured (snap length)
};

enum class PacketKind : uint8_t {
  kTcp,
  kOther,        // another protocol
  kFragment,     // of an IP packet: not put together
  kUnknownLink,  // of a link type we can't read
  kCut,          // headers not captured whole
};

PacketKind read_segment(const Packet& packet, TcpSegment& segment);

}  // namespace pgsieve
