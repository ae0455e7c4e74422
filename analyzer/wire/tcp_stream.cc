#include "analyzer/wire/tcp_stream.h"

#include <algorithm>

namespace pgsieve {

bool TcpStream::ready(int direction, uint32_t sequence, uint32_t acknowledged, bool has_ack) const {
  const auto own = static_cast<size_t>(direction);
  if (distance(directions_[own].next, sequence) > 0) return false;
  const Direction& other = directions_[1 - own];
  return !has_ack || !other.known || distance(other.next, acknowledged) <= 0;
}

void TcpStream::deliver(int direction, uint32_t sequence, bool fin, std::string_view bytes, uint32_t missing,
                        Microseconds time, WirePlace place, StreamSink& sink) {
  Direction& own = directions_[static_cast<size_t>(direction)];
  const int32_t known = distance(sequence, own.next);  // bytes of it that were seen before
  if (known > 0) {
    const size_t cut = std::min<size_t>(static_cast<size_t>(known), bytes.size());
    if (cut == bytes.size() && cut > 0) ++duplicates_;
    bytes.remove_prefix(cut);
    const auto rest = static_cast<uint32_t>(known) - static_cast<uint32_t>(cut);
    missing -= std::min(missing, rest);
    sequence += static_cast<uint32_t>(known);
    if (bytes.empty() && missing == 0) {
      if (fin && !own.fin && distance(own.next, sequence) >= 0) own.fin = true;
      return;
    }
  }
  own.next = sequence + static_cast<uint32_t>(bytes.size()) + missing;
  if (fin) {
    own.fin = true;
    ++own.next;
  }
  if (!bytes.empty()) sink.on_bytes(direction, bytes, time, place);
  if (missing > 0) sink.on_gap(direction, missing, time);
}

void TcpStream::deliver_held(StreamSink& sink) {
  bool progress = true;
  while (progress) {
    progress = false;
    for (auto at = held_.begin(); at != held_.end();) {
      if (!ready(at->direction, at->sequence, at->acknowledged, at->has_ack)) {
        ++at;
        continue;
      }
      const Held held = std::move(*at);
      at = held_.erase(at);
      held_bytes_ -= held.bytes.size();
      deliver(held.direction, held.sequence, held.fin, held.bytes, held.missing, held.time, held.place, sink);
      progress = true;
    }
  }
}

// Declares lost what the oldest held segment waits for.
void TcpStream::give_up_one(StreamSink& sink) {
  const Held& front = held_.front();
  int direction = front.direction;
  uint32_t target = front.sequence;
  if (distance(directions_[static_cast<size_t>(direction)].next, target) <= 0) {  // waits for the other side
    direction = 1 - direction;
    target = front.acknowledged;
  }
  Direction& lacking = directions_[static_cast<size_t>(direction)];
  for (const Held& held : held_) {  // the hole ends where the first segment behind it begins
    if (held.direction == direction && distance(lacking.next, held.sequence) > 0 &&
        distance(held.sequence, target) > 0) {
      target = held.sequence;
    }
  }
  const auto count = static_cast<uint32_t>(distance(lacking.next, target));
  lacking.next = target;
  sink.on_gap(direction, count, front.time);
  deliver_held(sink);
}

void TcpStream::add(int direction, const TcpSegment& segment, Microseconds time, WirePlace place,
                    StreamSink& sink) {
  Direction& own = directions_[static_cast<size_t>(direction)];
  Direction& other = directions_[static_cast<size_t>(1 - direction)];
  uint32_t sequence = segment.sequence;
  if (segment.syn) ++sequence;
  if (!own.known) {
    own.known = true;
    own.next = sequence;
  }
  if (segment.ack && !other.known) {
    other.known = true;
    other.next = segment.acknowledged;
  }
  if (segment.rst) {
    flush(sink);
    finished_ = true;
    return;
  }
  if (segment.payload.empty() && segment.missing == 0 && !segment.fin) {
    if (!held_.empty() && time - held_.front().time > kMaxWait) give_up_one(sink);
    return;
  }
  if (held_.empty() && ready(direction, sequence, segment.acknowledged, segment.ack)) {
    deliver(direction, sequence, segment.fin, segment.payload, segment.missing, time, place, sink);
  } else {
    held_.push_back({direction, sequence, segment.acknowledged, segment.ack, segment.fin,
                     std::string(segment.payload), segment.missing, time, place});
    held_bytes_ += segment.payload.size();
    deliver_held(sink);
    while (!held_.empty() &&
           (held_.size() > kMaxHeld || held_bytes_ > kMaxHeldBytes || time - held_.front().time > kMaxWait)) {
      give_up_one(sink);
    }
  }
  finished_ = directions_[0].fin && directions_[1].fin;
}

void TcpStream::flush(StreamSink& sink) {
  while (!held_.empty()) give_up_one(sink);
}

}  // namespace pgsieve
