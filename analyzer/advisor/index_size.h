// How large an index would be, and how long it takes to build: from statistics, where a planner's guess knows
// nothing of de-duplication. Pure and thread-safe.
#pragma once

#include "analyzer/advisor/index_definition.h"
#include "analyzer/schema/column_statistics.h"

namespace pgsieve {

// Rows of a table as far as anybody knows; 0: unknown.
double table_rows(const Table& table);

// Bytes on disk. B-trees: PostgreSQL 13 and later store equal keys once with a list of row addresses (posting
// lists), 6 bytes each; pages are filled to 90 %. GIN: a posting per distinct element. 0: the table's size is
// not known.
double estimate_index_bytes(const IndexDefinition& definition, const Table& table,
                            const Statistics& statistics);

// Seconds of CREATE INDEX: read the table, sort the entries, write the pages; an order of magnitude. 0:
// unknown.
double estimate_build_seconds(const IndexDefinition& definition, const Table& table, double index_bytes);

}  // namespace pgsieve
