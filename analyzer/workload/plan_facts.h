// Executed plans folded into facts.
#pragma once

#include "analyzer/capture/event.h"
#include "analyzer/workload/workload.h"

namespace pgsieve {

// Adds what one plan says to its statement's pattern and to the tables it scanned.
void count_plan(const Plan& plan, Pattern& pattern, Workload& facts);

// A plan's filter text with its constants folded to `?`, so that executions with different values give one
// fact.
std::string fold_constants(std::string_view condition);

}  // namespace pgsieve
