#include "analyzer/wire/chunk_ring.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>

namespace pgsieve {

// Chunks lie one behind the other, each with a header before it and never across the end of the memory: what
// is left there is skipped (size kSkip).
struct ChunkRing::Header {
  uint64_t id;
  Microseconds time;
  uint64_t number;
  uint32_t size;
  uint8_t kind, side;
  uint16_t unused;
};

namespace {

constexpr uint32_t kSkip = UINT32_MAX;
constexpr uint64_t kWarmBytes = uint64_t{256} * 1024;

constexpr uint64_t rounded(uint64_t size) {
  return (size + 31) / 32 * 32;
}

}  // namespace

ChunkRing::ChunkRing(size_t capacity) : capacity_(capacity), event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  void* memory = mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ = static_cast<char*>(memory);
}

ChunkRing::~ChunkRing() {
  munmap(memory_, capacity_);
  if (event_ >= 0) ::close(event_);
}

size_t ChunkRing::used() const {
  // Read first: a chunk taken in between makes the result too large, never negative.
  const uint64_t read = read_.load(std::memory_order_acquire);
  return static_cast<size_t>(written_.load(std::memory_order_acquire) - read);
}

bool ChunkRing::push(const Chunk& chunk) {
  static_assert(sizeof(Header) == 32);
  const uint64_t need = sizeof(Header) + rounded(chunk.bytes.size());
  uint64_t at = written_.load(std::memory_order_relaxed);
  const uint64_t to_end = capacity_ - at % capacity_;
  // A ring that is empty starts over at its beginning, which is still in the processor's cache.
  const bool start_over = at % capacity_ >= kWarmBytes && read_.load(std::memory_order_acquire) == at;
  const uint64_t skipped = to_end < need || start_over ? to_end : 0;
  if (at + skipped + need - known_read_ > capacity_) {
    known_read_ = read_.load(std::memory_order_acquire);
    if (at + skipped + need - known_read_ > capacity_) return false;
  }
  if (skipped != 0) {
    const Header skip{0, 0, 0, kSkip, 0, 0, 0};
    std::memcpy(memory_ + at % capacity_, &skip, sizeof skip);
    at += skipped;
  }
  const Header header{
      chunk.id,   chunk.time, chunk.number, static_cast<uint32_t>(chunk.bytes.size()), chunk.kind,
      chunk.side, 0};
  std::memcpy(memory_ + at % capacity_, &header, sizeof header);
  if (!chunk.bytes.empty())
    std::memcpy(memory_ + at % capacity_ + sizeof header, chunk.bytes.data(), chunk.bytes.size());
  // Sequentially consistent, as is the consumer's announcement that it sleeps: one of the two sees the other.
  written_.store(at + need, std::memory_order_seq_cst);
  const uint32_t state = state_.load(std::memory_order_seq_cst);
  if (state == kSleeping ||
      (state == kNapping && at + need - known_read_ > capacity_ / 4 && used() > capacity_ / 4)) {
    wake();
  }
  return true;
}

bool ChunkRing::front(Chunk& chunk) {
  uint64_t at = read_.load(std::memory_order_relaxed);
  if (at == written_.load(std::memory_order_acquire)) return false;
  Header header;
  std::memcpy(&header, memory_ + at % capacity_, sizeof header);
  if (header.size == kSkip) {
    at += capacity_ - at % capacity_;
    std::memcpy(&header, memory_ + at % capacity_, sizeof header);
  }
  chunk.kind = header.kind;
  chunk.side = header.side;
  chunk.id = header.id;
  chunk.time = header.time;
  chunk.number = header.number;
  chunk.bytes = std::string_view(memory_ + at % capacity_ + sizeof header, header.size);
  next_read_ = at + sizeof(Header) + rounded(header.size);
  return true;
}

void ChunkRing::pop() {
  read_.store(next_read_, std::memory_order_release);
}

void ChunkRing::wake() {
  state_.store(kAwake, std::memory_order_relaxed);
  const uint64_t one = 1;
  if (write(event_, &one, sizeof one) < 0) return;  // it is full: the consumer wakes anyway
}

void ChunkRing::sleep(State how, int milliseconds) {
  state_.store(how, std::memory_order_seq_cst);
  const bool empty =
      written_.load(std::memory_order_seq_cst) == read_.load(std::memory_order_relaxed) && !stopped_.load();
  if (empty || (how == kNapping && !stopped_.load())) {
    pollfd waiting{event_, POLLIN, 0};
    if (poll(&waiting, 1, milliseconds) > 0) {
      uint64_t ignored = 0;
      if (read(event_, &ignored, sizeof ignored) < 0) ignored = 0;
    }
  }
  state_.store(kAwake, std::memory_order_relaxed);
}

bool ChunkRing::wait() {
  const auto empty = [this] {
    return written_.load(std::memory_order_acquire) == read_.load(std::memory_order_relaxed);
  };
  if (!empty()) return true;
  if (!stopped_.load()) sleep(kNapping, static_cast<int>(kNap / 1000));
  while (empty()) {
    if (stopped_.load()) return !empty();
    sleep(kSleeping, -1);
  }
  return true;
}

void ChunkRing::stop() {
  stopped_.store(true);
  const uint64_t one = 1;
  if (write(event_, &one, sizeof one) < 0) return;
}

}  // namespace pgsieve
