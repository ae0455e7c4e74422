// What a statement does with the rows of one table once they are found: the order and the groups it wants
// them in, and the columns it reads. Internal to the collecting of conditions.
#pragma once

#include "analyzer/advisor/conditions.h"

namespace pgsieve::internal {

// Each fills its part of `found`, whose relation and table are set.
void collect_order(const StatementShape& shape, TableConditions& found);  // order, limited
void collect_group(const StatementShape& shape, TableConditions& found);  // group
void collect_needed(const StatementShape& shape,
                    TableConditions& found);  // needed, whole_row; after all conditions

}  // namespace pgsieve::internal
