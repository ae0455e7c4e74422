// Emitter: turns finished executions and plans into Events, applies the filters, and counts.
//
// A simple query of several statements becomes one Event per statement: its duration is split evenly (the
// remainder goes to the first), its plans go to the statements that can have one. An SQL EXECUTE whose
// PREPARE is known becomes the prepared statement with its arguments as bound values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/capture/event.h"
#include "analyzer/capture/execution.h"
#include "analyzer/capture/ingest.h"

namespace pgsieve {

// Who ran it. Views into the backend's own strings.
struct Identity {
  uint64_t session = 0;
  std::string_view user, database, application, host;
};

// Hands on the Events that pass the options' filters, counting executions, errors, plans and what was
// dropped.
class FilterSink final : public EventSink {
 public:
  // All three outlive the sink.
  FilterSink(const IngestOptions& options, IngestStats& stats, EventSink& sink)
      : options_(options), stats_(stats), sink_(sink) {}
  void on_event(const Event& event) override;
  void begin_deferring() override { sink_.begin_deferring(); }
  std::unique_ptr<DeferredWork> take_deferred() override { return sink_.take_deferred(); }

 private:
  bool passes(const Event& event) const;
  void note_names(const Event& event);
  const IngestOptions& options_;
  IngestStats& stats_;
  EventSink& sink_;
};

class Emitter {
 public:
  Emitter(IngestStats& stats, EventSink& sink) : stats_(stats), sink_(sink) {}

  // Emits and resets the execution.
  void execution(const Identity& identity, Execution& execution);
  // A plan without an execution of its own: kPlanOnly or kNestedPlan.
  void plan(const Identity& identity, PlanRecord& record, Event::Kind kind);
  void session_end(const Identity& identity, Microseconds time);

 private:
  Event event_of(const Identity& identity, const Execution& execution);
  void several(Event& event, const Execution& execution);
  bool use_prepared(Event& event, const Execution& execution);
  void send(Event& event);

  IngestStats& stats_;
  EventSink& sink_;
  StatementScan scan_;  // of texts that no chunk scanned
  StatementScan part_scan_;
  std::string scratch_;
  std::vector<BoundValue> values_;
};

}  // namespace pgsieve
