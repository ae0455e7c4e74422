// How deep the parse tree of a text can be: an upper bound, found without parsing.
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

}  // namespace pgsieve
