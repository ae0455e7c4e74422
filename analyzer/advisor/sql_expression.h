// Expressions in index definitions: one text for two spellings, and which of them PostgreSQL accepts in an
// index. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "analyzer/schema/schema.h"

namespace pgsieve {

// The expression as expression_text() prints it, without outer parentheses and without the casts of string
// constants that PostgreSQL adds ('ref'::text). A text the grammar refuses comes back as it is. Idempotent.
std::string normal_expression(std::string_view expression);

// True when the expression is known to be immutable, so that PostgreSQL accepts it as a key: built from
// columns of `table`, constants and built-in operators and functions of which that is known. nullptr: the
// types of columns are not known, and what depends on them is refused. It refuses more than PostgreSQL does,
// never less.
bool is_immutable_expression(std::string_view expression, const Table* table);

}  // namespace pgsieve
