// Existing indexes that another one makes superfluous. Pure and thread-safe.
#pragma once

#include <vector>

#include "analyzer/advisor/proposal.h"
#include "analyzer/advisor/write_model.h"
#include "analyzer/schema/column_statistics.h"
#include "analyzer/schema/schema.h"

namespace pgsieve {

// Exact duplicates, and b-trees whose keys another one starts with; never one that backs a constraint or
// enforces uniqueness that nothing else enforces. `proposals`: those that would make existing ones
// superfluous get them listed in makes_redundant, too.
std::vector<DropProposal> find_redundant(const Schema& schema, const Statistics& statistics,
                                         const WriteModel& writes, std::vector<Proposal>& proposals);

}  // namespace pgsieve
