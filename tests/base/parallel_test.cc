#include "analyzer/base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace pgsieve {
namespace {

TEST(Parallel, EveryIndexIsDoneOnceByWhicheverThread) {
  for (const unsigned threads : {0U, 1U, 2U, 7U}) {
    std::vector<std::atomic<int>> done(1000);
    std::atomic<unsigned> workers{0};
    parallel_for(threads, done.size(), [&]() -> IndexWorker {
      ++workers;
      return [&](size_t index) { ++done[index]; };
    });
    for (const std::atomic<int>& times : done) ASSERT_EQ(times, 1);
    EXPECT_GE(workers, 1U);
    EXPECT_LE(workers, std::max(threads, 1U));
  }
}

TEST(Parallel, AWorkerKeepsItsStateToItself) {
  std::atomic<size_t> sum{0};
  parallel_for(4, 500, [&]() -> IndexWorker {
    return [&sum, mine = size_t{0}, id = std::this_thread::get_id()](size_t) mutable {
      EXPECT_EQ(std::this_thread::get_id(), id);
      ++mine;
      sum += mine > 0 ? 1 : 0;
    };
  });
  EXPECT_EQ(sum, 500U);
}

TEST(Parallel, NoWorkMakesNoWorker) {
  parallel_for(4, 0, []() -> IndexWorker {
    ADD_FAILURE();
    return {};
  });
}

TEST(Parallel, AnExceptionReachesTheCaller) {
  std::atomic<size_t> after{0};
  const auto run = [&] {
    parallel_for(3, 100000, [&]() -> IndexWorker {
      return [&](size_t index) {
        if (index == 10) throw std::runtime_error("ten");
        ++after;
      };
    });
  };
  EXPECT_THROW(run(), std::runtime_error);
  EXPECT_LT(after, 100000U);
}

}  // namespace
}  // namespace pgsieve
