// Analysis: the wiring. Inputs → ingest → WorkloadBuilder → Workload → rules → findings, with a store in
// between when one is asked for.
#pragma once

#include <string>
#include <vector>

#include "analyzer/base/error.h"
#include "analyzer/capture/ingest.h"
#include "analyzer/policy/policy.h"
#include "analyzer/schema/column_statistics.h"
#include "analyzer/schema/schema.h"
#include "analyzer/workload/workload.h"
#include "rules/rule.h"
#include "tools/pgsieve/options.h"
#include "tools/pgsieve/reading.h"

namespace pgsieve {

struct Analysis {
  IngestStats ingest;
  Workload workload;
  Schema schema;
  Statistics statistics;
  std::vector<Finding> findings;      // worst first
  std::vector<Finding> hidden;        // below the confidence asked for
  std::vector<Finding> withheld;      // known or suppressed: lint does not show them
  Outcome outcome;                    // set by judge()
  uint64_t findings_hidden = 0;       // below the confidence asked for
  bool interrupted = false;           // only a part was read
  std::vector<std::string> problems;  // inputs that could not be used; the others were
};

// An input that can't be read does not stop the others: it becomes one of `problems`. An Error when nothing
// can be judged.
Result<Analysis> analyse(const AnalysisOptions& options);

// The same of what was read already.
Result<Analysis> judge(Reading reading, const AnalysisOptions& options);

// Applies options.policy, writes every output asked for, and judges; gives the program's exit code.
int report_on(Analysis& analysis, const ReportOptions& options);

}  // namespace pgsieve
