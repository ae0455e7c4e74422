// The canonical form of a statement: what makes two texts the same statement to the people who own the code,
// written down so that it can be kept in files for years.
//
// Two texts have one canonical form when they differ only in
//   * literals, parameters and casts around them, the number of values in a list, of rows in VALUES;
//   * white space, letter case and quotes of names, comments;
//   * aliases of tables, columns, sub-queries and CTEs; the order of AND and OR branches, of `a = b`;
//   * the list of plain columns that is read (two or more of one table, or `*`, are "the row"), or inserted:
//     a migration that adds a column changes these lists in every statement of an ORM;
//   * the name of the database, and the schema "public".
//
// It is drawn from the parse tree by rules of our own, so that another version of libpg_query gives the same
// form: nodes that applications use daily are written by hand, all others by reflection, with names in place of
// numbers and defaults left out. Bump kCanonicalVersion when a form changes all the same; identities made of it
// carry the version.
//
// Texts as normalize_for_display() prints them have the form of the statement they were made of. A text that
// the grammar refuses gets its token stream, in lower case, after a '~'.
#pragma once

#include <string>
#include <string_view>

namespace pgsieve {

inline constexpr int kCanonicalVersion = 1;

// Never fails. Thread-safe.
std::string canonical_form(std::string_view sql);

}  // namespace pgsieve
