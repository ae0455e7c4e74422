// Candidates: the indexes one statement could use, derived from its shape.
//
// The order of a b-tree's keys follows from how a b-tree is searched: first what is compared with `=` (or one
// join column), then one thing more: a range, or the ORDER BY, or the GROUP BY. Each combination also comes
// with the statement's remaining columns as INCLUDE, and where a condition is the same in every execution, as
// a partial index without it. What a b-tree can't serve gives inverted indexes, and ranges over append-only
// columns block-range indexes.
//
// What exists already is taken out here, before anybody is asked for a cost: a candidate that an existing
// index covers, and every look-up that a unique key already narrows to one row.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/advisor/conditions.h"
#include "analyzer/advisor/index_definition.h"

namespace pgsieve {

struct Candidate {
  enum class Kind : uint8_t { kBtree, kInverted, kBlockRange, kReference };
  IndexDefinition index;
  Kind kind = Kind::kBtree;
  std::string why;        // "equality on tenant_id, then ORDER BY created_at"
  std::string extension;  // that its operator class needs
  // Its keys hold all the equality conditions of the statement on the table, or the whole search: with it, no
  // row is read in vain.
  bool complete = false;
};

struct CandidateOptions {
  bool include_columns = true;
  size_t max_keys = 4;
  double min_pages = 10;
};

// How often each column of each table is compared for equality in the workload, by "schema.table" and column:
// columns that many statements share come first, so that one index serves them all.
using ColumnPopularity = std::map<std::pair<std::string, std::string>, double>;

struct CandidateSet {
  std::vector<Candidate> candidates;
  std::vector<std::string> obstacles;  // why some condition has none: sentences
  bool served = false;                 // an existing index narrows the look-up already
  bool small = false;                  // the table is read faster whole
  double unselective =
      0;  // share of a table's rows that conditions keep which an index could serve, but too many
};

CandidateSet find_candidates(const Pattern& pattern, const ConditionContext& context,
                             const ColumnPopularity& popularity, const CandidateOptions& options);

void count_popularity(const Pattern& pattern, const ConditionContext& context, double weight,
                      ColumnPopularity& popularity);

// Foreign keys of the table's children without an index that starts with their columns: what a DELETE of a
// parent row, or a change of its key, scans.
std::vector<Candidate> reference_candidates(const Schema& schema, const Table& parent);

}  // namespace pgsieve
