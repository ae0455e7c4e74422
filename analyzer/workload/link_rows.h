// What the rows of a statement are, as far as its text and the schema tell: one or many, rows of a table or
// groups of them. Part of drawing a link profile (link.h). Pure; `schema` may be null. `places` has for each
// relation of the shape its index into profile.tables, kNoIndex where it is no base table.
#pragma once

#include <string>
#include <vector>

#include "analyzer/workload/link.h"

namespace pgsieve {

// Whether the column alone is a key of the table; `known` tells whether the schema has the table.
bool known_unique(const Schema* schema, const LinkProfile::TableName& table, const std::string& column,
                  bool& known);

// False: one row at most, by an aggregate, LIMIT 1, no table, or equality with a key. Needs profile.keys.
bool may_return_many(const StatementShape& shape, const std::vector<uint32_t>& places,
                     const LinkProfile& profile, const Schema* schema);

// id IN (1, 2, 3), id = ANY ($1), id = 1 OR id = 2: the slots of a list that picks rows of the statement's one
// table by a key, so that there are no more rows than values; empty: there is none.
std::vector<uint16_t> key_list_slots(const StatementShape& shape, const Schema* schema);

// SELECT status, count(*) FROM orders GROUP BY status: no loop asks for what belongs to an order after that.
bool only_groups(const StatementShape& shape, const std::vector<uint32_t>& places, const LinkProfile& profile,
                 const Schema* schema);

// SELECT kind, content FROM domains JOIN domainmetadata …: nothing that a later query could ask for by id.
// What an expression gives may be a key. Needs profile.columns.
bool lists_no_key(const StatementShape& shape, const LinkProfile& profile);

// WHERE isbn = $1: one row or many, nothing tells.
bool rows_unsure(const StatementShape& shape, const LinkProfile& profile, const Schema* schema);

}  // namespace pgsieve
