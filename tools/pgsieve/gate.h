// The gate: what makes lint more than a report. Loads what the team knows (baseline, an earlier report),
// applies the policy to an analysis, and gives the verdict.
#pragma once

#include "analyzer/base/error.h"
#include "analyzer/policy/policy.h"
#include "tools/pgsieve/analysis.h"
#include "tools/pgsieve/options.h"

namespace pgsieve {

// The file that --baseline or the configuration names, else the one beside the configuration or in the
// working directory.
std::string baseline_path(const GateOptions& gate);

// Fills options.policy from the files that the options name, and asks the ingest for what it needs. Errors
// are of kind usage.
Status load_policy(ReportOptions& options);

// Attributes the findings, judges budgets, sets standings. Findings that lint does not show are moved to
// analysis.withheld.
void apply_policy(const ReportOptions& options, Analysis& analysis);

// Something new or worse at fail-on or above, or a stale entry where that is an error.
bool fails(const ReportOptions& options, const Analysis& analysis);

// Less of the input was understood than --min-recognised asks for: why; "" else.
std::string too_little_recognised(const GateOptions& gate, const IngestStats& ingest);

// The last words of lint, on standard error unless a text report says them: counts, stale entries, notices,
// what to do next.
void tell_outcome(const ReportOptions& options, const Analysis& analysis);

}  // namespace pgsieve
