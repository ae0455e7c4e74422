// What the rows that a loop's list returned say of it: whether they hold the values that the loop asks for.
// Known where rows were seen, which is on the wire. Pure.
#pragma once

#include <cstdint>

#include "analyzer/workload/link.h"
#include "analyzer/workload/loop.h"

namespace pgsieve {

enum class RowEvidence : uint8_t {
  kNone,
  kFitting,  // most values were in one column of its rows, and not by the accident of small numbers
  kProof,    // and names or keys say that this column is what the loop asks for
};
RowEvidence row_evidence(const LoopExample& example, const Link& link);

// Of the loop's different values, how many could have been found: they are matched up to
// ValueVotes::kMaxValues.
uint32_t matchable_values(const LoopExample& example);

// A key or name says which column of the list the values come from, its rows were seen, and none of them had
// a value that the loop asks for; or next to none, of many lists.
bool refuted(const LoopExample& example, const Link& link);

}  // namespace pgsieve
