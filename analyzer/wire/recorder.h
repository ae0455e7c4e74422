// Recorder: takes copies of what a tap forwards and hands them to a PacketWriter on a thread of its own.
//
// Never makes the tap wait: what does not fit into kMaxQueued bytes is dropped and counted, and the recording
// has a hole there. The functions may be called from any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "analyzer/wire/packet_writer.h"

namespace pgsieve {

class Recorder {
 public:
  static constexpr size_t kMaxQueued = size_t{16} * 1024 * 1024;

  explicit Recorder(std::unique_ptr<PacketWriter> writer);
  ~Recorder();

  void open(uint64_t id);
  void data(uint64_t id, Side side, std::string_view bytes);
  void close(uint64_t id);

  // Waits until everything is written. False: some of it could not be.
  bool finish();
  uint64_t dropped_bytes();

 private:
  struct Item {
    enum class Kind : uint8_t { kOpen, kData, kLost, kClose } kind = Kind::kData;
    uint64_t id = 0;
    Side side = Side::kClient;
    Microseconds time = kUnknownTime;
    uint64_t lost = 0;
    std::string bytes;
  };
  void push(Item item);
  void write();

  std::unique_ptr<PacketWriter> writer_;
  std::mutex lock_;
  std::condition_variable changed_;
  std::deque<Item> queue_;
  std::map<std::pair<uint64_t, Side>, uint64_t> lost_;  // bytes dropped, holes not queued yet
  size_t queued_ = 0;
  uint64_t dropped_ = 0;
  bool stopping_ = false;
  bool written_ = true;
  std::thread thread_;
};

}  // namespace pgsieve
