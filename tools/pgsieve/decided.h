// What was decided on indexes, as far as findings are concerned.
#pragma once

#include <string>
#include <vector>

#include "analyzer/advisor/decisions.h"
#include "rules/rule.h"

namespace pgsieve {

// Takes out the findings of missing-index whose index, or a wider one, was rejected; a rejection whose time
// is over does not count. Returns how many.
uint64_t leave_out_rejected(std::vector<Finding>& findings, const Decisions& decisions, const Day& today);

// The day now, UTC.
Day today();

}  // namespace pgsieve
