// SessionTracker: follows every session and turns sequences of statements into Loops, Repeats and transaction
// pauses.
//
// A session is cut into windows: by an idle gap longer than max(250 ms, 8 × its median turnaround) outside a
// transaction, by a pool reset after more than one statement, by TRUNCATE, a change of application_name, and
// its end. Within a window each statement is a Group. When a statement with equality values runs, it is
// attributed to the earlier execution whose rows may have supplied the values:
//   1. a statement of the same window whose rows can carry the key (link.h), strongest link first, then the
//   latest;
//   2. else, for requests that spread over pooled connections, such a statement on another connection of the
//   same client
//      program: with the same trace id, or moments ago (kFanOutWindow after the parent or the last of its
//      children);
//   3. else none.
// The executions attributed to one parent execution are a LoopRun. A parent that is itself in a loop passes
// its root's identity on, so that the children of all its executions are one run: users → orders (3) → items
// (30).
//
// Bounded: options.max_open_scopes sessions, Session::kMaxGroups statements each, kMaxApplications client
// programs, kRing parents each. What is pushed out is folded into the facts first, and counted.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "analyzer/workload/builder.h"
#include "analyzer/workload/link_memo.h"
#include "analyzer/workload/session.h"

namespace pgsieve {

class SessionTracker {
 public:
  SessionTracker(const WorkloadOptions& options, Workload& facts);
  ~SessionTracker();

  void on_statement(const StatementEvent& statement);
  // Says which statements come next: what they need is then on its way from memory. Thousands of sessions lie
  // in memory that no cache holds, and to wait for it takes longer than all that is done with it.
  struct Expected {
    uint64_t session = 0;
    uint32_t pattern_ordinal = 0;
  };
  void expect(std::span<const Expected> statements);
  void on_session_end(uint64_t session);
  void on_boundary(uint64_t session);  // what follows belongs to something else
  void finish();                       // closes everything

  // What is open now. suspend() gives it away without judging it; resume() goes on with it: sessions beyond
  // options.max_open_scopes, and a second state of one session, are closed.
  const OpenState& open() const { return state_; }
  OpenState suspend();
  void resume(OpenState state);
  // Closes the half of the sessions that was heard of longest ago; when there are none left, the rings.
  void close_half();

 private:
  static constexpr size_t kRing = 64;
  static constexpr size_t kMaxApplications = 1024;
  static constexpr Microseconds kIdleGap = 250 * kMillisecond;
  static constexpr Microseconds kFanOutWindow = 100 * kMillisecond;
  static constexpr Microseconds kTraceWindow = 5 * kSecond;

  struct Candidate {
    std::shared_ptr<const ParentExecution> execution;
    LinkStrength strength = LinkStrength::kNone;
    int weight = 0;        // of the link, or more when values prove it
    bool matched = false;  // its rows hold a value that is asked for
    Pattern* via = nullptr;
    std::vector<PatternKey> rivals;  // see LoopExample
    bool rival_of_same_limit = false;
    uint64_t parent_id = 0;                  // the direct parent's execution
    bool passed_over = false;                // a list that seems to be one row each time
    bool retracted = false;                  // … under which the run had begun
    RingEntry* ring = nullptr;               // where it was found, when on another connection
    Microseconds last_heard = kUnknownTime;  // of the parent or the latest of its children here
  };

  Session& open_session(const StatementEvent& statement);
  void close_window(Session& session);
  void evict_oldest();

  // Steps of on_statement().
  Microseconds note_timing(Session& session, const StatementEvent& statement);
  void note_transaction(Session& session, const StatementEvent& statement);
  static void note_request(Session& session, const StatementEvent& statement, bool same_transaction);
  void note_units(Session& session, const StatementEvent& statement);
  void note_wipe(Session& session);
  void note_opener(Session& session, const StatementEvent& statement);
  void note_counted(Session& session, const StatementEvent& statement, Microseconds gap);
  static void note_repeat(Session& session, Group& group, const StatementEvent& statement);
  void note_write(Session& session, const StatementEvent& statement);
  // `result`: the number of its rows in session.values.
  void note_execution(Session& session, Group& group, const StatementEvent& statement, uint32_t result);
  bool note_cursor(Session& session, const StatementEvent& statement);
  Group& group_of(Session& session, const StatementEvent& statement);

  // Attribution (attribution.cc).
  void attribute(Session& session, Group& group, const StatementEvent& statement, const RunContext& context);
  bool goes_on(const Session& session, const Group& group, const StatementEvent& statement) const;
  static bool is_over(const Session& session, const Group& group, const RunContext& context);
  void end_run(Session& session, Group& group);
  static bool doubtful(const Candidate& candidate, const StatementEvent& statement);
  Candidate find_in_session(const Session& session, const Group& group, const StatementEvent& statement,
                            uint32_t transaction);
  static bool note_rival(const Session& session, const Group& list, Candidate& best);
  void note_rivals(const Session& session, const Group& group, const StatementEvent& statement);
  const ValueTable* values_of(const Session& session, const ParentExecution& parent) const;
  Candidate find_in_ring(const Session& session, const Group& group, const StatementEvent& statement);
  // The number in session.values that the rows of a list begin with.
  static uint32_t first_result(const Session& session, const Group& list);
  // A list with an unknown column for its key: whether it seems to bring one row each time.
  static bool seems_one_row(const Group& list, const Group& child, bool child_ran_since);
  // A query before a write, each time the write ran in the transaction: whether it is a part of the turn.
  static bool reads_for_write(const Group& query, const Group& write, bool written_since,
                              uint32_t transaction);
  // A list and the statement, as often as each other in the transaction: whether they are of one turn.
  static bool take_turns(const Group& list, const Group& child, bool child_ran_since, uint32_t transaction);
  std::shared_ptr<LoopRun> start_run(Session& session, Group& group, const StatementEvent& statement,
                                     const Candidate& candidate);
  void stay_with_spread(const Session& session, const Group& group, const StatementEvent& statement,
                        Candidate& candidate);
  RingEntry* place_of(const Session& session, const Candidate& candidate);
  void leave_run(Session& session, Group& group, const Candidate& candidate);
  Application& application_of(uint64_t id);
  void push_ring(const StatementEvent& statement, const std::shared_ptr<const ParentExecution>& execution);
  void release(RingEntry& entry);

  // Folding (fold.cc).
  void release(std::shared_ptr<LoopRun>& run);
  void release(std::shared_ptr<LoopRun>& run, const Session& session);
  void fold_run(const LoopRun& run);
  void fold_repeats(const Group& group, const Session& session);
  size_t most_loops() const;  // that are kept, and pairs that may become one
  void forget_weak_loops();
  void forget_rare_pairs();
  void count_latent(const LoopRun& run);
  void flush_latent();

  const WorkloadOptions& options_;
  Workload& facts_;
  OpenState state_;
  std::unordered_map<uint64_t, std::list<Session>::iterator> by_id_;
  LinkMemo links_;
  uint32_t last_ordinal_ =
      0;  // of the patterns that loop: as many there are. The patterns themselves are another thread's
  std::unordered_map<uint64_t, uint64_t> latent_;  // scopes by ordinals of the pair, until flush_latent()
  std::unordered_map<uint32_t, PatternKey> latent_keys_;  // of those ordinals
};

}  // namespace pgsieve
