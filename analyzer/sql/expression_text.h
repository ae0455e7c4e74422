// Expression text: an expression of a parse tree as SQL in the style PostgreSQL prints index definitions in,
// with table qualifiers dropped: `lower(email)`, `payload ->> 'ref'`, `(created_at)::date`,
// `(created_at AT TIME ZONE 'UTC')::date`. Two spellings of one expression give one text as far as possible.
// Thread-safe, bounded in depth and size.
#pragma once

#include <pg_query/pg_query.pb-c.h>

#include <string>
#include <string_view>

namespace pgsieve {

// The text, cut at max_bytes (then it ends in "…"). Forms the printer does not know go through libpg_query's
// deparser.
std::string expression_text(const PgQuery__Node& node, size_t max_bytes = 2048);

// `name` as an SQL identifier: quoted only when it has to be (upper case, odd characters, a reserved word).
std::string quote_identifier(std::string_view name);

// A string constant with its quotes.
std::string quote_literal(std::string_view value);

// `integer`, `timestamp with time zone`, `character varying(10)`, `text[]`: PostgreSQL's own spelling.
std::string type_text(const PgQuery__TypeName& type);

}  // namespace pgsieve
