// CostModel: the advisor's own planner, for when there is no server: a small model of PostgreSQL's costs
// (src/backend/optimizer/path/costsize.c) with the default cost units of a machine with an SSD.
//
// It knows sequential scans, b-tree look-ups with equality, range and order, index-only scans, block-range
// scans, hash joins, nested loops by index, sorts and LIMIT. Selectivities come from column statistics where
// there are any, else from PostgreSQL's own defaults. Its costs are good for comparing one set of indexes
// with another, and for nothing else.
//
// Pure; for one thread at a time (it remembers the statements it has seen).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "analyzer/advisor/conditions.h"
#include "analyzer/advisor/planner.h"

namespace pgsieve {

class CostModel final : public WhatIfPlanner {
 public:
  // Both outlive the model. Tables without rows are taken to have kUnknownRows.
  CostModel(const Schema& schema, const Statistics& statistics, bool c_collation = false)
      : schema_(schema), statistics_(statistics), c_collation_(c_collation) {}

  static constexpr double kUnknownRows = 10'000;

  Result<PlanAnswer> plan(std::string_view statement, std::span<const IndexDefinition> offered) override;
  bool can_imagine(const IndexDefinition& definition) override;
  double size_bytes(const IndexDefinition& definition) override;
  bool is_server() const override { return false; }
  std::string describe() const override;
  uint64_t calls() const override { return calls_; }

 private:
  struct Known {
    Pattern pattern;
    std::vector<TableConditions> tables;  // one per relation; those without conditions are empty
  };
  const Known& know(std::string_view statement);

  const Schema& schema_;
  const Statistics& statistics_;
  bool c_collation_;
  std::map<std::string, std::unique_ptr<Known>, std::less<>> known_;
  uint64_t calls_ = 0;
};

}  // namespace pgsieve
