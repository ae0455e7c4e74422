// Execution: a statement on its way to becoming an Event, while entries that belong to it may still come.
//
// Its views point into the current chunk until own() copies what they show; a plain value otherwise.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/capture/event.h"
#include "analyzer/capture/plan_parser.h"
#include "analyzer/capture/sql_prepare.h"
#include "analyzer/sql/scan.h"

namespace pgsieve {

// Identity of a virtual transaction id ("3/1042") within its session; 0 when unknown. "3/0" is what a backend
// logs that is in no transaction (any more): it says nothing about which statements belong together.
inline uint64_t transaction_identity(uint64_t session, std::string_view virtual_id) {
  return virtual_id.empty() || virtual_id.ends_with("/0") ? 0 : hash_combine(session, hash64(virtual_id));
}

// A plan entry that waits for its execution (or for the proof that there is none).
struct PlanRecord {
  ParsedPlan parsed;
  Microseconds time = kUnknownTime;
  Microseconds duration = kUnknownTime;
  uint64_t transaction = 0;
  bool nested = false;
  uint32_t file = 0;
  uint64_t offset = 0;
  uint64_t line = 0;
  // Of a simple query of several statements each plan shows the whole string: this plan's place among those
  // that came one after another.
  size_t in_row = 0, row_size = 1;
};

struct Execution {
  Event::Kind kind = Event::Kind::kExecuted;
  bool active = false;
  bool extended = false;
  bool awaits_duration = false;  // the text came first; its duration follows on a line of its own
  bool awaits_fetch = false;     // likewise for an `execute fetch from`
  bool parameters_given = false;
  bool parameters_whole = true;
  Microseconds time = kUnknownTime, duration = kUnknownTime, prepare = 0;
  Microseconds shortest_before = kUnknownTime;  // the shortest duration in the log before this one
  uint32_t fetches = 0;
  uint64_t transaction = 0;
  uint32_t file = 0;
  uint64_t offset = 0, line = 0;
  uint64_t position = 0;  // kFailed: of the error in the text, characters from 1; 0: unknown

  std::string_view text;
  std::string_view name;            // "S_2/C_3"
  std::string_view prepare_text;    // DETAIL "prepare: …" of an SQL EXECUTE
  std::string_view parameter_list;  // what `parameters` views
  std::string_view sqlstate, error_message;
  const StatementScan* scan = nullptr;  // of text; may be null
  std::span<const BoundValue> parameters;
  std::vector<PlanRecord> plans;

  // Forgets the execution, keeping buffers of ordinary size.
  void reset();
  // Copies everything the views show, so that the chunk may go. Does nothing when nothing changed() since.
  void own();
  // A view was set after own().
  void changed() { owned_ = false; }
  // Whether a DETAIL of its own is to come: it shows the values of parameters, and of EXECUTE the statement.
  bool lacks_detail() const;
  // Lexes the list and keeps it with its values.
  void set_parameters(std::string_view list, std::string& scratch);

 private:
  bool owned_ = false;
  std::string storage_;
  std::string list_storage_;
  std::unique_ptr<StatementScan> own_scan_;
  std::vector<BoundValue> own_parameters_;
};

}  // namespace pgsieve
