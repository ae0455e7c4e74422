// Access paths: the ways to read one table of a statement and what each costs, by the model of
// cost_model.h. A scan, a b-tree searched or read in its order, a summary of block ranges, an inverted
// index. Internal to the cost model.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include "analyzer/advisor/conditions.h"
#include "analyzer/advisor/index_definition.h"

namespace pgsieve::internal {

// PostgreSQL's cost units; a random page as people set it for an SSD.
inline constexpr double kSequentialPage = 1;
inline constexpr double kRandomPage = 1.1;
inline constexpr double kRow = 0.01;
inline constexpr double kIndexRow = 0.005;
inline constexpr double kOperator = 0.0025;
inline constexpr double kDescent = 0.4;
inline constexpr double kUnlimited = std::numeric_limits<double>::infinity();

double sort_cost(double rows);

// One way to read a table.
struct AccessPath {
  double cost = 0;            // all of it
  double rows = 0;            // that come out
  bool ordered = false;       // as ORDER BY wants
  size_t offered = SIZE_MAX;  // position among the offered indexes
  std::string existing;       // name of the index, when it exists
  std::string text;
};

// The paths of one statement's tables. What it is made of is the caller's and outlives it.
class AccessPaths {
 public:
  AccessPaths(const Pattern& pattern, const Statistics& statistics, std::span<const IndexDefinition> offered)
      : pattern_(pattern), shape_(*pattern.shape), statistics_(statistics), offered_(offered) {}

  // The cheapest. `lookup`: the table is read once per row of another one, each time for one value of a
  // join's column; the cost is of one reading. `limit`: rows after which the reading may stop; kUnlimited:
  // none.
  AccessPath cheapest(const TableConditions& conditions, bool lookup, double limit) const;

  double rows_of(const TableConditions& conditions) const;
  // What all conditions with values leave of the table.
  double filter_share(const TableConditions& conditions) const;
  double share_of(const IndexTerm& term, const TableConditions& conditions) const;

 private:
  struct Source;
  struct Fetch;
  double pages_of(const TableConditions& conditions) const;
  double predicate_share(const IndexDefinition& index, const TableConditions& conditions) const;
  bool is_on(const IndexDefinition& index, const TableConditions& conditions) const;
  AccessPath scan(const TableConditions& conditions, double rows, double share, double limit) const;
  AccessPath by_index(const Source& source, const TableConditions& conditions, double rows, double share,
                      bool join, double limit) const;
  AccessPath by_block_range(const Source& source, const TableConditions& conditions, double rows,
                            double share) const;
  AccessPath by_search(const Source& source, const TableConditions& conditions, double rows,
                       double share) const;
  AccessPath priced(const Source& source, const TableConditions& conditions, Fetch fetch,
                    AccessPath path) const;

  const Pattern& pattern_;
  const StatementShape& shape_;
  const Statistics& statistics_;
  std::span<const IndexDefinition> offered_;
};

}  // namespace pgsieve::internal
