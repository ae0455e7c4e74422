// Index terms: a condition as an index on its table would see it, its key with what the schema and the
// statistics know of the column. Internal to the collecting of conditions.
#pragma once

#include <string>
#include <string_view>

#include "analyzer/advisor/conditions.h"

namespace pgsieve::internal {

// `table` may be nullptr: not in the schema.
IndexTerm term_of(const Predicate& predicate, IndexKey key, const Table* table, const Statistics& statistics);

std::string column_type(const Table* table, std::string_view column);  // "": not known
// Types without a b-tree operator class: neither = nor < can be looked up.
bool has_no_order(std::string_view type);

// Whether a text, an expression say, has the word in it.
bool names_word(std::string_view text, std::string_view word);

}  // namespace pgsieve::internal
