// LoopRun: the executions of one statement that belong to one execution of another (its parent), followed as
// they happen, in bounded space. When the run is over it becomes a LoopExample.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/base/compact_text.h"
#include "analyzer/base/prefetch.h"
#include "analyzer/workload/loop.h"
#include "analyzer/workload/statement_event.h"
#include "analyzer/workload/value_table.h"

namespace pgsieve {

struct Session;

// One execution of a statement that may return several rows. Immutable once made, and shared by all that
// refer to it.
struct ParentExecution {
  uint64_t id = 0;          // 0: no parent
  uint64_t root_id = 0;     // of the first execution of the chain it belongs to; == id when it starts one
  Pattern* root = nullptr;  // of that; not null when there is a parent, like all here
  std::shared_ptr<StatementInfo> info;
  Pattern* pattern = nullptr;
  uint32_t pattern_ordinal = 0;
  uint32_t transaction = 0;  // the session's, by its ordinal; 0: none was open
  uint32_t openings = 0;     // Session::openings then
  Microseconds end = kUnknownTime;
  int64_t limit = -1, rows = -1, keys = -1;  // keys: ExecutionFacts::asked_keys
  uint64_t session = 0, trace = 0, unit = 0;
  uint32_t result = 0;  // number of its rows in the session's ValueTable; 0: not known
  uint32_t cells = 0;   // of its rows that were taken in there

  // Both have a trace, and not the same.
  bool of_other_trace(uint64_t other) const { return trace != 0 && other != 0 && trace != other; }
};

// Median of up to 64 values seen first, and the largest of all: enough to tell a tight loop from think time.
class GapSummary {
 public:
  void add(Microseconds gap);
  Microseconds percentile(uint32_t percent) const;  // kUnknownTime when empty
  Microseconds median() const { return percentile(50); }
  Microseconds max() const { return max_; }
  uint32_t of_at_least(Microseconds gap) const;  // how many; of more than 64, in proportion
  Microseconds sum() const { return sum_; }
  uint32_t count() const { return count_; }

 private:
  template <typename Archive>
  friend void fields(Archive& archive, GapSummary& value);  // open_scopes.cc

  std::vector<uint32_t> first_;
  Microseconds max_ = kUnknownTime;
  Microseconds sum_ = 0;
  uint32_t count_ = 0;
};

// A value that a statement of the session asked for.
struct AskedValue {
  uint64_t hash = 0;
  uint32_t position = 0;  // ordinal of the statement
};

// How the statements of a session were sent, all of them, in totals so far.
struct RequestTotals {
  Microseconds busy = 0;    // sum of their durations
  uint32_t statements = 0;  // of which some
  uint32_t awaited = 0;     // … were sent when the answer to the one before had come
  uint32_t ahead = 0;       // … were sent before that
  uint32_t unbegun = 0;     // … ran in the transaction of the one before, which no BEGIN had begun
};

// What the session knew when a child ran.
struct RunContext {
  Microseconds gap = kUnknownTime;  // turnaround before this statement
  uint32_t position = 0;            // ordinal of the statement among the session's non-transparent ones
  uint32_t errors = 0, rollbacks = 0, commits = 0, unit_changes = 0,
           setting_changes = 0;                    // totals of the session so far
  uint64_t parent_id = 0;                          // latest execution of the parent
  uint32_t openings = 0;                           // Session::openings
  uint32_t repeated_openings = 0;                  // of its window
  uint32_t transactions = 0;                       // ordinal of the open explicit transaction; 0: none open
  RequestTotals requests;                          // this statement included
  Microseconds clock = 0;                          // what the session's times are told to
  const ValueTable* values = nullptr;              // of the session the parent ran in; null: none known
  const std::vector<AskedValue>* asked = nullptr;  // by the last statements, oldest first
  const std::vector<Microseconds>* recent_gaps = nullptr;  // longest turnaround before each of `recent`
  const std::vector<PatternKey>* recent =
      nullptr;  // keys of the last statements, oldest first, this one last
};

// Most statements run once in their window, and a busy server has thousands of windows: what is known after
// the first execution is small, and what only a second one needs (Followed) is made then.
class LoopRun {
 public:
  // The value of a slot in the first execution.
  struct FirstValue {
    uint64_t hash = 0;
    int64_t number = SlotValue::kNotNumeric;  // its place in order: see add_steps()
    uint16_t ordinal = 0;
    SlotRole role = SlotRole::kNone;
    bool unknown = false;  // in some execution
  };
  // What is remembered of one slot when there were several executions.
  struct Slot {
    static constexpr size_t kExact = 64;
    bool varies = false;
    std::vector<uint64_t> distinct;  // sorted; empty until a second value is seen
    uint32_t beyond = 0;             // new values after kExact
  };
  // A value that a row of the loop's own results held.
  struct OwnCell {
    uint16_t column = 0;
    uint64_t value = 0;
    friend auto operator<=>(const OwnCell&, const OwnCell&) = default;
  };

  LoopRun() = default;  // to be read back (open_scopes.h)
  // `parent`: null when there is none; `via`: null when the child follows the parent itself.
  LoopRun(const StatementEvent& child, std::shared_ptr<const ParentExecution> parent, Pattern* via);

  void add(const StatementEvent& child, const RunContext& context);
  // Other lists that could as well be its parent.
  void note_rivals(std::vector<PatternKey> rivals, bool same_limit) {
    set_aside().rivals = std::move(rivals);
    set_aside().rival_of_same_limit = same_limit;
  }
  void note_write_after() { ++written_after_; }
  void fetch() const;  // what it has elsewhere: see prefetch.h
  // Its only turn so far belongs to another parent than it seemed to; null: to none. One of the same session.
  void move_to(std::shared_ptr<const ParentExecution> parent, Pattern* via);

  uint32_t count() const { return count_; }
  size_t sessions() const { return followed_ == nullptr ? 1 : followed_->sessions.size(); }
  Microseconds first_end() const { return first_end_; }
  Microseconds last_end() const { return last_end_; }
  // It has had as many turns as its parent may have rows.
  bool complete() const {
    const int64_t rows = parent().limit > 0 ? parent().limit : parent().keys;
    return rows > 0 && count_ >= static_cast<uint64_t>(rows);
  }
  const ParentExecution& parent() const { return parent_ == nullptr ? kNoParent : *parent_; }
  const std::shared_ptr<const ParentExecution>& shared_parent() const { return parent_; }
  const StatementInfo& child() const { return *info_; }
  const Pattern* child_pattern() const { return pattern_; }
  Pattern* via() const { return via_; }                        // the statement in between; null: none
  uint64_t last_parent_id() const { return last_parent_id_; }  // execution that the latest child belonged to
  bool varies() const;                                         // some slot took more than one value
  // The explicit transaction of their session that all its turns ran in, by its ordinal; 0: there is none.
  uint32_t only_transaction() const {
    return transactions_ == 1 && outside_transactions_ == 0 ? last_transaction_ : 0;
  }
  Microseconds longest_gap() const;  // from the parent to the latest child; see LoopExample
  const GapSummary& gaps() const { return followed_ == nullptr ? kNoGaps : followed_->gaps; }
  Microseconds child_time() const { return child_time_; }
  std::string_view source() const { return source_; }
  std::string_view database() const { return aside().database; }
  std::string_view application() const { return aside().application; }

  // What a session knows of itself when it lets go of the run; only that of the first child counts.
  void note_session(const Session& session);
  LoopExample example() const;
  // Of its example; none: not known before that is made.
  std::optional<ExampleRank> rank() const;

 private:
  template <typename Archive>
  friend void fields(Archive& archive, LoopRun& value);  // open_scopes.cc
  template <typename Archive>
  friend void followed_fields(Archive& archive, LoopRun& value);

  static const ParentExecution kNoParent;
  static const GapSummary kNoGaps;
  static constexpr size_t kMaxOwnCells = 512;

  // What the session had counted when the latest child ran.
  struct Counters {
    uint32_t errors = 0, rollbacks = 0, commits = 0, setting_changes = 0;
  };
  struct Followed {
    std::vector<Slot> slots;         // of first_, in the same order
    std::vector<uint64_t> tuples;    // distinct, sorted, at most 64
    std::vector<uint64_t> sessions;  // at most 64
    uint64_t last_session = 0;
    uint32_t tuples_beyond = 0;
    int64_t last_number = SlotValue::kNotNumeric;
    int64_t last_step = 0;
    uint16_t stepping_slot = 0;
    bool stepping = false;
    bool cycle_regular = true;
    uint32_t ascending = 0, descending = 0, arithmetic = 0;
    uint64_t own_columns = UINT64_MAX;  // bit per result column that held all values fed by own rows
    uint32_t fed_by_own_rows = 0;
    std::string own_column;
    uint32_t run = 1, longest_run = 1;
    uint32_t cycle_statements = 0;
    std::vector<PatternKey> cycle;
    uint32_t errors = 0, rollbacks = 0, commits = 0, unit_changes = 0, setting_changes = 0;
    RequestTotals last_requests;  // when the latest child ran
    uint32_t awaited = 0, pipelined = 0, unbegun = 0;
    // The children that ended at one and the same time by the clock: as of the first of them.
    Microseconds tick = kUnknownTime;
    RequestTotals tick_requests;
    Microseconds closest_idle = kUnknownTime;
    Microseconds clock = 0;
    GapSummary gaps;       // before the child itself
    GapSummary turn_gaps;  // the longest of each turn
  };
  Followed& follow();
  Slot* slot_for(const SlotValue& value, size_t at, size_t& index);
  static bool asked_before(const StatementEvent& child, const std::vector<AskedValue>& asked, uint32_t after);
  void match_own_rows(const StatementEvent& child);
  void keep_own_rows(const StatementEvent& child);
  void add_slots(const StatementEvent& child);
  const SlotValue* stepping_value(const StatementEvent& child);
  void add_steps(const StatementEvent& child);
  void add_cycle(const RunContext& context);
  void add_request(const StatementEvent& child, const RunContext& context);
  void describe_requests(LoopExample& example) const;
  void add_again(const StatementEvent& child, const RunContext& context);
  uint32_t distinct_tuples() const;
  Microseconds span() const;
  size_t most_varying() const;  // index into first_; first_.size(): none varies
  static uint32_t distinct_of(const Slot& slot);

  // What few of the open runs have: those on the wire, where rows are known, and those that are about to end.
  struct Aside {
    std::vector<OwnCell> own_cells;  // so far, sorted
    ValueVotes votes;
    std::vector<PatternKey> rivals;
    bool rival_of_same_limit = false;
    // Of the session of the first child, once it let go.
    CompactText database, application;
    Microseconds session_median_gap = kUnknownTime;
    uint32_t statements_per_unit = 0;
    uint32_t session_gaps = 0, longer_gaps = 0;  // see LoopExample
    Pattern* opener = nullptr;
  };
  static const Aside kNothingAside;
  const Aside& aside() const { return aside_ == nullptr ? kNothingAside : *aside_; }
  Aside& set_aside();

  std::shared_ptr<StatementInfo> info_;
  Pattern* pattern_ = nullptr;
  Pattern* via_ = nullptr;
  std::shared_ptr<const ParentExecution> parent_;
  uint64_t first_session_ = 0;
  Microseconds first_start_ = kUnknownTime, first_end_ = kUnknownTime, last_end_ = kUnknownTime;
  Microseconds child_time_ = 0;
  Microseconds parent_gap_ = kUnknownTime;
  std::vector<FirstValue> first_;
  uint64_t first_tuple_ = 0;
  uint64_t last_parent_id_ = 0;
  uint64_t last_unit_ = 0;
  uint32_t last_position_ = 0;
  Counters last_counters_;
  RequestTotals first_requests_;  // when the first child ran
  uint32_t count_ = 0;
  uint32_t fed_by_previous_ = 0, written_after_ = 0, empty_results_ = 0, row_results_ = 0;
  uint32_t unit_mismatches_ = 0;
  uint32_t parent_executions_ = 0;
  uint32_t turns_of_parent_ = 0, lone_turns_ = 0;  // of its latest execution; executions that had one only
  uint32_t beside_parent_ = 0;
  uint32_t last_openings_ = 0, opened_turns_ = 0;  // see LoopExample
  uint32_t last_repeated_openings_ = 0, reopened_turns_ = 0;
  uint32_t transactions_ = 0, last_transaction_ = 0, outside_transactions_ = 0;
  bool first_tuple_known_ = false;
  bool other_trace_session_ = false;  // a child on another connection, known by its trace
  bool one_unit_ = false;             // all children in one trace or test
  LoopSample sample_;
  CompactText source_;
  std::unique_ptr<Aside> aside_;
  std::unique_ptr<Followed> followed_;
};

}  // namespace pgsieve
