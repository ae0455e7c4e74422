// What the writes of many rows have in common: the item that supplies a row per turn, and what is said of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/sql/rewrite_draft.h"

namespace pgsieve::internal {

// With its schema, quoted where it must be.
std::string table_text(const PgQuery__RangeVar& table);
// The written table is read in another place, too: each turn sees what those before it wrote.
bool reads_target(const StatementShape& shape);
// FROM item that supplies one row per turn, named `alias`, with the keys as columns. `json`: whether it takes
// them from JSON objects.
std::string source_item(Draft& draft, const PgQuery__RangeVar& table, std::string_view alias, bool& json);
void describe_json(Rewrite& out);
void note_guess(const std::vector<Key>& keys, Rewrite& out);
void name_keys_in_result(const std::vector<Key>& keys, Rewrite& out);

}  // namespace pgsieve::internal
