// Copies one of libpg_query's protobuf trees into an arena, by protobuf-c's reflection: what packing the tree
// into bytes and unpacking them gives, for a fraction of the work (the packer asks each of the 260 members of
// a Node whether it is set, twice).
#pragma once

#include <pg_query/pg_query.pb-c.h>

#include "analyzer/sql/parse_tree.h"

namespace pgsieve {

// A copy of the tree that shares nothing with it. nullptr when the arena is full, or when a message has a
// field that no message of libpg_query has: bytes, or a list of strings, of truth values or of fractions.
// Recursive like the packer: the tree's depth must be bounded (see ParseTree).
PgQuery__ParseResult* copy_tree(const PgQuery__ParseResult& tree, TreeArena& arena);

}  // namespace pgsieve
