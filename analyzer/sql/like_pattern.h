// What a LIKE, SIMILAR TO or regular-expression pattern in a parse tree asks for.
#pragma once

#include <pg_query/pg_query.pb-c.h>

#include "analyzer/sql/shape.h"

namespace pgsieve::internal {

bool slot_role_is_pattern(PredicateOperator op);

// Of the pattern operand of `op`; a concatenation (`$1 || '%'`) tells by its constant ends, a parameter tells
// nothing.
LikePattern pattern_of(const PgQuery__Node* pattern, PredicateOperator op, char escape);

// The character of an ESCAPE clause: '\0' for ESCAPE '' (none); a backslash when it is not a constant.
char escape_character(const PgQuery__Node* escape);

// `$.a`, `strict $.a`: the right side of a jsonb `@@`, which otherwise is text search.
bool looks_like_json_path(const PgQuery__Node* constant);

}  // namespace pgsieve::internal
