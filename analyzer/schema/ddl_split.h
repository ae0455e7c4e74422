// Cutting a DDL file into statements without parsing it, so that one statement the grammar refuses costs one
// statement and every message can name a line.
//
// Understands what pg_dump's plain format and psql scripts hold beside SQL: meta-commands (a line that starts
// with a backslash between statements: \restrict, \connect, \.), the data lines after `COPY … FROM stdin;` up
// to `\.`, dollar quotes, nested comments, `BEGIN ATOMIC … END` function bodies and rules with a
// parenthesised statement list.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace pgsieve {

struct DdlStatement {
  std::string_view text;  // without leading white space and comments, without the ';'; a view into the file
  uint64_t line = 0;      // 1-based line of its first character
};

// Linear in the text. An opening parenthesis or quote that never closes ends the statement at the next line
// that starts a statement of its own (CREATE, ALTER, …), or at the end of the file.
std::vector<DdlStatement> split_ddl(std::string_view ddl);

}  // namespace pgsieve
