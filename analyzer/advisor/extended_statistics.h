// CREATE STATISTICS advice: where the planner multiplies the selectivities of conditions that go together
// (https://www.postgresql.org/docs/current/planner-stats.html). Pure and thread-safe.
#pragma once

#include <vector>

#include "analyzer/advisor/planner.h"
#include "analyzer/advisor/proposal.h"
#include "analyzer/schema/schema.h"

namespace pgsieve {

// Advice for one statement that compares several columns of one table for equality, when it returns many
// times the rows the planner expects. Nothing when it does not, or when limits, aggregates and joins hide the
// number of rows.
std::optional<StatisticsAdvice> statistics_advice(const Pattern& pattern, const Schema& schema,
                                                  const PlanAnswer& plan);

// Joins advice for the same columns.
void add_advice(std::vector<StatisticsAdvice>& list, StatisticsAdvice advice);

}  // namespace pgsieve
