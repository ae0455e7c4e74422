#include "analyzer/wire/packet_writer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pgsieve {
namespace {

constexpr uint8_t kFin = 1, kSyn = 2, kPush = 8, kAck = 16;
constexpr size_t kMaxPayload = 60'000;  // an IP packet holds 65535 bytes

void append_big(std::string& out, uint64_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i)
    out.push_back(static_cast<char>(number >> (8 * static_cast<unsigned>(i))));
}
void append_little(std::string& out, uint64_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(number >> (8 * static_cast<unsigned>(i))));
}

}  // namespace

Result<std::unique_ptr<PacketWriter>> PacketWriter::create(const std::string& path) {
  auto writer = std::make_unique<PacketWriter>();
  writer->file_.reset(std::fopen(path.c_str(), "wb"));
  if (writer->file_ == nullptr) {
    return Error{.kind = Error::Kind::kSystem,
                 .message = std::string("can't write: ") + std::strerror(errno),
                 .hint = {},
                 .file = path};
  }
  constexpr uint32_t kRawIp = 101;
  std::string header;
  append_little(header, 0xa1b2c3d4, 4);
  append_little(header, 2, 2);
  append_little(header, 4, 2);
  append_little(header, 0, 8);
  append_little(header, 262'144, 4);
  append_little(header, kRawIp, 4);
  writer->failed_ = std::fwrite(header.data(), 1, header.size(), writer->file_.get()) != header.size();
  return writer;
}

void PacketWriter::packet(uint64_t id, Side from, uint8_t flags, std::string_view payload,
                          Microseconds time) {
  Stream& stream = streams_[id];
  const auto side = static_cast<size_t>(from);
  // 127.128.0.0 and up, 60000 ports each: no two connections of a run are alike.
  constexpr uint64_t kPorts = 60'000;
  const uint64_t client = 0x7f800000U + id / kPorts % 0x7fffffU;
  const uint64_t client_port = 2000 + id % kPorts;
  constexpr uint64_t kServer = 0x7f000001U;
  constexpr uint64_t kServerPort = 5432;
  const bool of_client = from == Side::kClient;
  std::string out;
  const size_t size = 40 + payload.size();
  append_little(out, static_cast<uint64_t>(time / kSecond), 4);
  append_little(out, static_cast<uint64_t>(time % kSecond), 4);
  append_little(out, size, 4);
  append_little(out, size, 4);
  append_big(out, 0x4500, 2);  // IPv4
  append_big(out, size, 2);
  append_big(out, 0, 4);
  append_big(out, 0x4006, 2);  // time to live, TCP
  append_big(out, 0, 2);
  append_big(out, of_client ? client : kServer, 4);
  append_big(out, of_client ? kServer : client, 4);
  append_big(out, of_client ? client_port : kServerPort, 2);
  append_big(out, of_client ? kServerPort : client_port, 2);
  append_big(out, stream.next[side], 4);
  append_big(out, (flags & kAck) != 0 ? stream.next[1 - side] : 0, 4);
  append_big(out, 0x50, 1);
  append_big(out, flags, 1);
  append_big(out, 0xffff, 2);
  append_big(out, 0, 4);
  out += payload;
  if (std::fwrite(out.data(), 1, out.size(), file_.get()) != out.size()) failed_ = true;
  stream.next[side] += static_cast<uint32_t>(payload.size()) + ((flags & (kSyn | kFin)) != 0 ? 1 : 0);
}

void PacketWriter::open(uint64_t id, std::string_view /*client*/, Microseconds /*time*/) {
  streams_.try_emplace(id);
}

void PacketWriter::begin(uint64_t id, Microseconds time) {
  Stream& stream = streams_[id];
  if (stream.begun) return;
  stream.begun = true;
  packet(id, Side::kClient, kSyn, {}, time);
  packet(id, Side::kServer, kSyn | kAck, {}, time);
}

void PacketWriter::data(uint64_t id, Side side, std::string_view bytes, Microseconds time) {
  if (streams_.count(id) == 0) return;
  begin(id, time);
  for (size_t at = 0; at < bytes.size(); at += kMaxPayload)
    packet(id, side, kPush | kAck, bytes.substr(at, kMaxPayload), time);
}

void PacketWriter::lost(uint64_t id, Side side, uint64_t bytes, Microseconds time) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  if (bytes == 0 && !found->second.begun) {  // open before the capture began: no handshake was seen
    found->second.begun = true;
    return;
  }
  begin(id, time);
  found->second.next[static_cast<size_t>(side)] += static_cast<uint32_t>(bytes);
}

void PacketWriter::close(uint64_t id, Microseconds time) {
  if (streams_.count(id) == 0) return;
  begin(id, time);
  packet(id, Side::kClient, kFin | kAck, {}, time);
  packet(id, Side::kServer, kFin | kAck, {}, time);
  streams_.erase(id);
}

bool PacketWriter::finish() {
  if (std::fflush(file_.get()) != 0) failed_ = true;
  return !failed_;
}

}  // namespace pgsieve
