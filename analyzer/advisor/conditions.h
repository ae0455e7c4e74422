// What one statement asks of one of its tables, sorted by what an index could do for it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/schema/column_statistics.h"
#include "analyzer/schema/schema.h"
#include "analyzer/workload/pattern.h"

namespace pgsieve {

// A condition on a column or an expression an index can hold.
struct IndexTerm {
  IndexKey key;
  const Predicate* predicate = nullptr;  // nullptr: from a join list
  uint32_t partner = kNoIndex;           // the other relation of a join
  double distinct = 0;                   // values of the key; 0: unknown
  bool flag = false;                     // splits the table in few large parts: boolean, closed set
};

struct TableConditions {
  uint32_t relation = kNoIndex;
  const Table* table = nullptr;   // nullptr: not in the schema
  std::vector<IndexTerm> equal;   // with a value, or IN a list
  std::vector<IndexTerm> joined;  // with a column of another table, one entry per column
  std::vector<IndexTerm> range;   // <, <=, >, >=, BETWEEN; one entry per key
  std::vector<IndexTerm> prefix;  // LIKE 'x%'
  std::vector<IndexTerm> search;  // for inverted indexes; the key has its operator class
  std::map<const Predicate*, std::string> search_method;
  std::map<uint32_t, std::vector<IndexTerm>>
      alternatives;  // by OR group, where every branch could use an index
  std::vector<std::string>
      constant;  // conditions that are the same in every execution, as SQL: deleted_at IS NULL
  std::vector<IndexKey> constant_keys;  // parallel to `constant`: the column each one tests
  std::vector<IndexKey>
      order;  // ORDER BY, or the argument of a lone min() or max(), all on this table; else empty
  std::vector<IndexKey> group;      // likewise GROUP BY
  bool limited = false;             // ORDER BY … LIMIT
  std::vector<std::string> needed;  // every column of the table the statement names, sorted
  bool whole_row = false;           // SELECT *: needed is incomplete
  std::vector<std::string>
      obstacles;  // conditions no index can serve as they are written, with the reason: sentences
};

struct ConditionContext {
  const Schema& schema;
  const Statistics& statistics;
  bool c_collation = false;
};

// False: nothing there to index (a function, a catalogue, a view, the target of an INSERT).
bool is_indexable_relation(const StatementShape& shape, uint32_t relation, const Schema& schema);

TableConditions collect_conditions(const Pattern& pattern, uint32_t relation,
                                   const ConditionContext& context);

// Number of values in a column; 0: unknown. Without statistics: all rows for a lone unique column.
double distinct_values(const Table* table, std::string_view column, const Statistics& statistics);

}  // namespace pgsieve
