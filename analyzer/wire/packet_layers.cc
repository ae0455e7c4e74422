#include "analyzer/wire/packet_layers.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "analyzer/wire/byte_cursor.h"

namespace pgsieve {
namespace {

// Link types: https://www.tcpdump.org/linktypes.html
enum : uint32_t {
  kLinkNull = 0,
  kLinkEthernet = 1,
  kLinkRawBsd = 12,
  kLinkRawOpenBsd = 14,
  kLinkRaw = 101,
  kLinkLoop = 108,
  kLinkCooked = 113,
  kLinkIpv4 = 228,
  kLinkIpv6 = 229,
  kLinkCooked2 = 276,
};

constexpr unsigned kTypeIpv4 = 0x0800, kTypeIpv6 = 0x86dd;

bool is_vlan(unsigned type) {
  return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

// The bytes behind the link layer, which start with the IP header; empty: no IP packet, or cut.
PacketKind strip_link(const Packet& packet, std::string_view& ip) {
  ByteCursor cursor(packet.bytes);
  unsigned type = 0;
  switch (packet.link_type) {
    case kLinkRaw:
    case kLinkRawBsd:
    case kLinkRawOpenBsd:
    case kLinkIpv4:
    case kLinkIpv6:
      ip = packet.bytes;
      return PacketKind::kTcp;
    case kLinkNull:
    case kLinkLoop:  // an address family, whose number differs between systems: the IP version tells
      cursor.take(4);
      ip = cursor.rest();
      return cursor.failed() ? PacketKind::kCut : PacketKind::kTcp;
    case kLinkEthernet:
      cursor.take(12);
      type = cursor.u16();
      break;
    case kLinkCooked:
      cursor.take(14);
      type = cursor.u16();
      break;
    case kLinkCooked2:
      type = cursor.u16();
      cursor.take(18);
      break;
    default:
      return PacketKind::kUnknownLink;
  }
  for (int tags = 0; is_vlan(type) && tags < 4; ++tags) {
    cursor.u16();
    type = cursor.u16();
  }
  if (cursor.failed()) return PacketKind::kCut;
  if (type != kTypeIpv4 && type != kTypeIpv6) return PacketKind::kOther;
  ip = cursor.rest();
  return PacketKind::kTcp;
}

struct IpPacket {
  unsigned protocol = 0;
  std::string_view payload;
  uint32_t missing = 0;
};

// `length`: of the payload as the header says it; 0 for the super-segments that offloading makes.
void set_payload(std::string_view captured, uint64_t length, IpPacket& packet) {
  if (length == 0 || length <= captured.size()) {
    packet.payload = length == 0 ? captured : captured.substr(0, static_cast<size_t>(length));
    return;
  }
  packet.payload = captured;
  packet.missing = static_cast<uint32_t>(std::min<uint64_t>(length - captured.size(), UINT32_MAX));
}

PacketKind read_ipv4(std::string_view bytes, TcpSegment& segment, IpPacket& packet) {
  ByteCursor cursor(bytes);
  const size_t header = (cursor.u8() & 0x0fU) * size_t{4};
  cursor.u8();
  const uint64_t total = cursor.u16();
  cursor.u16();
  const unsigned fragment = cursor.u16();
  cursor.u8();
  packet.protocol = cursor.u8();
  cursor.u16();
  const std::string_view source = cursor.take(4);
  const std::string_view target = cursor.take(4);
  if (header < 20) return PacketKind::kOther;
  if (cursor.failed() || bytes.size() < header) return PacketKind::kCut;
  std::copy(source.begin(), source.end(), segment.source.address.begin());
  std::copy(target.begin(), target.end(), segment.target.address.begin());
  if ((fragment & 0x3fffU) != 0) return PacketKind::kFragment;  // "more fragments", or an offset
  if (total != 0 && total < header) return PacketKind::kOther;
  set_payload(bytes.substr(header), total == 0 ? 0 : total - header, packet);
  return PacketKind::kTcp;
}

PacketKind read_ipv6(std::string_view bytes, TcpSegment& segment, IpPacket& packet) {
  constexpr unsigned kHopByHop = 0, kRouting = 43, kFragment = 44, kDestination = 60;
  ByteCursor cursor(bytes);
  cursor.u32();
  uint64_t length = cursor.u16();
  unsigned next = cursor.u8();
  cursor.u8();
  const std::string_view source = cursor.take(16);
  const std::string_view target = cursor.take(16);
  if (cursor.failed()) return PacketKind::kCut;
  std::copy(source.begin(), source.end(), segment.source.address.begin());
  std::copy(target.begin(), target.end(), segment.target.address.begin());
  segment.source.ipv6 = segment.target.ipv6 = true;
  for (int headers = 0; headers < 8; ++headers) {
    if (next == kFragment) {
      ByteCursor fields(cursor.rest());
      fields.u16();
      if ((fields.u16() & 0xfff9U) != 0) return PacketKind::kFragment;  // an offset, or more to come
    } else if (next != kHopByHop && next != kRouting && next != kDestination) {
      break;
    }
    const bool fragment = next == kFragment;
    next = cursor.u8();
    const size_t units = cursor.u8();
    const size_t size = fragment ? 8 : (units + 1) * 8;
    cursor.take(size - 2);
    if (cursor.failed()) return PacketKind::kCut;
    if (length != 0 && length < size) return PacketKind::kOther;
    if (length != 0) length -= size;
  }
  packet.protocol = next;
  set_payload(cursor.rest(), length, packet);
  return PacketKind::kTcp;
}

}  // namespace

std::string address_text(const Endpoint& endpoint) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(endpoint.ipv6 ? AF_INET6 : AF_INET, endpoint.address.data(), text, sizeof text);
  return text;
}

PacketKind read_segment(const Packet& packet, TcpSegment& segment) {
  constexpr unsigned kTcp = 6;
  segment = {};
  std::string_view ip;
  if (const PacketKind kind = strip_link(packet, ip); kind != PacketKind::kTcp) return kind;
  if (ip.empty()) return PacketKind::kCut;
  const unsigned version = static_cast<uint8_t>(ip[0]) >> 4U;
  if (version != 4 && version != 6) return PacketKind::kOther;
  IpPacket inner;
  const PacketKind kind = version == 4 ? read_ipv4(ip, segment, inner) : read_ipv6(ip, segment, inner);
  if (kind != PacketKind::kTcp) return kind;
  if (inner.protocol != kTcp) return PacketKind::kOther;
  ByteCursor cursor(inner.payload);
  segment.source.port = cursor.u16();
  segment.target.port = cursor.u16();
  segment.sequence = cursor.u32();
  segment.acknowledged = cursor.u32();
  const size_t header = (cursor.u8() >> 4U) * size_t{4};
  const unsigned flags = cursor.u8();
  if (cursor.failed()) return PacketKind::kCut;
  segment.fin = (flags & 1U) != 0;
  segment.syn = (flags & 2U) != 0;
  segment.rst = (flags & 4U) != 0;
  segment.ack = (flags & 16U) != 0;
  if (header < 20) return PacketKind::kOther;
  if (inner.payload.size() < header) {
    // Cut inside the options: the payload is missing as a whole, but its length is known.
    const uint64_t whole = inner.payload.size() + uint64_t{inner.missing};
    if (whole < header) return PacketKind::kOther;
    segment.missing = static_cast<uint32_t>(whole - header);
    return PacketKind::kTcp;
  }
  segment.payload = inner.payload.substr(header);
  segment.missing = inner.missing;
  return PacketKind::kTcp;
}

}  // namespace pgsieve
