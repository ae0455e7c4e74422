// The open sessions and what is remembered of each: the internals of SessionTracker. Plain data;
// open_scopes.h writes all of it down, so a new member must be added there, too.
#pragma once

#include <array>
#include <algorithm>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/workload/loop_run.h"
#include "analyzer/workload/value_table.h"

namespace pgsieve {

// One tuple of values of one statement, seen in a window.
struct SeenTuple {
  // Statements that ran one after the other: hashes of which they are, and of their values; 0: there are
  // none.
  struct Chain {
    uint64_t statements = 0, values = 0;
  };
  // What there is to know once it was seen again.
  struct Repeated {
    Microseconds max_interval = 0;
    Microseconds time = 0;
    uint32_t unit_changes = 0, rollbacks = 0, errors = 0;
    GapSummary gaps;  // the longest turnaround since the execution before
    // Of the repetitions with other statements in between: the longest turnaround but for the one longest,
    // and the statement that came after the longest.
    GapSummary inner_gaps;
    PatternKey after_pause;   // in the first such turn
    uint32_t same_pause = 0;  // turns in which it was that statement
    // Executions in one transaction, trace or test: so far, and at most.
    uint32_t held = 0, most_held = 0;
    uint32_t transaction_changes = 0;  // repetitions in another transaction than the execution before
    uint32_t other_values = 0;         // … before which the statement had run with other values
    // Of what ran before the repetition, since the execution before it: the statements, and their values.
    Chain chain;
    uint32_t same_chain = 0;  // repetitions after the same statements as the one before, with other values
  };
  uint64_t hash = 0;
  Microseconds first = kUnknownTime, last = kUnknownTime;
  std::unique_ptr<Repeated> repeated;
  uint32_t last_unit = 0;  // half of its hash
  uint32_t write_sequence = 0;
  uint32_t last_position = 0;  // Session::position of its last execution
  uint32_t count = 0;          // executions since something was last written to its tables
  uint32_t last_rollbacks = 0, last_errors = 0;
  uint32_t last_transaction = 0;   // its ordinal; 0: none
  uint32_t last_unit_changes = 0;  // of the session then
};

// A statement in a session window.
struct Group {
  static constexpr size_t kMaxTuples = 16;
  // What the search for a parent looks at, together at the front.
  Pattern* pattern = nullptr;
  std::shared_ptr<StatementInfo> info;
  std::shared_ptr<LoopRun> run;  // the run being filled
  uint32_t last_position = 0;
  uint32_t ordinal = 0;
  uint32_t executions = 0;
  bool many_rows = false;  // its last execution may have returned several rows

  uint32_t other_tuples = 0;  // executions whose tuple did not fit
  // What the last search for its parent in this window came to.
  struct Judgement {
    uint64_t epoch = 0;   // Session::parent_epoch then
    uint64_t parent = 0;  // id of the direct parent's execution
    int weight = 0;       // of the link; 0: there is no parent here
    bool stands = false;  // the run has that parent: only statements that ran since can be better
  } judged;
  uint64_t last_value = 0;                           // hash of its first equality value
  std::shared_ptr<const ParentExecution> execution;  // its last one; not null when many_rows
  std::vector<SeenTuple> tuples;
  uint64_t last_tuple = 0;  // hash of its last known values
  CompactText source;
};

// What is looked at in every group for every statement: small, so that all of a session's lie in a few cache
// lines.
struct GroupHint {
  enum class Parent : uint8_t {
    kNo,
    kRows,    // its last execution may have returned several rows
    kInLoop,  // one row, but it is in a loop itself: what it feeds belongs to the loop's parent
  };
  uint32_t ordinal = 0;        // of the pattern
  uint32_t parent_number = 0;  // of its statement
  uint8_t group = 0;           // index into Session::groups
  Parent parent = Parent::kNo;
  bool unsure_rows = false;  // of its statement's link profile
};

// A turnaround of a session, and how many statements were counted before it.
struct GapPlace {
  uint32_t position = 0;
  Microseconds gap = kUnknownTime;
};

// How the window began, and how often it seems to have begun again: the same two statements with the same
// values, after the longest pause since they ran last.
struct Opening {
  Pattern* second = nullptr;            // what followed the opener first; null: nothing yet
  uint64_t values = 0;                  // of both then, hashed; 0: not known
  uint64_t latest_values = 0;           // of the opener's latest execution; 0: not known
  Microseconds longest = kUnknownTime;  // turnaround since then, the one before it aside
  bool after_pause = false;             // the one before it was longer than those since the execution before
  bool just_ran = false;                // nothing was counted since
  uint32_t repeated = 0;
};

struct Session {
  static constexpr size_t kMaxGroups = 64;
  static constexpr size_t kRecent = 8;

  uint64_t id = 0;
  uint64_t application = 0;
  std::string database, application_name;
  Microseconds last_end = kUnknownTime;
  bool whole_seconds = true;     // all its times so far: the clock says little of a pause
  std::vector<Group> groups;     // in no order
  std::vector<GroupHint> hints;  // one for each of them, the latest executed first

  // The open transaction.
  bool in_transaction = false;
  uint64_t last_transaction_id = 0;  // virtual transaction of the statement before
  bool transaction_begun = false;    // by a BEGIN, or before the session was first heard of
  uint32_t transaction_ordinal = 0;
  uint32_t transaction_statements = 0, transaction_writes = 0;
  std::string transaction_tables;
  Pattern* last_pattern = nullptr;  // of the statement just before, transparent or not
  Pattern* opener = nullptr;        // of the window's first counted statement; null: there was none yet

  // Counters of the session so far.
  uint32_t position = 0;        // non-transparent statements
  uint32_t reset_position = 0;  // the same when a pool last reset the session
  uint32_t errors = 0, rollbacks = 0, commits = 0, unit_changes = 0, setting_changes = 0;
  uint32_t openings = 0;  // executions of the openers, each in its window
  Opening opening;        // of the window
  RequestTotals requests;
  uint64_t last_unit = 0;
  std::array<uint64_t, 8> recent_units{};  // the latest to begin, in a ring
  uint64_t unit_statements = 0, units = 0;

  uint64_t parent_epoch = 1;  // counts executions of statements that can be parents
  uint32_t write_sequence = 0;
  std::array<uint32_t, 64> table_writes{};        // by table bit: write_sequence of the last write
  std::vector<AskedValue> asked;                  // by the last kRecent statements, oldest first
  Microseconds gap_since_counted = kUnknownTime;  // longest turnaround since the last counted statement
  std::vector<Microseconds> recent_gaps;          // the longest turnaround before each of `recent`
  std::vector<PatternKey> recent;                 // keys of the last kRecent statements, oldest first
  std::vector<uint64_t> recent_tuples;            // and hashes of all their values
  std::array<uint32_t, 32> gap_bits{};            // turnarounds by bit width of their µs
  bool pause_follows = false;              // while the window is closed for the pause after it; not kept
  std::array<GapPlace, 32> latest_gaps{};  // the latest of each such width
  std::vector<std::pair<std::string, Pattern*>> cursors;  // name → its DECLARE, at most 16

  ValueTable values;  // of this window's results; stays empty for a log

  void note_gap(Microseconds gap);
  void note_asked(uint64_t hash);
  uint32_t statements_per_unit() const;  // times 16; 0: no units
  Microseconds median_gap() const;       // to a factor of two; kUnknownTime when there is none
  // Turnarounds of the window that are certainly so long, and the pause that ends it.
  uint32_t gaps_of_at_least(Microseconds gap) const;
  // What ran since that many statements were counted, if `recent` still has it all: the longest turnaround
  // among them, the statement it came before, and the next longest.
  struct Turn {
    PatternKey after_pause;
    Microseconds inner_gap = kUnknownTime;  // kUnknownTime: not known
  };
  Turn turn_since(uint32_t counted) const;
  // What `recent` has of the statements since, without the latest.
  SeenTuple::Chain chain_since(uint32_t counted) const;
  // The longest turnaround since that many statements were counted, to a factor of two; kUnknownTime: none.
  Microseconds longest_gap_since(uint32_t counted) const;
  Group* find_group(uint32_t ordinal);                          // of that pattern; null: none
  const GroupHint* find_hint(uint32_t ordinal) const;           // likewise
  Group& add_group(Group group);                                // there must be room
  Group& oldest_group() { return groups[hints.back().group]; }  // the one executed longest ago
  void touch(Group& group);                                     // it was executed, or replaced, just now
  void clear_groups();
  void index_groups();  // makes the hints anew
};

// One place of the fan-out ring: a parent and its children's runs.
struct RingEntry {
  std::shared_ptr<const ParentExecution> execution;  // not null
  std::vector<std::shared_ptr<LoopRun>> runs;

  std::shared_ptr<LoopRun> run_of(const Pattern* child) const;  // null: none
};

// What is looked at in every place of a ring for every statement.
struct RingHint {
  uint64_t execution = 0, session = 0, trace = 0;  // ids
  Microseconds end = kUnknownTime;
  uint32_t ordinal = 0;        // of the pattern
  uint32_t parent_number = 0;  // of its statement
};

// A client program: the latest parents on all of its connections.
struct Application {
  std::vector<RingEntry> ring;   // in no order
  std::vector<RingHint> hints;   // of `ring`, in the same order
  std::vector<uint8_t> recency;  // indexes into `ring`, the latest execution first
  // Statements with a run on several connections in the ring, and some that had one.
  std::vector<const Pattern*> spread;

  void touch(size_t place);  // its execution was set just now
  void index_ring();         // makes hints, recency and spread anew
  void note_spread(const Pattern* child);
  bool may_be_spread(const Pattern* child) const { return std::ranges::find(spread, child) != spread.end(); }
  // Connections on which the statement ran last since then.
  size_t places_since(const Pattern& list, Microseconds time) const;

 private:
  void find_spread();
};

// All that is open between two statements. Groups and ring entries share their runs: whoever lets go of a run
// last folds it into the facts (SessionTracker::release).
struct OpenState {
  std::list<Session> sessions;                   // least recently used first
  std::map<uint64_t, Application> applications;  // by StatementEvent::application
  uint64_t next_execution = 1;                   // id of the next ParentExecution
};

}  // namespace pgsieve
