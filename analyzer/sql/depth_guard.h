// What parsing a text can cost, found without parsing: first of all how deep its tree can be.
//
// libpg_query's parser is a table-driven machine and needs no stack, but everything that walks its tree
// (serialising, unpacking, our own code) is recursive, and a left-deep chain `a || a || a …` of 90 kB
// overflows an 8 MB stack. So every text is measured first.
#pragma once

#include <cstddef>
#include <string_view>

namespace pgsieve {

// An upper bound on the nesting of any tree the grammar can build from the text. Linear time.
size_t estimate_tree_depth(std::string_view text);

// Whether the text would keep PostgreSQL's lexer busy for seconds. Where a comment starts ("/*"), flex
// matches the whole run of operator characters there and then gives back all but two of them, so "/*/*/*…"
// costs the square of its length. Linear time.
bool lexes_slowly(std::string_view text);

}  // namespace pgsieve
