#include "analyzer/wire/recorder.h"

#include <chrono>
#include <utility>

namespace pgsieve {
namespace {

Microseconds now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Recorder::Recorder(std::vector<ConversationSink*> sinks, Overflow overflow, size_t ring_bytes)
    : sinks_(std::move(sinks)), overflow_(overflow), ring_(ring_bytes), thread_([this] { consume(); }) {}

Recorder::~Recorder() {
  finish();
}

bool Recorder::push(Kind kind, uint64_t id, Side side, uint64_t number, std::string_view bytes) {
  const ChunkRing::Chunk chunk{
      static_cast<uint8_t>(kind), static_cast<uint8_t>(side), id, now(), number, bytes};
  while (!ring_.push(chunk)) {
    if (overflow_ == Overflow::kDrop) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return true;
}

void Recorder::open(uint64_t id, std::string_view client) {
  while (!unclosed_.empty() && push(Kind::kClose, unclosed_.back(), Side::kClient, 0, {}))
    unclosed_.pop_back();
  if (!push(Kind::kOpen, id, Side::kClient, 0, client)) {
    ++dropped_connections_;
    return;
  }
  streams_.try_emplace(id);
}

void Recorder::data(uint64_t id, Side side, std::span<char> bytes) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) {  // of a connection that was dropped as a whole
    dropped_bytes_ += bytes.size();
    return;
  }
  Stream& stream = found->second;
  if (side == Side::kClient) stream.eraser.erase(bytes);
  uint64_t& lost = stream.lost[static_cast<size_t>(side)];
  const bool had_hole = lost != 0;
  if (had_hole && push(Kind::kLost, id, side, lost, {})) lost = 0;
  if (lost == 0 && push(Kind::kData, id, side, 0, std::string_view(bytes.data(), bytes.size()))) {
    return;
  }
  lost += bytes.size();
  dropped_bytes_ += bytes.size();
}

void Recorder::close(uint64_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  for (const Side side : {Side::kClient, Side::kServer}) {
    const uint64_t lost = found->second.lost[static_cast<size_t>(side)];
    if (lost != 0) push(Kind::kLost, id, side, lost, {});
  }
  streams_.erase(found);
  if (!push(Kind::kClose, id, Side::kClient, 0, {})) unclosed_.push_back(id);
}

void Recorder::hand_on(const ChunkRing::Chunk& chunk) {
  const Side side = static_cast<Side>(chunk.side);
  for (ConversationSink* sink : sinks_) {
    switch (static_cast<Kind>(chunk.kind)) {
      case Kind::kOpen:
        sink->open(chunk.id, chunk.bytes, chunk.time);
        break;
      case Kind::kData:
        sink->data(chunk.id, side, chunk.bytes, chunk.time);
        break;
      case Kind::kLost:
        sink->lost(chunk.id, side, chunk.number, chunk.time);
        break;
      case Kind::kClose:
        sink->close(chunk.id, chunk.time);
        break;
    }
  }
}

void Recorder::consume() {
  ChunkRing::Chunk chunk;
  while (ring_.wait()) {
    if (const size_t queued = ring_.used(); queued > most_queued_) most_queued_ = queued;
    while (ring_.front(chunk)) {
      hand_on(chunk);
      ring_.pop();
    }
  }
}

void Recorder::finish() {
  if (!thread_.joinable()) return;
  for (const uint64_t id : std::exchange(unclosed_, {})) {
    while (!push(Kind::kClose, id, Side::kClient, 0, {}))
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ring_.stop();
  thread_.join();
}

}  // namespace pgsieve
