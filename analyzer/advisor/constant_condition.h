// Conditions that are the same in every execution, as SQL: what the predicate of a partial index can say.
// Internal to the collecting of conditions.
#pragma once

#include <optional>
#include <string>

#include "analyzer/advisor/conditions.h"

namespace pgsieve::internal {

// Of IS NULL, IS TRUE and the like: "deleted_at IS NULL".
std::string state_condition(PredicateOperator op, const IndexKey& key);

// "status = 'pending'", where every execution says so and the column holds states. `table` may be nullptr.
std::optional<std::string> constant_condition(const Predicate& predicate, const IndexTerm& term,
                                              const Pattern& pattern, const Table* table,
                                              const Statistics& statistics);

}  // namespace pgsieve::internal
