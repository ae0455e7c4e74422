// Columns, constraints and indexes of one table, put into a Table from their trees. Used for CREATE TABLE and
// ALTER TABLE alike.
#pragma once

#include <pg_query/pg_query.pb-c.h>

#include <string_view>

#include "analyzer/schema/schema.h"

namespace pgsieve {

// Adds a column with its inline constraints.
void add_column(Table& table, const PgQuery__ColumnDef& definition);

// Adds PRIMARY KEY, UNIQUE, EXCLUDE, FOREIGN KEY, CHECK or NOT NULL. `column` is the column an inline
// constraint stands at; empty for a table constraint. A foreign key's target columns stay empty when the DDL
// leaves them out.
void add_constraint(Table& table, const PgQuery__Constraint& constraint, std::string_view column);

// CREATE INDEX.
Index make_index(const PgQuery__IndexStmt& statement, const Table& table);

void set_default(Column& column, const PgQuery__Node* expression);
void drop_column(Table& table, std::string_view column);
void rename_column(Table& table, std::string_view from, std::string_view to);
Column* find_column(Table& table, std::string_view column);

}  // namespace pgsieve
