// Deparse: parse trees back to SQL, through libpg_query's deparser. Thread-safe; trees nested more than a few
// hundred levels deep are refused, because the serialiser is recursive.
#pragma once

#include <pg_query/pg_query.pb-c.h>

#include <string>

#include "analyzer/base/error.h"
#include "analyzer/sql/parse_tree.h"

namespace pgsieve {

// The SQL of a whole tree. Fails on nodes the deparser does not know, and on trees that are too deep.
Result<std::string> deparse(const PgQuery__ParseResult& tree);

// One expression, the qualifiers of its columns dropped. "" when the deparser refuses it. The tree is changed
// and restored during the call: nobody else may read it meanwhile.
std::string deparse_expression(const PgQuery__Node& node);

}  // namespace pgsieve
