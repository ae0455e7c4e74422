// advise(): from the facts of a capture, and whatever else is at hand, to index proposals.
//
// The ladder: statements and durations alone give shapes with a weight; executed plans (auto_explain)
// measured selectivity; a schema what exists and which operator classes fit; statistics sizes and
// selectivities for a model of our own; a planner real costs. Each rung raises the grade a proposal can reach
// (see proposal.h).
//
// Pure but for the planner, which it asks; deterministic for deterministic planners.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/advisor/planner.h"
#include "analyzer/advisor/proposal.h"
#include "analyzer/schema/column_statistics.h"
#include "analyzer/schema/schema.h"
#include "analyzer/workload/workload.h"

namespace pgsieve {

struct AdvisorOptions {
  std::optional<double> budget_bytes;  // of all new indexes together
  std::optional<double>
      budget_share;                 // the same as a share of the tables' size (1.0: as large as the tables)
  uint64_t max_plans = 2000;        // planner calls
  double write_entry_ms = 0.02;     // price of one index entry written
  double min_saved_share = 0.0005;  // of the observed time: a proposal must save this much
  double min_saved_ms = 1;          // over the capture
  bool weigh_by_cost = false;       // calls × planner cost instead of observed time
  double min_pages = 10;            // smaller tables are read whole anyway
  bool include_columns = true;      // consider INCLUDE
  size_t max_keys = 4;
  bool c_collation = false;  // the database's collation is C: LIKE 'x%' needs no operator class
  std::optional<std::vector<std::string>> extensions;  // installed ones, where they are known
  bool show_values = true;                             // false: LiteralEvidence::statement stays empty
};

// `planner` may be nullptr.
Advice advise(const Workload& workload, const Schema& schema, const Statistics& statistics,
              WhatIfPlanner* planner, const AdvisorOptions& options);

}  // namespace pgsieve
