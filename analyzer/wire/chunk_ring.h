// ChunkRing: a bounded queue of byte chunks between one producer thread and one consumer thread.
//
// The producer never waits and never allocates: what does not fit is refused, and the producer decides. A
// chunk costs one copy in and none out. The consumer sleeps while there is nothing: it naps for kNap first,
// so that steady traffic costs one system call per nap and not one per chunk, and then until it is woken. A
// napping consumer is woken when a quarter of the ring is full.
//
// push() belongs to one thread, front()/pop()/wait() to another; stop(), used() to any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "analyzer/base/time.h"

namespace pgsieve {

class ChunkRing {
 public:
  struct Chunk {
    uint8_t kind = 0;  // the user's
    uint8_t side = 0;
    uint64_t id = 0;
    Microseconds time = 0;
    uint64_t number = 0;     // the user's
    std::string_view bytes;  // front(): valid until pop()
  };
  static constexpr Microseconds kNap = 10'000;

  // `capacity`: a power of two, at least twice the largest chunk and 64 bytes. Memory is touched as it is
  // used.
  explicit ChunkRing(size_t capacity);
  ~ChunkRing();
  ChunkRing(const ChunkRing&) = delete;
  ChunkRing& operator=(const ChunkRing&) = delete;

  // False: no room.
  bool push(const Chunk& chunk);

  // False: empty.
  bool front(Chunk& chunk);
  void pop();
  // Until there is something. False: stopped, and empty.
  bool wait();

  void stop();
  size_t used() const;
  size_t capacity() const { return capacity_; }

 private:
  struct Header;
  enum State : uint32_t { kAwake, kNapping, kSleeping };
  void sleep(State how, int milliseconds);
  void wake();

  size_t capacity_;
  char* memory_ = nullptr;
  int event_ = -1;
  alignas(64) std::atomic<uint64_t> written_{0};  // bytes ever
  uint64_t known_read_ = 0;                       // the producer's view of read_
  alignas(64) std::atomic<uint64_t> read_{0};
  uint64_t next_read_ = 0;  // after pop() of the chunk that front() gave
  alignas(64) std::atomic<uint32_t> state_{kAwake};
  std::atomic<bool> stopped_{false};
};

}  // namespace pgsieve
