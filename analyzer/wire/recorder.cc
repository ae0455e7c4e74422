#include "analyzer/wire/recorder.h"

#include <chrono>

namespace pgsieve {
namespace {

constexpr size_t kItemBytes = 128;  // what an item costs besides its bytes

Microseconds now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Recorder::Recorder(std::unique_ptr<PacketWriter> writer)
    : writer_(std::move(writer)), thread_([this] { write(); }) {}

Recorder::~Recorder() {
  finish();
}

void Recorder::push(Item item) {
  item.time = now();
  const std::lock_guard<std::mutex> guard(lock_);
  const std::pair stream{item.id, item.side};
  if (item.kind == Item::Kind::kData && queued_ + item.bytes.size() + kItemBytes > kMaxQueued) {
    dropped_ += item.bytes.size();
    lost_[stream] += item.bytes.size();
    return;
  }
  const bool was_empty = queue_.empty();
  if (const auto hole = lost_.find(stream); hole != lost_.end()) {
    queued_ += kItemBytes;
    queue_.push_back({Item::Kind::kLost, item.id, item.side, item.time, hole->second, {}});
    lost_.erase(hole);
  }
  queued_ += item.bytes.size() + kItemBytes;
  queue_.push_back(std::move(item));
  if (was_empty) changed_.notify_one();
}

void Recorder::open(uint64_t id) {
  push({Item::Kind::kOpen, id, Side::kClient, 0, 0, {}});
}
void Recorder::data(uint64_t id, Side side, std::string_view bytes) {
  push({Item::Kind::kData, id, side, 0, 0, std::string(bytes)});
}
void Recorder::close(uint64_t id) {
  push({Item::Kind::kClose, id, Side::kClient, 0, 0, {}});
}

void Recorder::write() {
  std::deque<Item> batch;
  for (;;) {
    {
      std::unique_lock<std::mutex> guard(lock_);
      changed_.wait(guard, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      batch.swap(queue_);
    }
    for (Item& item : batch) {
      const size_t cost = item.bytes.size() + kItemBytes;
      switch (item.kind) {
        case Item::Kind::kOpen:
          writer_->open(item.id, item.time);
          break;
        case Item::Kind::kData:
          writer_->data(item.id, item.side, std::move(item.bytes), item.time);
          break;
        case Item::Kind::kLost:
          writer_->lost(item.id, item.side, item.lost);
          break;
        case Item::Kind::kClose:
          writer_->close(item.id, item.time);
          break;
      }
      const std::lock_guard<std::mutex> guard(lock_);
      queued_ -= cost;
    }
    batch.clear();
  }
}

bool Recorder::finish() {
  {
    const std::lock_guard<std::mutex> guard(lock_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
    written_ = writer_->flush();
  }
  return written_;
}

uint64_t Recorder::dropped_bytes() {
  const std::lock_guard<std::mutex> guard(lock_);
  return dropped_;
}

}  // namespace pgsieve
