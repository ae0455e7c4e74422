// Small readers over libpg_query's tree of a DDL statement. They copy what they return; a null or unexpected
// node gives an empty value.
#pragma once

#include <pg_query/pg_query.pb-c.h>

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/schema/schema.h"

namespace pgsieve {

// The string of a String node.
std::string string_value(const PgQuery__Node* node);

// The strings of a list of String nodes.
std::vector<std::string> string_list(PgQuery__Node* const* nodes, size_t count);

// SQL of an expression, without outer parentheses.
std::string expression_sql(const PgQuery__Node* node);

// SQL of a whole SELECT; empty when it can't be deparsed.
std::string query_sql(const PgQuery__Node* query);

// As format_type() prints it, "pg_catalog." left out: "character varying(255)", "bigint[]".
std::string type_sql(const PgQuery__TypeName& type);

// The serial pseudo-types: "bigint" for bigserial; empty for any other type.
std::string serial_base_type(const PgQuery__TypeName& type);

// True for nextval(…).
bool is_nextval(const PgQuery__Node* node);

// The keys of CREATE INDEX or EXCLUDE, one IndexElem each.
IndexKey index_key(const PgQuery__IndexElem& element);

}  // namespace pgsieve
