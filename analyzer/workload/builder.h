// WorkloadBuilder: Events in, Workload out. The one place where facts are made.
//
// Per event: look its scan key up (one hash probe; a text never seen before goes to libpg_query once), count
// it in its pattern, and hand it to the session tracker. Cost is O(slots) per event. Not thread-safe: events
// arrive in order from one thread at a time (ingest() guarantees that); what take_deferred() returns may run
// at the same time, as EventSink says.
#pragma once

#include <cstdint>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include "analyzer/capture/event.h"
#include "analyzer/schema/schema.h"
#include "analyzer/workload/unit_names.h"
#include "analyzer/workload/workload.h"

namespace pgsieve {

struct WorkloadOptions {
  size_t max_patterns = 100'000;      // further patterns are counted in Dropped::patterns
  size_t max_cached_texts = 400'000;  // scan keys remembered; beyond it the oldest half is forgotten
  size_t max_open_scopes = 4096;
  // Of loops, and of pairs that may become one. Beyond kLoopsPerPattern for each pattern, and at least
  // kMinLoops, those with the fewest turns are forgotten: in a long capture any two statements follow each
  // other now and then.
  size_t max_loops = 50'000;
  static constexpr size_t kLoopsPerPattern = 2;
  static constexpr size_t kMinLoops = 4096;
  bool keep_values = true;  // keep sample texts and values (false: no literal of the traffic is stored)
  bool keep_samples =
      true;  // with keep_values: an even sample of each pattern's executions (Pattern::samples)
  bool leaves_scopes_open = true;  // false: finish(true) will follow, and no statement need be found again
  bool track_scopes = true;        // false: patterns only (for measuring)
  const Schema* schema =
      nullptr;  // helps to tell parents from bystanders; must outlive the builder; may be null
  std::vector<std::string> tag_filters;  // "key=value": events without that tag are ignored
  std::vector<std::string> tag_excludes;
  UnitSources unit_sources;  // where the names of tests and routes come from
  bool track_units = false;  // count by test, by route and by the tags below: see unit_facts.h
  std::vector<std::string> unit_tags;
  std::vector<std::regex> exclude_sql;  // statements whose normalised text one of these matches are ignored
};

class WorkloadBuilder : public EventSink {
 public:
  explicit WorkloadBuilder(WorkloadOptions options = {});
  ~WorkloadBuilder() override;
  WorkloadBuilder(const WorkloadBuilder&) = delete;
  WorkloadBuilder& operator=(const WorkloadBuilder&) = delete;

  // Goes on from a stored workload's open scopes. Call before the first event.
  void resume(const Workload& stored);

  void on_event(const Event& event) override;
  // What is deferred is following the sessions: see sequence_batch.h.
  void begin_deferring() override;
  std::unique_ptr<DeferredWork> take_deferred() override;

  // Statements that the tag filters kept out, since the builder was made.
  uint64_t left_out() const;

  // Closes what is open and gives the workload away; the builder is empty afterwards. close_scopes = false
  // keeps the scopes that are still open in Workload::open_scopes instead of judging them (an incremental
  // run).
  Workload finish(bool close_scopes = true);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace pgsieve
