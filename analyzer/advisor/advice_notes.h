// The notes under an advice: what was not known, and what it leaves open.
#pragma once

#include <string>
#include <vector>

#include "analyzer/advisor/planner.h"
#include "analyzer/advisor/proposal.h"
#include "analyzer/advisor/workload_schema.h"
#include "analyzer/advisor/write_model.h"
#include "analyzer/schema/column_statistics.h"

namespace pgsieve::internal {

// `advice` is complete but for them.
std::vector<std::string> advice_notes(const Advice& advice, const WorkloadSchema& schema,
                                      const Statistics& statistics, const WriteModel& writes,
                                      const WhatIfPlanner& planner);

}  // namespace pgsieve::internal
