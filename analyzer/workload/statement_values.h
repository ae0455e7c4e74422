// StatementValues: the values of one execution, taken from the text's literals and the bound parameters, and
// what follows from them: LIMIT and OFFSET, and whether `= ANY($1)` asked for one value or many.
#pragma once

#include <cstdint>
#include <span>

#include "analyzer/workload/statement_event.h"

namespace pgsieve {

// Fills values, value_count, values_known and tuple. statement.info must be set.
void fill_values(const Event& event, StatementEvent& statement);

// Sets pattern, pattern_ordinal and single_value: of a statement with an array parameter they depend on the
// array's value, which is counted in its pattern. Call after fill_values().
void choose_pattern(const Event& event, StatementEvent& statement);

// The value of a slot (LIMIT, OFFSET) when it is a whole number >= 0, else -1.
int64_t slot_number(const Event& event, uint32_t ordinal);

// Values in these slots together, the elements of lists and arrays each for itself; -1: not known.
int64_t count_keys(const Event& event, std::span<const uint16_t> slots);

}  // namespace pgsieve
