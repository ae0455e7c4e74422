// Assembler: pairs the entries of each session into Events. The one strictly sequential stage.
//
// What belongs together (src/backend/tcop/postgres.c; the orders were observed on a server):
//   * `duration: … execute NAME: text` is an execution; its DETAIL has the bound values. `parse` and `bind`
//   entries before it
//     give their time to the next execution of the same name and text. `execute fetch from NAME` adds its
//     time to the execution of that portal while that is the session's latest.
//   * With log_statement the text comes first and a bare `duration:` follows; in the extended protocol the
//   bare durations of
//     parse and bind stand before the text.
//   * An ERROR carries its statement (STATEMENT); when log_statement announced it before, both are one failed
//   statement.
//   * auto_explain's plan stands before the duration line in the simple protocol and after the execute line
//   in the extended
//     one; a plan whose CONTEXT names a function is a nested statement's.
// A session is known by %c. Where the log has process ids only, it is the process id, the server it runs on,
// and how often that id was seen to change hands: that is the same in two runs over a log and its
// continuation, as long as the id is not reused in between.
//
// So an execution is held back until the session's next entry that can't belong to it, and emitted then;
// sessions keep their order. One to which nothing more can belong is emitted when another session's entry
// comes: who follows loops across connections wants the list before the turns. Memory: a bounded number of
// backends, each with at most one execution, one failed statement and a few plans.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/capture/backend.h"
#include "analyzer/capture/emitter.h"
#include "analyzer/capture/ingest.h"
#include "analyzer/capture/prepared_chunk.h"
#include "analyzer/capture/session_rest.h"

namespace pgsieve {

// What the log shows of the server's settings, counted while pairing.
struct SettingsEvidence {
  uint64_t durations_with_text = 0;  // log_min_duration_statement
  uint64_t texts_alone = 0;          // log_statement
  uint64_t durations_paired = 0;     // a text, then its bare duration
  uint64_t bare_durations = 0;       // log_duration without a text
  uint64_t parses_and_binds = 0;
  uint64_t plans = 0;
  uint64_t locations = 0;  // LOCATION entries: log_error_verbosity = verbose
  uint64_t details = 0;    // any secondary entry or field that terse drops
  uint64_t errors_without_statement = 0;
  uint64_t late_fetches = 0;  // fetches of a portal whose execution was emitted already
  Microseconds late_fetch_time = 0;
  uint64_t transactions_seen =
      0;  // in sessions that show virtual transaction ids: with a statement in the log
  uint64_t transactions_passed = 0;  // begun while those sessions were watched
  uint64_t executes_timed = 0;       // of the extended protocol, with a duration,
  uint64_t executes_bound = 0;       // and of those: behind the bind that every one has
  // Of the extended protocol, in a log with plans: statements that can have one, and those that had.
  uint64_t executes_plannable = 0, executes_planned = 0;
  uint64_t hidden_by_names = 0;  // a level word in the application's name, so the entry seemed to begin there
  uint64_t evicted_backends = 0;
  uint64_t fractional_times = 0;  // entries whose time is no whole second
};

// Where a chunk stands in the input.
struct ChunkPlace {
  uint32_t file = 0;
  uint64_t line_base = 0;  // lines before the chunk in its file
  uint64_t group = 0;      // files of one server share it: process ids mean the same there
};

class Assembler {
 public:
  // stats and sink outlive the assembler.
  Assembler(IngestStats& stats, EventSink& sink) : stats_(stats), emitter_(stats, sink) {}

  // Goes on where another run over the log ended, and will end so that one can go on (session_rest.h).
  // `whole_statements`: one that has not ended is left to that one with its text and values.
  void resume(std::string_view rests, bool whole_statements);

  // The chunks of the input in order. Afterwards the chunk may be reused.
  void add(const PreparedChunk& chunk, const ChunkPlace& place);
  // The end of the input: emits what is held back and not left to another run. Sessions stay open: their end
  // was not seen.
  void finish();

  const SettingsEvidence& evidence() const { return evidence_; }

  // What a run that goes on behind what was added so far needs of this one, which goes on, too, but may be
  // killed: what was emitted until now is counted, and all that waits is left to that run. "": see resume().
  std::string rests_so_far() const;

 private:
  Backend& backend_of(const LogEntry& entry, const Message& message);
  void open_session(Backend& backend, const LogEntry& entry);
  uint64_t server_of(const LogEntry& entry) const;
  void close_session(Backend& backend, Microseconds time);
  void update_identity(Backend& backend, const LogEntry& entry);

  void add_primary(Backend& backend, const LogEntry& entry, const EntryFacts& fact);
  void add_secondary(Backend& backend, const LogEntry& entry, const EntryFacts& fact);
  void add_report(Backend& backend, const LogEntry& entry, const EntryFacts& fact);
  void watch_transaction(Backend& backend, std::string_view virtual_id);
  void add_execution(Backend& backend, const LogEntry& entry, const EntryFacts& fact);
  void add_prepare(Backend& backend, const Message& message);
  void add_fetch(Backend& backend, const Message& message);
  void add_duration(Backend& backend, Microseconds duration);
  void add_error(Backend& backend, const LogEntry& entry, const EntryFacts& fact);
  void add_detail(Execution& execution, std::string_view text, const EntryFacts& fact);

  bool take_prepare(Backend& backend, const Message& message);
  void drop_prepare(const PrepareTime& prepare);
  void drop_loose(Backend& backend);
  void finish_error(Backend& backend);
  void retract(Backend& backend);
  void emit_doubted(Backend& backend);
  void flush_current(Backend& backend);
  void flush_complete(const Backend& next);
  void flush(Backend& backend);
  void start(Execution& execution, Backend& backend, const LogEntry& entry);
  void locate(Execution& execution, const LogEntry& entry) const;

  // assembler_runs.cc
  void restore(Backend& backend, const LogEntry& entry);
  void restore_plans(Backend& backend, const LogEntry& entry);
  bool awaits_plan(const Execution& execution) const;
  bool awaits_statement(const Backend& backend) const;
  SessionRests::Left left_of(const Backend& backend) const;
  SessionRests::Left waiting(const Backend& backend, const SessionRests& rests) const;
  void end(Backend& backend, SessionRests::Left left);

  // assembler_plans.cc
  void add_plan(Backend& backend, const LogEntry& entry, const Message& message);
  void settle_plan(Backend& backend);
  void claim_plans(Backend& backend, Execution& execution);
  void emit_plan(Backend& backend, PlanRecord& record);
  void emit_plans(Backend& backend);
  void release_early_plans(Backend& backend);

  IngestStats& stats_;
  Emitter emitter_;
  SettingsEvidence evidence_;
  BackendTable backends_;
  Generations generations_;
  std::vector<Backend*> touched_;
  Backend* latest_ = nullptr;  // of the latest primary entry
  ChunkPlace place_;
  SessionRests rests_;
  bool resumable_ = false, leaves_statements_ = false;
  bool pairs_durations_ = false;  // the run before left a statement that awaits its duration
  const PreparedChunk* chunk_ = nullptr;
  std::string scratch_;
  std::vector<BoundValue> values_;
};

}  // namespace pgsieve
