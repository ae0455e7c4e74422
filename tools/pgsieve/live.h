// LiveAnalysis: what is captured right now, decoded as it comes and judged at any time.
//
// Conversations come in on one thread; everything else may be called from others. Memory is that of the
// facts: O(distinct patterns + open connections).
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "analyzer/capture/emitter.h"
#include "analyzer/wire/conversation_decoder.h"
#include "analyzer/wire/flow_table.h"
#include "analyzer/workload/builder.h"
#include "tools/pgsieve/analysis.h"
#include "tools/pgsieve/reading.h"
#include "tools/pgsieve/table_names.h"

namespace pgsieve {

class LiveAnalysis final : public ConversationSink {
 public:
  // `options` outlive it. `where`: what is captured, for the report. `names`: may be null.
  LiveAnalysis(const AnalysisOptions& options, std::string where, std::unique_ptr<TableNames> names);

  void open(uint64_t id, std::string_view client, Microseconds time) override;
  void data(uint64_t id, Side side, std::string_view bytes, Microseconds time) override;
  void lost(uint64_t id, Side side, uint64_t bytes, Microseconds time) override;
  void close(uint64_t id, Microseconds time) override;

  // The other way in: from a network interface, where servers have these ports.
  void listen_for(std::span<const uint16_t> ports);
  void segment(const TcpSegment& segment, Microseconds time);
  // Of what comes that way: keeps a copy. Before the first segment; until finish().
  void copy_to(ConversationSink& sink) { flows_.copy_to(sink); }

  // What was captured so far, judged. Findings that an earlier call gave are left out.
  std::vector<Finding> new_findings();
  // Adds what was captured since the last commit to options.store_file. Scopes that are open stay here.
  Status commit();
  // Everything. The capture is over; with a store, all that is in it. `further`: warnings that make the
  // verdict partial.
  Result<Reading> finish(const std::vector<std::string>& further);

  struct Counts {
    WireCounts wire;
    uint64_t executions = 0, errors = 0, plans = 0, patterns = 0;
    size_t open_connections = 0;
  };
  Counts counts();

 private:
  EventSink& first_sink();
  void gather(bool last);
  IngestStats account(const std::vector<std::string>& further) const;
  Status commit_locked(const IngestStats* account);

  const AnalysisOptions& options_;
  std::string where_;
  std::mutex lock_;
  WorkloadBuilder builder_;
  IngestStats stats_;
  FilterSink filter_;
  std::unique_ptr<TableNames> names_;
  WireCounts wire_;
  ConversationDecoder decoder_;
  FlowTable flows_;
  Microseconds swept_ = 0;
  Workload total_;        // up to the last gather()
  Workload uncommitted_;  // with a store: what of it is not there yet
  bool stirred_ = false;  // events came since the last gather()
  std::set<std::string> told_;
};

}  // namespace pgsieve
