// PacketWriter: writes what went over connections as a packet capture (pcap, raw IP), so that the tap's
// recording is a file like any other: pgsieve reads it again, and so does Wireshark.
//
// The packets are made up: addresses stand for connections (127.x.y.z for the client, 127.0.0.1:5432 for the
// server), sequence numbers count the bytes. Bytes that were lost leave a hole in the numbers, which a reader
// sees. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "analyzer/base/error.h"
#include "analyzer/base/time.h"
#include "analyzer/wire/conversation.h"

namespace pgsieve {

class PacketWriter final : public ConversationSink {
 public:
  static Result<std::unique_ptr<PacketWriter>> create(const std::string& path);

  // `id`: of the connection, from 1.
  void open(uint64_t id, std::string_view client, Microseconds time) override;
  void data(uint64_t id, Side side, std::string_view bytes, Microseconds time) override;
  void lost(uint64_t id, Side side, uint64_t bytes, Microseconds time) override;
  void close(uint64_t id, Microseconds time) override;

  // Writes out everything. False: some of it could not be written.
  bool finish();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  struct Stream {
    std::array<uint32_t, 2> next{};  // sequence numbers, by side
    bool begun = false;
  };
  void begin(uint64_t id, Microseconds time);
  void packet(uint64_t id, Side from, uint8_t flags, std::string_view payload, Microseconds time);

  std::unique_ptr<std::FILE, Close> file_;
  std::unordered_map<uint64_t, Stream> streams_;
  bool failed_ = false;
};

}  // namespace pgsieve
