// Candidates of one statement on one of its tables: the combinations of its conditions that an index could
// serve (see candidate.h for which). Internal to the search for candidates.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "analyzer/advisor/candidate.h"

namespace pgsieve::internal {

// Adds to `out`, and says there what stands in the way. `relation` is the one the conditions are of.
void find_table_candidates(const Pattern& pattern, TableConditions conditions, const Relation& relation,
                           const ConditionContext& context, const ColumnPopularity& popularity,
                           const CandidateOptions& options, CandidateSet& out);

// Of a column in ColumnPopularity.
std::pair<std::string, std::string> popularity_key(const Table& table, std::string_view column);

}  // namespace pgsieve::internal
