// What statements give away of the tables they name: their columns, without types or keys. Stands in for a
// schema where there is none. Pure.
#pragma once

#include <memory>

#include "analyzer/schema/schema.h"
#include "analyzer/workload/workload.h"

namespace pgsieve {

// Every base table of the workload's statements, catalog queries left out, with every column that is listed,
// compared, joined, sorted by or written. The order of tables and columns follows from the patterns alone.
Schema seen_schema(const Workload& workload);

// Of these, the tables that some statement reads with a star and `known` does not have: what a row of them
// may bring. Null: there is no such table.
std::shared_ptr<const Schema> seen_under_stars(const Workload& workload, const Schema& known);

}  // namespace pgsieve
