// Labelled statement streams as Events: fixtures/scenarios/scenarios.json, as a log shows them or as the wire
// does.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analyzer/capture/event.h"

namespace pgsieve::testing {

struct Scenario {
  std::string id;
  std::string verdict;  // "n+1", "mxn", "write-loop", "duplicate", "ok"
  std::string description;
  nlohmann::json events;
};

std::vector<Scenario> load_scenarios();

// Feeds the events in order of time. `with_rows`: result rows and the origin of their columns are known, as
// on the wire. `shift` is added to every time stamp; `prefix` keeps the sessions of several scenarios apart.
void play(const Scenario& scenario, bool with_rows, EventSink& sink, Microseconds shift = 0,
          const std::string& prefix = {});

// All of them in one stream, each at its own offset.
void play_together(const std::vector<Scenario>& scenarios, const std::vector<Microseconds>& offsets,
                   bool with_rows, EventSink& sink);

}  // namespace pgsieve::testing
