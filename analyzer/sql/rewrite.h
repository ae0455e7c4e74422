// Rewrite: one statement that does for many keys what a loop did key by key, made from the loop's own parse
// tree and written out by libpg_query, so that every other condition, join and column stays as it was.
//
// The values that varied from turn to turn become array parameters $1, $2, …; what stayed the same keeps its
// place as a further parameter. A result is valid SQL by construction and is parsed again before it is handed
// out; where that fails, or where no rewrite keeps the meaning, there is none.
//
// The forms, from the plainest to the most general:
//   flat      col = $1            →  col = ANY($1), the key among the columns and first in ORDER BY
//   grouped   count(*) … col = $1 →  unnest($1) LEFT JOIN (… GROUP BY col): keys without rows keep their zero
//   exists    SELECT 1 … LIMIT 1  →  unnest($1) with EXISTS (…) per key
//   lateral   anything else       →  unnest($1) AS k CROSS JOIN LATERAL (the statement with k.key in it)
// Writes: INSERT … SELECT FROM unnest, UPDATE … FROM unnest, DELETE … USING unnest, UPDATE / DELETE … = ANY,
// MERGE … USING unnest. A write that reads its own table elsewhere has none: the loop's later turns see what
// the earlier ones did.
//
// Pure functions, thread-safe; hostile texts give no rewrite.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/sql/shape.h"

namespace pgsieve {

enum class FixClass : uint8_t {
  kHasMany,      // posts of each user
  kBelongsTo,    // the user of each post
  kManyToMany,   // tags of each post, through a join table of two keys
  kThrough,      // comments of each user, through posts
  kTopN,         // the latest post of each user
  kCount,        // an aggregate per user
  kExists,       // has the user any post
  kPolymorphic,  // comments of each commentable
  kDeferred,     // columns left out of the list
  kGet,          // rows by keys that come from elsewhere
  kLock,         // row locks one by one
  kFunction,     // a function per row
  kRecursive,    // level by level down a tree
  kInsert,
  kUpdate,
  kDelete,
  kUpsert,
  kSequence,  // numbers of a sequence, one by one
};
std::string_view fix_class_name(FixClass kind);  // "has-many"

struct RewriteParameter {
  uint16_t number = 0;    // n of $n in Rewrite::sql
  bool array = false;     // one value per turn of the loop; else the same for all turns
  std::string name;       // what it holds: a column name where one is known
  std::string type;       // of an element, when the text casts it; "" otherwise
  uint32_t slot = 0;      // ordinal in the loop statement's slots that its value comes from
  uint16_t original = 0;  // n of $n there; 0: a literal
};

struct Rewrite {
  FixClass kind = FixClass::kGet;
  std::string sql;
  std::vector<RewriteParameter> parameters;  // by number
  // Reads: output columns by which the rows are told apart, in order of the array parameters. Positions count
  // output columns from 0; -1: the column is part of a `*`.
  std::vector<std::string> key_columns;
  std::vector<int> key_positions;
  bool key_added = false;  // the key columns were not among the loop's columns
  bool any_rows = true;    // keys without rows give no row; false: each key has exactly one row
  bool types_guessed = false;
  bool json = false;               // $1 is a JSON array of objects, because the columns' types are not known
  std::vector<std::string> notes;  // what to check before using it; sentences
};

struct BatchRequest {
  std::string_view text;                  // the loop's statement, one execution of it
  const StatementShape* shape = nullptr;  // drawn from `text`
  std::vector<uint32_t> varying;          // slot ordinals that vary from turn to turn; at least one
  std::vector<std::string> types;  // SQL type of each varying slot, same order; "" unknown; may be shorter
  bool types_exact = false;        // they come from a schema, not from looking at values
  bool one_row_per_key = false;    // a key has at most one row: LIMIT can go
  bool no_offset = false;          // OFFSET was always 0
  bool no_limit = false;           // LIMIT was always kEndlessLimit or more
  bool keep_literals = false;      // else literals in conditions and written values become parameters
  bool keys_repeat = false;        // some key came more than once
  std::vector<std::string> conflict_columns;  // INSERT: ON CONFLICT (these) DO NOTHING
  bool no_unique_index = false;               // there is none on conflict_columns: WHERE NOT EXISTS instead
};

// SELECT, INSERT … VALUES, UPDATE, DELETE, and MERGE whose source is one row of values; none for anything
// else.
std::optional<Rewrite> batch_rewrite(const BatchRequest& request);

// The parent's statement with further columns of its relation in the select list: `table` is the relation's
// table name, `columns` those that the loop read one row at a time.
std::optional<Rewrite> deferred_rewrite(std::string_view parent_text, const StatementShape& parent,
                                        std::string_view table, const std::vector<std::string>& columns,
                                        bool keep_literals = false);

// For a loop that asks for the children of each row of its own table: WITH RECURSIVE from one root down.
// `id_column` is what the varying value was taken from.
std::optional<Rewrite> recursive_rewrite(const BatchRequest& request, std::string_view id_column);

// `SELECT nextval('s')` for many numbers at once: $1 of them. None for any other statement.
std::optional<Rewrite> sequence_rewrite(std::string_view text, const StatementShape& shape);

// "bigint", "uuid", "timestamp with time zone", … by the look of all values; "" when there are none.
std::string guess_type(const std::vector<std::string>& values);

}  // namespace pgsieve
