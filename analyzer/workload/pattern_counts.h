// PatternCounts: one execution counted in its pattern. Every count is a sum, an extreme in a total order or a
// bottom-k sketch, so that it does not depend on the order of the executions.
#pragma once

#include <limits>

#include "analyzer/workload/statement_event.h"

namespace pgsieve {

// The longest text a pattern or an open scope keeps of a statement.
inline constexpr size_t kMaxReferenceBytes = size_t{64} * 1024;

// Everything but the plan. keep_values = false keeps no literal in the slowest execution's text; keep_samples adds to
// the pattern's even sample.
void count_execution(const StatementEvent& statement, bool keep_values, bool keep_samples, Pattern& pattern);

// One list of values that an execution asked for.
void count_list(uint64_t elements, Pattern& pattern);

// One row of pg_stat_statements: many calls at once. All take the mean, but for the extremes that are known.
void count_aggregate(const Event& event, Pattern& pattern);

// Takes the execution's text as the pattern's reference when it comes before; when it is another text (true),
// query, shape and parse_error are to be drawn again. kNoExecution: any execution comes before.
inline constexpr Microseconds kNoExecution = std::numeric_limits<Microseconds>::max();
bool keep_reference(const Event& event, bool keep_values, Pattern& pattern);
void draw_reference(Pattern& pattern);

// True when nothing was counted: merging the pattern would change nothing.
bool is_empty(const Pattern& pattern);

}  // namespace pgsieve
