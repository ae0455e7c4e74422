// Backend: what the assembler remembers of one server process; BackendTable: all of them, a bounded number.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyzer/capture/emitter.h"
#include "analyzer/capture/execution.h"
#include "analyzer/capture/log_entry.h"

namespace pgsieve {

// Time spent in parse and bind for a statement whose execution has not come yet.
struct PrepareTime {
  uint64_t name = 0;  // hash of the statement name
  uint64_t text = 0;  // text_identity()
  Microseconds parse = 0, bind = 0;
  uint32_t parses = 0, binds = 0;
};

struct Backend {
  uint64_t key = 0;      // what the log calls it: hash of %c, or of pid, server and group
  uint64_t session = 0;  // Event::session
  bool by_pid = false;
  uint32_t* generation = nullptr;  // of its process id; counts on when the session ends
  std::string user, database, application, host;
  std::string server;  // stands in for the client's host where the log has none
  Microseconds last_time = kUnknownTime;

  Execution current;  // the latest execution; waits for its fetches, plan, DETAIL, duration
  Execution doubted;  // awaited its duration when `current` came in between: perhaps a message of a function
                      // it runs
  Execution failed;   // an ERROR that waits for its STATEMENT
  enum class Target : uint8_t {
    kNone,
    kCurrent,
    kFailed,
    kPlan
  } target = Target::kNone;               // whose DETAIL, CONTEXT, … come next
  std::unique_ptr<PlanRecord> open_plan;  // may still get its CONTEXT
  std::vector<PlanRecord> plans;          // wait for their statement entry (simple protocol)
  std::vector<PrepareTime> prepares;      // at most kMaxPrepares, oldest first
  std::array<Microseconds, 2> loose{};    // the latest durations without a text
  uint32_t loose_count = 0;
  std::array<uint64_t, 4> unplanned{};  // text_identity of the latest extended executions that got no plan
  uint32_t unplanned_next = 0;
  uint64_t latest_transaction = 0;  // number of the latest virtual transaction id; 0: none yet
  uint64_t transactions_over = 0;   // statements since then whose transaction was over
  bool owed_duration = false;        // of a statement that the run before ended with
  bool has_statements = false;      // statement entries were seen, not plans alone
  bool touched = false;             // may hold views into the current chunk

  static constexpr size_t kMaxPrepares = 32;
  static constexpr size_t kMaxPlans = 32;

  Identity identity() const { return {session, user, database, application, host.empty() ? server : host}; }
};

// Cheap identity of a text: its length with its first and last bytes. Only ever compared within one backend.
uint64_t text_identity(std::string_view text);

// How often each process id was taken by another process so far. Ids share a fixed number of counters: those
// of one server below kSlots each have their own, further ones may count together, which changes what a
// session is called but never merges two.
class Generations {
 public:
  uint32_t& of(uint64_t pid, uint64_t server) {
    const size_t slot = (pid + server) % kSlots;
    std::unique_ptr<Page>& page = pages_[slot / kPageSlots];
    if (page == nullptr) page = std::make_unique<Page>();
    return (*page)[slot % kPageSlots];
  }

 private:
  static constexpr size_t kSlots = size_t{1} << 17, kPageSlots = 512;
  using Page = std::array<uint32_t, kPageSlots>;
  std::array<std::unique_ptr<Page>, kSlots / kPageSlots> pages_;  // those with an id that was seen
};

class BackendTable {
 public:
  static constexpr size_t kMaxBackends = 8192;

  // The backend of `key`; a fresh one (session 0) when it is not there. When the table is full, the backend
  // unused for the longest time is handed to `evicted` first.
  template <typename Evict>
  Backend& get(uint64_t key, Evict&& evicted) {
    if (latest_ != nullptr && latest_->key == key) return *latest_;
    const auto found = index_.find(key);
    if (found != index_.end()) {
      order_.splice(order_.end(), order_, found->second);
    } else {
      if (index_.size() >= kMaxBackends) {
        evicted(order_.front());
        index_.erase(order_.front().key);
        order_.pop_front();
      }
      order_.emplace_back();
      order_.back().key = key;
      index_.emplace(key, std::prev(order_.end()));
    }
    latest_ = &order_.back();
    return *latest_;
  }

  void erase(uint64_t key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    if (latest_ == &*found->second) latest_ = nullptr;
    order_.erase(found->second);
    index_.erase(found);
  }

  // Least recently used first: a fixed order.
  std::list<Backend>& all() { return order_; }
  const std::list<Backend>& all() const { return order_; }

 private:
  std::list<Backend> order_;
  std::unordered_map<uint64_t, std::list<Backend>::iterator> index_;
  Backend* latest_ = nullptr;
};

}  // namespace pgsieve
