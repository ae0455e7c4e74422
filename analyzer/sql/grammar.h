// What differs between the grammars of PostgreSQL that libpg_query may be built from, in one place.
// Everything else reads nodes that PostgreSQL 15 to 17 share, or walks by reflection (tree.h).
#pragma once

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <string_view>

#include "analyzer/sql/tree.h"

namespace pgsieve::tree {

// MERGE … RETURNING: PostgreSQL 17.
inline Nodes returning_list([[maybe_unused]] const PgQuery__MergeStmt& merge) {
#if PG_VERSION_NUM >= 170000
  return nodes(merge.n_returning_list, merge.returning_list);
#else
  return {};
#endif
}

// The alias of XMLTABLE (…) or, since PostgreSQL 17, JSON_TABLE (…) in FROM.
inline std::string_view table_function_alias(const Node* item) {
  if (is(item, PG_QUERY__NODE__NODE_RANGE_TABLE_FUNC) && item->range_table_func->alias != nullptr) {
    return text(item->range_table_func->alias->aliasname);
  }
#if PG_VERSION_NUM >= 170000
  if (is(item, PG_QUERY__NODE__NODE_JSON_TABLE) && item->json_table->alias != nullptr) {
    return text(item->json_table->alias->aliasname);
  }
#endif
  return {};
}

// JSON_ARRAYAGG and JSON_OBJECTAGG: nodes of their own since PostgreSQL 16, calls before. `over` gets whether
// they are window functions here.
inline bool is_json_aggregate([[maybe_unused]] const ProtobufCMessage& message, [[maybe_unused]] bool& over) {
#if PG_VERSION_NUM >= 160000
  if (message.descriptor == &pg_query__json_agg_constructor__descriptor) {
    over = reinterpret_cast<const PgQuery__JsonAggConstructor&>(message).over != nullptr;
    return true;
  }
#endif
  return false;
}

}  // namespace pgsieve::tree
