// IndexCandidate: an index one statement could use on one of its tables, derived from the statement's shape
// alone.
//
// The order of the keys is the order in which a b-tree can use conditions: columns compared with `=`, then
// one that is compared by range or that the rows are ordered by. Conditions a b-tree can't serve (LIKE '%x%',
// @>, @@, …) give candidates with an access method of their own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/sql/shape.h"
#include "rules/rule.h"

namespace pgsieve::missing_index {

struct CandidateKey {
  std::string column;      // empty for an expression, as in Index
  std::string expression;  // text as StatementShape gives it
  std::string opclass;     // empty: the default one

  // "user_id", "lower(email)", "(payload ->> 'ref')": a key as people write it, operator class left out.
  std::string name() const;
  // The same as SQL: quoted where needed, expressions in parentheses, operator class appended.
  std::string sql() const;
  friend bool operator==(const CandidateKey&, const CandidateKey&) = default;
};

// What makes the statement want the index.
enum class Need : uint8_t {
  kEquality,   // column = value, IN
  kRange,      // bounded on both sides
  kOpenRange,  // bounded on one side: most rows may qualify
  kJoin,       // rows of another table look it up
  kOrder,      // ORDER BY … LIMIT: the index gives the first rows without sorting all
  kPrefix,     // LIKE 'x%'
  kSearch,     // LIKE '%x%', containment, text search: an inverted index
  kOr,         // one branch of an OR; the other branches need theirs too
};

struct IndexCandidate {
  uint32_t relation = kNoIndex;  // index into StatementShape::relations
  const Table* table = nullptr;  // nullptr: not in the schema
  Need need = Need::kEquality;
  std::string method = "btree";
  std::vector<CandidateKey> keys;
  // Columns by which rows of another table, itself cut down, look this one up: an index that starts with one
  // serves as well.
  std::vector<std::string> lookup_columns;
  size_t equalities = 0;     // leading keys compared with `=`; any of them may come first
  bool foreign_key = false;  // the first key references another table
  bool unselective = false;  // its first key is a flag or the like: proof needed
  bool volatile_expression =
      false;         // an expression PostgreSQL won't index; keys hold the bare column instead
  std::string note;  // what to know about it, one sentence; may be empty
};

// Candidates for every base table the statement reads, or whose rows it looks for to change them, in order of
// appearance. Existing indexes are not looked at (see serving.h). Empty when nothing in the statement calls
// for an index.
std::vector<IndexCandidate> find_candidates(const Pattern& pattern, const Schema& schema);

}  // namespace pgsieve::missing_index
