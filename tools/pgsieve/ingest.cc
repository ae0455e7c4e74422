// pgsieve ingest: adds captures to a store, without a report.
#include <fmt/format.h>

#include "analyzer/report/layout.h"
#include "tools/pgsieve/commands.h"
#include "tools/pgsieve/interrupt.h"
#include "tools/pgsieve/reading.h"

namespace pgsieve {

int run_ingest(const AnalysisOptions& options) {
  AnalysisOptions stoppable = options;
  stoppable.ingest.stop = &stop_on_signals(options.ingest.follow);
  const Result<Reading> reading = read_store(stoppable);
  if (!reading) {
    tell(reading.error().to_string());
    return reading.error().kind == Error::Kind::kUsage ? kExitUsage : kExitInput;
  }
  for (const std::string& warning : reading->ingest.warnings) tell_warning(warning);
  if (reading->interrupted) {
    tell("interrupted: the store is as it was");
    return kExitInterrupted;
  }
  tell(fmt::format("{} holds {} and {} failed, {}", options.store_file,
                   counted(reading->workload.executions, "executed statement"),
                   human_count(reading->workload.errors),
                   counted(reading->workload.patterns.size(), "pattern")));
  const bool nothing = reading->workload.executions == 0 && reading->workload.errors == 0;
  return !reading->problems.empty() || (nothing && !options.allow_empty) ? kExitInput : kExitOk;
}

}  // namespace pgsieve
