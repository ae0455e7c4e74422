// Loop and Repeat: what happened between statements. Facts only: which statement ran how often after which
// other one, with how many distinct values, how tightly; whether that is a problem is for the rules.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/base/compact_text.h"
#include "analyzer/base/histogram.h"
#include "analyzer/workload/loop_sample.h"
#include "analyzer/workload/pattern.h"

namespace pgsieve {

// How the executions of a loop were held together.
enum class ScopeKind : uint8_t { kTrace, kTransaction, kSession, kFanOut };
std::string_view scope_kind_name(ScopeKind kind);

// One parent execution's worth of evidence (or, without a parent, one session window's): the child's
// executions that were attributed to it. Kept as an example; see Loop::examples.
struct LoopExample {
  ScopeKind scope = ScopeKind::kSession;
  Microseconds time = kUnknownTime;  // of the first child execution
  uint32_t count = 0;                // child executions
  uint32_t parent_executions = 0;  // of the parent while the run lasted (> 1: the parent is itself in a loop)
  uint32_t distinct_values = 0;    // of the most varying value slot; 0: none varied, and not all were seen
  uint32_t distinct_tuples = 0;    // of all value slots together
  uint32_t longest_run = 0;        // consecutive executions, transparent statements aside
  uint32_t cycle_statements =
      0;  // distinct statements from one child to the next, itself included; 0: irregular
  uint32_t sessions = 1;
  uint32_t lone_turns = 0;       // parent executions that had one child only
  uint32_t beside_parent = 0;    // children on the connection the parent ran on
  bool one_unit = false;         // all children in one trace or one test
  uint32_t transactions = 0;     // explicit transactions the children ran in; 0: none
  uint32_t errors = 0;           // failed statements between the children
  uint32_t rollbacks = 0;        // ROLLBACKs between them
  uint32_t commits = 0;          // COMMITs between them, and resets by a pool
  uint32_t unit_changes = 0;     // changes of trace, route, action, job or test between them
  uint32_t unit_mismatches = 0;  // children whose trace or tag differs from the parent's
  uint32_t statements_per_unit =
      0;                         // of that session so far, times 16: how many statements a trace or tag lasts
  uint32_t setting_changes = 0;  // SET search_path / ROLE changes between them
  uint32_t ascending = 0, descending = 0;  // steps of the varying value, by size or by text
  uint32_t arithmetic = 0;                 // steps equal to the step before
  uint32_t fed_by_previous = 0;  // executions with a value another statement of the turn was called with
  uint32_t fed_by_own_rows = 0;  // executions with a value that a row of an earlier execution of the loop
                                 // brought, always in own_column
  CompactText own_column;        // "table.column" of the result; empty: no rows known
  uint32_t written_after =
      0;  // executions followed, before the next, by a write of the same value to its table
  uint32_t empty_results = 0, row_results = 0;  // executions known to return no / some rows
  uint32_t varying_slots =
      0;  // bit per value slot that varied (slot ordinals of StatementShape::slots, first 32)
  uint32_t varying_slot = 0;    // the ordinal of the most varying one
  uint32_t varying_roles = 0;   // bit (1 << SlotRole) for every role with a varying slot
  uint32_t constant_roles = 0;  // and for every role with a slot that never varied
  int64_t parent_limit = -1;    // LIMIT of the parent execution
  int64_t parent_keys = -1;     // … that asked for rows by so many keys, each of one row at most
  int64_t parent_rows = -1;     // rows it returned
  uint32_t parent_cells = 0;    // values in them that were compared with the child's; 0: no rows were seen
  uint32_t matched_values = 0;  // distinct child values found in the parent's rows, or in its constant list
  uint32_t matched_in_order = 0;
  CompactText matched_column;  // the parent's result column they came from, "table.column"
  PatternKey root;  // the statement at the start of the chain when the parent is itself a child in a loop
  PatternKey via;   // the single-row statement between parent and child (post → user → country)
  bool rival_of_same_limit = false;  // one of `rivals` had the parent's LIMIT, or neither had one
  std::vector<PatternKey> rivals;  // lists beside the parent that nothing but their place sets apart from it
  Microseconds child_time = 0;     // sum of the children's durations
  Microseconds span = 0;           // first child's start to last child's end
  Microseconds parent_gap = kUnknownTime;  // parent's end to first child's start
  Microseconds median_gap =
      kUnknownTime;  // client turnaround before a child: end of the statement before it to its start
  Microseconds median_turn_gap =
      kUnknownTime;  // the longest turnaround of a turn, whatever statement it was before
  // Of those, where there are at least kMinPace: the lower quartile, and what is between the 10th and the
  // 90th percentile.
  static constexpr uint32_t kMinPace = 5;
  Microseconds low_turn_gap = kUnknownTime;
  Microseconds turn_gap_spread = kUnknownTime;
  Microseconds max_gap = kUnknownTime;
  // Turns that were sent after the answer to the turn before, and before it (a driver's batch, a pipeline);
  // of a log, which says neither, those that ran in the transaction of the turn before, which no BEGIN had
  // begun: only what is sent before the answer does.
  uint32_t awaited = 0, pipelined = 0, unbegun = 0;
  // Of the time between two statements, on average, from the first child to the last on one connection:
  // bounds, as far as the clock tells. And the least of the upper bounds for those children that ended at one
  // time by the clock.
  Microseconds least_idle = kUnknownTime, most_idle = kUnknownTime, closest_idle = kUnknownTime;
  // The longest turnaround from the parent to the last child, whatever statement it was before. Of the
  // session window: how many turnarounds there were, and how many of four times that and longer, with the
  // pause that ended it.
  Microseconds longest_gap = kUnknownTime;
  uint32_t session_gaps = 0, longer_gaps = 0;
  // The first statement of the session window that all of it ran in, and the turns before which it ran again.
  PatternKey opener;  // kNoPattern: several windows
  uint32_t opened_turns = 0;
  // Turns before which the window seemed to begin again: the same two statements as at first with the same
  // values, after a pause.
  uint32_t reopened_turns = 0;
  Microseconds other_median_gap =
      kUnknownTime;  // turnaround before the other statements of the session window
  std::vector<PatternKey>
      cycle;  // the distinct statements of the last turn of the loop, the child included; <= 8
  std::vector<uint16_t> sample_slots;  // the slots (ordinals) of `sample`
  CompactText sample;                  // values of the first turns, in order, packed: see loop_sample.h
  CompactText source;  // tags of the first child: "controller=posts action=index", file:line, test
  // What the rules make of `opener`: it takes all of the traffic to tell. Not stored.
  enum class Requests : uint8_t {
    kUnknown,
    kOne,  // from the list to the last turn no other request began
    kOwn,  // turn after turn belongs to a request of its own
  };
  Requests requests = Requests::kUnknown;
  std::vector<SampleTurn> sample_turns() const { return unpack_turns(sample); }
  std::vector<std::string> sample_values(uint32_t slot) const;  // those that are known
  friend auto operator<=>(const LoopExample&, const LoopExample&) = default;
};

// What the order of examples goes by first; of two with the same rank, what else they tell decides.
struct ExampleRank {
  uint32_t count = 0, distinct_tuples = 0, matched_values = 0;
  uint32_t span = 0;  // µs; UINT32_MAX: so long or longer
  friend auto operator<=>(const ExampleRank&, const ExampleRank&) = default;
};
inline uint32_t ranked_span(Microseconds span) {
  return static_cast<uint32_t>(std::clamp<Microseconds>(span, 0, UINT32_MAX));
}

// The best examples of a loop, best first, each packed into bytes: a capture has thousands of loops, and most
// numbers of an example are small. Plain data; two are equal when their examples are. Not thread-safe.
class LoopExamples {
 public:
  LoopExamples() = default;
  explicit LoopExamples(const std::vector<LoopExample>& examples);  // in their order

  bool empty() const { return packed_.empty(); }
  size_t size() const { return packed_.size(); }
  LoopExample at(size_t place) const;  // place < size()
  LoopExample front() const { return at(0); }
  std::vector<LoopExample> unpacked() const;
  // False: add() would not keep one of that rank.
  bool wants(const ExampleRank& rank, size_t limit) const {
    return packed_.size() < limit || packed_.back().rank <= rank;
  }
  // Puts it where better_example() has it; the one that is then beyond `limit` goes. A sample that is not the
  // first keeps `further_turns` of its turns.
  void add(LoopExample example, size_t limit, size_t further_turns);
  friend bool operator==(const LoopExamples&, const LoopExamples&) = default;

 private:
  struct Packed {
    ExampleRank rank;
    CompactText bytes;
    friend bool operator==(const Packed&, const Packed&) = default;
  };
  static Packed pack(const LoopExample& example);
  bool goes_after(const Packed& packed, const LoopExample& example) const;

  std::vector<Packed> packed_;
};

struct LoopKey {
  PatternKey child;
  PatternKey parent;  // kNoPattern: nothing that could be a parent ran before it in the scope
  friend auto operator<=>(const LoopKey&, const LoopKey&) = default;
};

struct Loop {
  LoopKey key;
  uint64_t scopes = 0;      // scopes in which the child ran at least twice after the parent
  uint64_t executions = 0;  // child executions in `scopes`
  Histogram per_scope;      // child executions per scope
  Microseconds child_time = 0;
  Microseconds gap_time = 0;  // client turnaround between the children
  // Least-squares sums over scopes: x = rows (or LIMIT) of the parent, y = child executions. Integers, so
  // merging is exact.
  uint64_t scaling_n = 0, scaling_x = 0, scaling_y = 0, scaling_xy = 0, scaling_xx = 0, scaling_yy = 0;
  FacetCounts sources;  // tags / code locations / tests of the first child of each scope
  FacetCounts databases, applications;
  // The kMaxExamples scopes that come first in a fixed total order (most executions first, then a hash of the
  // example), so that which are kept does not depend on the order of the input.
  static constexpr size_t kMaxExamples = 6;
  // The first keeps all its sampled turns, the others so many. An example that is not the first of its input
  // is never the first of a merge either, so this does not depend on the order of the input.
  static constexpr size_t kFurtherTurns = 5;
  LoopExamples examples;

  bool wants_example(const ExampleRank& rank) const { return examples.wants(rank, kMaxExamples); }
  void add_example(LoopExample example);
  void merge(const Loop& other);
};

// A total order on examples: true when `left` is to be kept before `right`.
bool better_example(const LoopExample& left, const LoopExample& right);

// A pair that was only ever seen once per parent execution: no loop yet, or test data with one row.
struct LatentPair {
  uint64_t scopes = 0;
  friend bool operator==(const LatentPair&, const LatentPair&) = default;
};

// Repeat: the same statement with the same values, again in one session window, nothing written to its tables
// since.
struct RepeatExample {
  uint32_t count = 0;            // executions with these values in the window
  uint32_t executions = 0;       // of the statement in the window, whatever the values
  uint32_t distinct_tuples = 0;  // of the statement in the window
  uint32_t unit_changes = 0;     // changes of trace or tag between them
  uint32_t rollbacks = 0;
  uint32_t errors = 0;
  uint32_t same_pause = 0;  // repetitions before which the longest turnaround was one same statement's
  uint32_t held = 0;  // most executions with these values in one transaction, trace or test; 0: none were
  uint32_t transaction_changes = 0;  // repetitions in another transaction than the execution before
  uint32_t other_values = 0;         // repetitions before which the statement had run with other values
  uint32_t same_chain = 0;  // repetitions after the same statements as the one before, with other values
  Microseconds time = kUnknownTime;
  Microseconds span = 0;
  // Of the longest turnarounds between an execution and its repetition, whatever statements they were before.
  Microseconds median_gap = kUnknownTime;
  Microseconds inner_gap = kUnknownTime;  // of the next longest; kUnknownTime: no other statements in between
  Microseconds session_median_gap = kUnknownTime;  // turnaround before any statement of the window
  // The longest turnaround from the first to the last of them. Of the session window: how many turnarounds
  // there were, and how many of four times that and longer, with the pause that ended it.
  Microseconds longest_gap = kUnknownTime;
  uint32_t session_gaps = 0, longer_gaps = 0;
  // Turnarounds of kPause and longer, and of eight times median_gap: between these executions, and in the
  // whole window with its end.
  static constexpr Microseconds kPause = 20 * kMillisecond;
  uint32_t pauses = 0, session_pauses = 0;
  Microseconds max_interval = 0;   // longest time between two of them
  Microseconds repeated_time = 0;  // time spent in the repetitions
  std::string source;
  friend auto operator<=>(const RepeatExample&, const RepeatExample&) = default;
};

struct Repeat {
  PatternKey pattern;
  uint64_t windows = 0;      // session windows with at least one repetition
  uint64_t repetitions = 0;  // executions beyond the first of each tuple
  uint64_t executions = 0;   // of the statement in those windows
  Histogram per_tuple;       // executions per repeated tuple
  Microseconds repeated_time = 0;
  FacetCounts sources;
  static constexpr size_t kMaxExamples = 4;
  std::vector<RepeatExample> examples;  // most held, then most repetitions first, then a fixed total order

  void add_example(RepeatExample example);
  void merge(const Repeat& other);
};

bool better_example(const RepeatExample& left, const RepeatExample& right);

}  // namespace pgsieve
