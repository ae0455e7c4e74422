// Which share of a table's rows meets a condition: from column statistics, else PostgreSQL's defaults
// (src/include/utils/selfuncs.h). Pure and thread-safe.
#pragma once

#include "analyzer/advisor/conditions.h"

namespace pgsieve {

// `pattern` is of the one statement whose values count. The result lies in (0, 1].
double selectivity(const IndexTerm& term, const Table* table, const Statistics& statistics,
                   const Pattern& pattern);

// Of a condition that is the same in every execution, as TableConditions::constant has it.
double constant_selectivity(const std::string& condition, const IndexKey& key, const Table* table,
                            const Statistics& statistics);

}  // namespace pgsieve
