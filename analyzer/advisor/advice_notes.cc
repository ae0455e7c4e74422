#include "analyzer/advisor/advice_notes.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/advisor/candidate.h"
#include "analyzer/advisor/index_size.h"
#include "analyzer/advisor/ruled_proposals.h"

namespace pgsieve::internal {

namespace {

// "orders (customer_id), …": foreign keys that neither an index nor a proposal serves.
std::string unindexed_references(const Advice& advice, const WorkloadSchema& schema) {
  if (schema.inferred) return {};
  std::string unindexed;
  for (const Table& parent : schema.schema.tables())
    for (const Candidate& candidate : reference_candidates(schema.schema, parent)) {
      const bool proposed = std::ranges::any_of(
          advice.proposals, [&](const Proposal& each) { return covers(each.index, candidate.index); });
      const Table* child = schema.schema.find(candidate.index.schema, candidate.index.table);
      if (proposed || (child->rows && table_rows(*child) < kMinRuleRows)) continue;
      unindexed += fmt::format("{}{} ({})", unindexed.empty() ? "" : ", ", candidate.index.table,
                               candidate.index.keys.front().column);
    }
  return unindexed;
}

}  // namespace

std::vector<std::string> advice_notes(const Advice& advice, const WorkloadSchema& schema,
                                      const Statistics& statistics, const WriteModel& writes,
                                      const WhatIfPlanner& planner) {
  std::vector<std::string> notes;
  if (schema.inferred)
    notes.emplace_back(
        "no schema was given: proposals are questions, since such indexes may exist (--schema FILE or --db "
        "URL)");
  if (!writes.any_writes())
    notes.emplace_back("writes are not visible in this capture: what indexes cost them is not counted");
  if (advice.observed_ms <= 0)
    notes.emplace_back("the capture has no durations: statements are weighed by calls and cost");
  if (!planner.is_server())
    notes.push_back(statistics.empty() ? "costs are those of a small model with assumed "
                                         "selectivities; --stats, --db or a twin give better ones"
                                       : "costs are those of a small model over the tables' "
                                         "statistics; --db or a twin give PostgreSQL's own");
  if (advice.plans_exhausted)
    notes.push_back(fmt::format("the search was cut off after {} planner calls; --max-plans allows more",
                                advice.planner_calls));
  const std::string unindexed = unindexed_references(advice, schema);
  if (!unindexed.empty())
    notes.push_back(
        "foreign keys without an index, which matter when rows they reference are deleted; this capture "
        "shows no need: " +
        unindexed);
  return notes;
}

}  // namespace pgsieve::internal
