#include "analyzer/capture/chunk_stages.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace pgsieve {
namespace {

class Stages {
 public:
  Stages(unsigned threads, const StageWork& work)
      : work_(work), chunks_(threads == 1 ? 1 : size_t{threads} + 1) {}

  void run() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      if (complete(lock) || consume(lock) || supply(lock)) continue;
      if (ended_ && completed_ == supplied_) return;
      changed_.wait(lock);
    }
  }

 private:
  enum class State : uint8_t { kFree, kBusy, kPrepared, kConsumed };
  struct Chunk {
    State state = State::kFree;
    uint64_t ticket = 0;  // place in the input
    Job job;
    PreparedChunk prepared;
    std::unique_ptr<DeferredWork> rest;
  };

  Chunk* find(State state, uint64_t ticket) {
    const auto found = std::find_if(chunks_.begin(), chunks_.end(), [&](const Chunk& chunk) {
      return chunk.state == state && (state == State::kFree || chunk.ticket == ticket);
    });
    return found == chunks_.end() ? nullptr : &*found;
  }

  // Each does one step without the lock, when there is one: false, there is none.
  bool complete(std::unique_lock<std::mutex>& lock) {
    Chunk* const chunk = find(State::kConsumed, completed_);
    if (chunk == nullptr) return false;
    chunk->state = State::kBusy;
    lock.unlock();
    if (chunk->rest != nullptr) chunk->rest->run();
    chunk->rest.reset();
    lock.lock();
    chunk->state = State::kFree;
    ++completed_;
    changed_.notify_all();
    return true;
  }

  bool consume(std::unique_lock<std::mutex>& lock) {
    Chunk* const chunk = find(State::kPrepared, consumed_);
    if (chunk == nullptr) return false;
    const bool alone = chunk->job.events != nullptr;
    if (alone && (completed_ != chunk->ticket || supplying_)) return false;
    if (alone) supplying_ = true;
    chunk->state = State::kBusy;
    lock.unlock();
    chunk->rest = work_.consume(chunk->job, chunk->prepared);
    lock.lock();
    if (alone) supplying_ = false;
    chunk->state = State::kConsumed;
    ++consumed_;
    changed_.notify_all();
    return true;
  }

  bool supply(std::unique_lock<std::mutex>& lock) {
    Chunk* const chunk = supplying_ || ended_ ? nullptr : find(State::kFree, 0);
    if (chunk == nullptr) return false;
    supplying_ = true;
    chunk->state = State::kBusy;
    lock.unlock();
    const bool more = work_.supply(chunk->job);
    lock.lock();
    supplying_ = false;
    if (more) {
      chunk->ticket = supplied_++;
    } else {
      chunk->state = State::kFree;
      ended_ = true;
    }
    changed_.notify_all();
    if (!more) return true;
    lock.unlock();
    work_.prepare(chunk->job, chunk->prepared);
    lock.lock();
    chunk->state = State::kPrepared;
    changed_.notify_all();
    return true;
  }

  const StageWork& work_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Of these, guarded by mutex_: all, but what is in a chunk that is busy.
  std::vector<Chunk> chunks_;
  uint64_t supplied_ = 0, consumed_ = 0, completed_ = 0;  // chunks that have been through a stage
  bool supplying_ = false, ended_ = false;
};

}  // namespace

void run_stages(unsigned threads, const StageWork& work) {
  Stages stages(threads, work);
  std::vector<std::thread> others;
  for (unsigned i = 1; i < threads; ++i) others.emplace_back([&stages] { stages.run(); });
  stages.run();
  for (std::thread& thread : others) thread.join();
}

}  // namespace pgsieve
