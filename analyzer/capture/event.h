// Event: one executed (or failed) statement, put together from the log entries or protocol messages that announce it.
//
// This is the only thing the rooms above see of a capture. Events of one session arrive in the order the server executed
// them; events of different sessions interleave in the order of the capture. Views point into buffers that live until the
// EventSink call returns; a sink that keeps anything copies it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "analyzer/base/hash.h"
#include "analyzer/base/time.h"
#include "analyzer/sql/scan.h"

namespace pgsieve {

// One bound value, as its text form.
struct BoundValue {
  std::string_view text;   // quotes undone only when `escaped` is false
  bool null = false;
  bool escaped = false;    // text still holds doubled quotes ('')
  bool truncated = false;  // the server cut it (log_parameter_max_length): two equal texts may be different values
  uint64_t hash = 0;       // slot_value_hash of the undone text; 0 when null
};

// Result columns and key cells: known on the wire only. The log readers leave both empty.
struct ResultColumn {
  std::string_view name;
  uint32_t table_oid = 0;       // 0: not a table column
  uint16_t attribute = 0;
  std::string_view table;       // resolved name; empty: unknown
  std::string_view column;
};
struct ResultCell {
  uint32_t row = 0;             // ordinal within this result
  uint16_t column = 0;          // index into columns
  uint64_t value_hash = 0;      // slot_value_hash of the value's text form
};

// A scan node of an executed plan (auto_explain), or a summary of a sort.
struct PlanNode {
  enum class Kind : uint8_t { kSeqScan, kIndexScan, kIndexOnlyScan, kBitmapHeapScan, kBitmapIndexScan, kSort, kOtherScan, kOther };
  Kind kind = Kind::kOther;
  std::string_view relation;    // table, unquoted, without its schema
  std::string_view alias;       // in the statement; "" when not shown
  std::string_view index;
  std::string_view filter;      // "Filter", plan text
  std::string_view condition;   // "Index Cond" / "Recheck Cond"
  std::string_view sort_key;
  double actual_rows = -1;      // per loop; -1: not analysed
  double loops = 1;
  double rows_removed = 0;      // by filter, per loop
  double plan_rows = -1;
  double cost = 0;
  bool disk_sort = false;
  double sort_space_kb = 0;
};
struct Plan {
  Microseconds duration = kUnknownTime;
  double rows = -1;             // actual rows of the top node; -1 unknown
  std::span<const PlanNode> nodes;
  bool nested = false;          // a statement inside a function: it has no protocol message of its own
};

struct Event {
  enum class Kind : uint8_t {
    kExecuted,  // a statement ran to its end
    kFailed,    // an ERROR with its statement; no duration
    kPlanOnly,  // a plan without a statement entry (auto_explain alone): counts as an execution
    kNestedPlan,  // a statement inside a function: no execution of its own, only its plan
    kSessionEnd,  // disconnection; no statement
    kCount,     // an aggregate row (pg_stat_statements): `calls` executions at once, no sequence
  };
  Kind kind = Kind::kExecuted;

  // Whether the client had the answer to its statement before when it sent this one. A driver's batch, a
  // pipeline and several statements in one string have not: many executions for one round trip. Known on the
  // wire, and of a client's spans; a log tells it of the string only.
  enum class Sent : uint8_t { kUnknown, kAfterAnswer, kBeforeAnswer };
  Sent sent = Sent::kUnknown;

  // The session. 0: the capture has no session information (no pid in the prefix): no sequence facts from it.
  uint64_t session = 0;          // unique within the workload: hash of host/file group and session id, or pid + start
  uint64_t transaction = 0;      // virtual transaction id of the session, hashed; 0: unknown
  std::string_view user, database, application, host;  // "" unknown

  Microseconds time = kUnknownTime;      // when the entry was logged: the end of the execution
  Microseconds duration = kUnknownTime;  // execution, fetches included
  Microseconds prepare = 0;              // parse + bind time attached to it
  bool client_timed = false;             // `duration` is the client's: its own work and the network included
  uint32_t fetches = 0;                  // `execute fetch from` folded in

  std::string_view text;                 // one statement, comments included; valid with `scan`
  const StatementScan* scan = nullptr;   // of `text`; never null for a statement
  std::span<const BoundValue> parameters;
  bool parameters_known = false;         // false: the text has $n and the capture has no values
  bool extended = false;                 // extended protocol
  bool text_truncated = false;
  std::string_view statement_name;       // prepared statement name, "" for <unnamed> or simple protocol

  std::string_view sqlstate;             // kFailed (may be unknown)
  std::string_view error_message;

  std::string_view trace_id;             // from the transport (OTLP); comment tags are parsed from scan->comment_*
  std::string_view code_location;        // "file:line", OTLP
  int64_t rows = -1;                     // rows returned or affected; -1 unknown
  int64_t result_bytes = -1;
  const Plan* plan = nullptr;
  std::span<const ResultColumn> columns;
  std::span<const ResultCell> cells;
  uint64_t calls = 1;                    // kCount
  double mean_ms = 0, min_ms = 0, max_ms = 0;  // kCount

  uint32_t file = 0;                     // index of the source file in IngestStats::files
  uint64_t offset = 0;                   // of the entry's first byte in that file (after unwrapping: of the decoded stream)
  uint64_t line = 0;                     // 1-based
};

// What is left to do about events that a sink has taken.
class DeferredWork {
 public:
  virtual ~DeferredWork() = default;
  virtual void run() = 0;
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_event(const Event& event) = 0;

  // A sink may leave the later part of its work on a stretch of a log's events to whoever sends them. Between
  // begin_deferring() and take_deferred() it does what can't wait; take_deferred() returns the rest (null: there is
  // none), which refers to no event any more. The sender runs all such rests in the order it took them, one at a time,
  // on any thread, also while on_event() is called on another; and it has run them all before it calls on_event()
  // outside of such a stretch, and before anybody asks the sink for results.
  virtual void begin_deferring() {}
  virtual std::unique_ptr<DeferredWork> take_deferred() { return nullptr; }
};

}  // namespace pgsieve
