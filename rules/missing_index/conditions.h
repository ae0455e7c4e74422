// The conditions of one statement on one table, sorted by what an index could do for them.
#pragma once

#include <map>
#include <vector>

#include "rules/missing_index/candidate.h"

namespace pgsieve::missing_index {

struct Condition {
  CandidateKey key;
  const Predicate* predicate = nullptr;  // nullptr: drawn from a join list
  uint32_t partner = kNoIndex;           // the other table of a join
  bool flag = false;                     // boolean, or otherwise known to split the table in few large parts
  bool volatile_expression = false;
};

struct Conditions {
  std::vector<Condition> equal;   // with a value
  std::vector<Condition> joined;  // with a column of another table
  std::vector<Condition> range;   // one entry per column; see bounded()
  std::vector<Condition> prefix;  // LIKE 'x%'
  std::vector<Condition> search;  // by search_method
  std::map<const Predicate*, std::string> search_method;
  std::map<uint32_t, std::vector<Condition>> alternatives;  // by OR group
  std::vector<uint32_t> unusable_groups;                    // OR groups with a branch no index serves
  std::map<std::string, int> range_ends;                    // per key: 1 one-sided, 2 both sides

  bool bounded(const Condition& condition) const;
};

Conditions collect_conditions(const Pattern& pattern, uint32_t relation, const Table* table);

}  // namespace pgsieve::missing_index
