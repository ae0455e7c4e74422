// Paging by key: the way out of OFFSET, shared by deep-offset and offset-walk.
#pragma once

#include "rules/rule.h"

namespace pgsieve {

// The clauses that read what comes after a row: WHERE (created_at, id) < (…) ORDER BY created_at DESC, id
// DESC LIMIT …. The order is the statement's own; where the schema shows that it isn't unique, the table's
// primary key breaks ties. Directions that differ are spelt out as OR. Only advice, without code, when the
// order is by expressions or nothing is known to order by.
Fix keyset_fix(const StatementShape& shape, const QueryBlock& block, const Schema& schema);

// The block with the OFFSET. libpg_query gives a statement one fingerprint with and without it (constants
// leave no trace), so the shape may be that of the first page, which has none: then the statement itself.
// `shape` has at least one block.
const QueryBlock& offset_block(const StatementShape& shape);

}  // namespace pgsieve
