#include "analyzer/advisor/candidate.h"

#include <algorithm>
#include <utility>

#include "analyzer/advisor/table_candidates.h"

namespace pgsieve {

namespace {

bool is_plannable(StatementKind kind) {
  return is_read(kind) || is_write(kind);
}

}  // namespace

CandidateSet find_candidates(const Pattern& pattern, const ConditionContext& context,
                             const ColumnPopularity& popularity, const CandidateOptions& options) {
  CandidateSet found;
  const StatementShape& shape = *pattern.shape;
  if (!is_plannable(shape.kind) || shape.catalog_only) return found;
  bool all_small = true;
  bool any = false;
  for (uint32_t i = 0; i < shape.relations.size(); ++i) {
    if (!is_indexable_relation(shape, i, context.schema)) continue;
    any = true;
    CandidateSet own;
    internal::find_table_candidates(pattern, collect_conditions(pattern, i, context), shape.relations[i],
                                    context, popularity, options, own);
    all_small &= own.small;
    found.served |= own.served;
    found.unselective = std::max(found.unselective, own.unselective);
    for (std::string& obstacle : own.obstacles)
      if (std::ranges::find(found.obstacles, obstacle) == found.obstacles.end())
        found.obstacles.push_back(std::move(obstacle));
    for (Candidate& candidate : own.candidates) {
      const std::string key = definition_key(candidate.index);
      const bool known = std::ranges::any_of(
          found.candidates, [&key](const Candidate& each) { return definition_key(each.index) == key; });
      if (!known) found.candidates.push_back(std::move(candidate));
    }
  }
  found.small = any && all_small;
  return found;
}

void count_popularity(const Pattern& pattern, const ConditionContext& context, double weight,
                      ColumnPopularity& popularity) {
  const StatementShape& shape = *pattern.shape;
  if (!is_plannable(shape.kind) || shape.catalog_only) return;
  for (uint32_t i = 0; i < shape.relations.size(); ++i) {
    if (!is_indexable_relation(shape, i, context.schema)) continue;
    const TableConditions conditions = collect_conditions(pattern, i, context);
    if (conditions.table == nullptr) continue;
    for (const std::vector<IndexTerm>* terms : {&conditions.equal, &conditions.joined})
      for (const IndexTerm& term : *terms)
        if (!term.key.column.empty())
          popularity[internal::popularity_key(*conditions.table, term.key.column)] += weight;
  }
}

}  // namespace pgsieve
