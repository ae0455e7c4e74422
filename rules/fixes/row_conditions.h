// What a loop's statement asks for beside its key. A call for all keys at once must ask for the same, or it
// reads (deletes, updates) more than the loop did.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/sql/shape.h"

namespace pgsieve {

// status = …, age >= …, deleted_at IS NULL: one column of the table itself, with what does not change from
// turn to turn.
struct RowCondition {
  std::string column;
  PredicateOperator op = PredicateOperator::kEqual;
};

struct RowConditions {
  std::vector<RowCondition> constant;  // that a call in an ORM's language can say
  // Columns; "" for a condition on no column, such as EXISTS.
  std::vector<std::string> unsaid;    // constant, but no such comparison: LIKE, OR, a function of the column
  std::vector<std::string> changing;  // with a value of its own in every turn, as the key has
};

// `varying` are the slots whose values change, `key_slot` the one of them that picks the rows of `table`.
RowConditions row_conditions(const StatementShape& shape, uint32_t key_slot,
                             std::span<const uint32_t> varying, std::string_view table);

// Whether the slot is compared by equality with the bare column, and with no way around it (OR, NOT).
bool is_plain_key(const StatementShape& shape, uint32_t slot);

}  // namespace pgsieve
