// PacketFile: the packets of a capture file, pcap or pcapng, read from a stream.
//
// Formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng. Both byte orders, micro- and nanoseconds,
// several sections and interfaces with their own link types and clocks. Memory: one packet. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/time.h"
#include "analyzer/capture/source.h"

namespace pgsieve {

struct Packet {
  Microseconds time = kUnknownTime;
  uint32_t link_type = 0;
  std::string_view bytes;  // as captured; valid until the next packet is read
  uint64_t offset = 0;     // of the packet's record in the file
  uint64_t number = 0;     // 1-based
};

// Whether a file with this head is one.
bool is_packet_file(std::string_view head);

class PacketFile {
 public:
  // `head` was already taken from the source and comes first. Both outlive the PacketFile.
  PacketFile(std::string_view head, Source& source);

  // False at the end, at damage, or after an error: see error() and damaged().
  bool next(Packet& packet);

  const Status& error() const { return error_; }
  // Set when a record can't be right: what follows it is not read. Empty: none.
  const std::string& damaged() const { return damaged_; }
  uint64_t offset() const { return offset_; }  // bytes read as records so far
  uint64_t total() const { return offset_ + buffer_.size() - used_; }
  // Reads what is left, to account for its bytes.
  void drain();

 private:
  static constexpr size_t kMaxRecord = size_t{4} * 1024 * 1024;

  struct Interface {
    uint32_t link_type = 0;
    uint64_t ticks_per_second = 1'000'000;
    int64_t offset_seconds = 0;
  };

  bool need(size_t size);
  std::string_view ahead() const { return std::string_view(buffer_).substr(used_); }
  void consume(size_t size);
  bool damage(std::string what);
  uint16_t u16(std::string_view bytes, size_t at) const;
  uint32_t u32(std::string_view bytes, size_t at) const;
  bool start();
  bool next_pcap(Packet& packet);
  bool next_block(Packet& packet);
  bool start_section();
  void add_interface(std::string_view body);
  bool read_packet_block(uint32_t type, std::string_view body, Packet& packet);

  Source& source_;
  std::string buffer_;
  size_t used_ = 0;
  uint64_t offset_ = 0;
  uint64_t packets_ = 0;
  bool started_ = false, ended_ = false;
  bool swapped_ = false;  // the file's byte order is not little-endian
  bool blocks_ = false;   // pcapng
  bool nanoseconds_ = false;
  std::vector<Interface> interfaces_;
  Status error_;
  std::string damaged_;
};

}  // namespace pgsieve
