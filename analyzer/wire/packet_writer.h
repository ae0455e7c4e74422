// PacketWriter: writes what went over connections as a packet capture (pcap, raw IP), so that the tap's
// recording is a file like any other: pgsieve reads it again, and so does Wireshark.
//
// The packets are made up: addresses stand for connections (127.x.y.z for the client, 127.0.0.1:5432 for the
// server), sequence numbers count the bytes. Bytes that were lost leave a hole in the numbers, which a reader
// sees. Passwords are erased. Not thread-safe.
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
#include "analyzer/wire/framer.h"
#include "analyzer/wire/secret_eraser.h"

namespace pgsieve {

class PacketWriter {
 public:
  static Result<std::unique_ptr<PacketWriter>> create(const std::string& path);

  // `id`: of the connection, from 1.
  void open(uint64_t id, Microseconds time);
  void data(uint64_t id, Side side, std::string bytes, Microseconds time);
  void lost(uint64_t id, Side side, uint64_t bytes);
  void close(uint64_t id, Microseconds time);

  // Writes out everything. False: some of it could not be written.
  bool flush();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  struct Stream {
    std::array<uint32_t, 2> next{};  // sequence numbers, by side
    SecretEraser eraser;
    bool erasable = true;  // false: client bytes were lost, so nothing can be told from secrets
  };
  void packet(uint64_t id, Side from, uint8_t flags, std::string_view payload, Microseconds time);

  std::unique_ptr<std::FILE, Close> file_;
  std::unordered_map<uint64_t, Stream> streams_;
  bool failed_ = false;
};

}  // namespace pgsieve
