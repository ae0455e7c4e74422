// Does an index that exists already serve a candidate?
#pragma once

#include <string_view>

#include "rules/missing_index/candidate.h"

namespace pgsieve::missing_index {

// The index of the candidate's table that the planner could use in its stead; nullptr: none, or no schema. A
// b-tree serves when its first key is one of the equality keys (or the first key, when there are none) with
// an operator class that fits; a partial one when the statement also tests the columns of its predicate.
const Index* serving_index(const IndexCandidate& candidate, const StatementShape& shape);

// True when two expressions are one but for spelling: white space, parentheses, casts of constants, letter
// case.
bool same_expression(std::string_view left, std::string_view right);

}  // namespace pgsieve::missing_index
