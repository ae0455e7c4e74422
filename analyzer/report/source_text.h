// SourceText: statements and table definitions written in a source file of any language. No language is
// parsed: a string literal counts when it begins with the verb of a statement, wherever it stands, so a
// quotation mark in a comment or a regular expression can't throw the reading off.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgsieve {

struct SourceStatement {
  std::string sql;    // literals that the source joins ("a" "b", 'a' + 'b') are joined; placeholders as $n
  uint64_t line = 1;  // where its first word stands
};

// The string literals and here-documents of program text that begin with SELECT, INSERT, UPDATE, DELETE, WITH
// or MERGE. `markup`: element content counts, too (SQL mapper files in XML).
std::vector<SourceStatement> statements_in_program(std::string_view source, bool markup);

// The statements of a .sql file.
std::vector<SourceStatement> statements_in_sql(std::string_view source);

// What drivers and templates put in the place of a value (%s, %(name)s, ?, :name, @name, #{…}, ${…}, {name}),
// outside quoted strings, as $1, $2, …; `IN %s` becomes `IN ($1)`.
std::string with_numbered_parameters(std::string_view sql);

struct TableDefinition {
  std::string table;  // without schema, lower case
  uint64_t line = 1;
};

// CREATE TABLE in SQL, create_table, createTable, create table(:x), Schema::create, CreateModel (`app` names
// Django's application: the table is app_model) and Prisma's @@map and model.
std::vector<TableDefinition> tables_defined_in(std::string_view source, std::string_view app);

}  // namespace pgsieve
