// Placing the columns that a statement's text alone can't place: `SELECT o_id FROM orders, lines WHERE
// l_order = o_id` says nothing about which table has which column; the schema does. Pure and thread-safe.
#pragma once

#include "analyzer/schema/schema.h"
#include "analyzer/sql/shape.h"

namespace pgsieve {

// The shape with every column use that names a column of exactly one table in reach put on that table: tables
// of its own block first, then of the blocks around it (which makes the block correlated). A use the text
// placed on a table that has no such column is placed anew. What stays unclear stays as it is.
StatementShape resolve_columns(const StatementShape& shape, const Schema& schema);

}  // namespace pgsieve
