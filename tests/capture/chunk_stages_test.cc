#include "analyzer/capture/chunk_stages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

namespace pgsieve {
namespace {

// Counts who is inside of a stage at the same time.
class Inside {
 public:
  Inside(std::atomic<int>& now, std::atomic<int>& most) : now_(now) {
    const int inside = ++now_;
    for (int seen = most; seen < inside && !most.compare_exchange_weak(seen, inside);) {
    }
  }
  ~Inside() { --now_; }

 private:
  std::atomic<int>& now_;
};

class Reader final : public EventReader {
 public:
  Status read(std::string_view, Source&, uint32_t, EventSink&, ReadAccount&, IngestStats&) override {
    return {};
  }
};

// A run over chunks that know their place by `offset`; each stage takes a random time.
struct StagedRun {
  std::vector<uint64_t> consumed, completed;
  std::atomic<int> supplying{0}, preparing{0}, consuming{0}, completing{0};
  std::atomic<int> most_supplying{0}, most_preparing{0}, most_consuming{0}, most_completing{0};
  std::atomic<bool> disturbed{false};  // a chunk with events was not alone

  struct Rest final : DeferredWork {
    Rest(StagedRun& owner, uint64_t at) : run_of(owner), place(at) {}
    void run() override {
      const Inside inside(run_of.completing, run_of.most_completing);
      pause(place * 5);
      run_of.completed.push_back(place);
    }
    StagedRun& run_of;
    uint64_t place;
  };

  static void pause(uint64_t seed) {
    std::minstd_rand random(static_cast<unsigned>(seed + 1));
    random.discard(3);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 300));
  }

  explicit StagedRun(unsigned threads, uint64_t chunks) {
    uint64_t next = 0;
    run_stages(threads,
               {[&](Job& job) {
                  const Inside inside(supplying, most_supplying);
                  pause(next * 2);
                  job.offset = next;
                  job.events = next % 9 == 5 ? std::make_shared<Reader>() : nullptr;
                  return next++ < chunks;
                },
                [&](const Job& job, PreparedChunk&) {
                  const Inside inside(preparing, most_preparing);
                  pause(job.offset * 3);
                },
                [&](Job& job, const PreparedChunk&) -> std::unique_ptr<DeferredWork> {
                  const Inside inside(consuming, most_consuming);
                  if (job.events != nullptr && (supplying > 0 || completed.size() + alone != job.offset))
                    disturbed = true;
                  pause(job.offset * 4);
                  consumed.push_back(job.offset);
                  if (job.events == nullptr) return std::make_unique<Rest>(*this, job.offset);
                  if (supplying > 0) disturbed = true;
                  ++alone;
                  return nullptr;
                }});
  }
  uint64_t alone = 0;
};

TEST(ChunkStages, KeepTheOrderOfTheInputWithAnyNumberOfThreads) {
  constexpr uint64_t kChunks = 120;
  for (const unsigned threads : {1U, 2U, 3U, 8U}) {
    const StagedRun run(threads, kChunks);
    ASSERT_EQ(run.consumed.size(), kChunks);
    for (uint64_t i = 0; i < kChunks; ++i) EXPECT_EQ(run.consumed[i], i);
    EXPECT_TRUE(std::is_sorted(run.completed.begin(), run.completed.end()));
    EXPECT_EQ(run.completed.size() + run.alone, kChunks);
    EXPECT_EQ(run.most_supplying, 1);
    EXPECT_EQ(run.most_consuming, 1);
    EXPECT_EQ(run.most_completing, 1);
    EXPECT_EQ(run.most_preparing > 1, threads > 1);
    EXPECT_FALSE(run.disturbed);
  }
}

TEST(ChunkStages, NoChunksAreNoWork) {
  const StagedRun run(4, 0);
  EXPECT_TRUE(run.consumed.empty());
  EXPECT_TRUE(run.completed.empty());
}

}  // namespace
}  // namespace pgsieve
