#include "analyzer/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace pgsieve {

void parallel_for(unsigned threads, size_t count, const std::function<IndexWorker()>& make_worker) {
  std::atomic<size_t> next{0};
  std::mutex guard;
  std::exception_ptr thrown;
  const auto work = [&] {
    try {
      const IndexWorker worker = make_worker();
      for (size_t index = next.fetch_add(1); index < count; index = next.fetch_add(1)) worker(index);
    } catch (...) {
      next.store(count);
      const std::lock_guard<std::mutex> lock(guard);
      if (thrown == nullptr) thrown = std::current_exception();
    }
  };
  std::vector<std::thread> helpers;
  try {
    for (size_t i = 1; i < std::min<size_t>(threads, count); ++i) helpers.emplace_back(work);
  } catch (const std::system_error&) {
    // As many as there are will do.
  }
  if (count > 0) work();
  for (std::thread& helper : helpers) helper.join();
  if (thrown != nullptr) std::rethrow_exception(thrown);
}

}  // namespace pgsieve
