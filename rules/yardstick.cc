#include "rules/yardstick.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "rules/common.h"

namespace pgsieve {

double lookup_floor_ms(const RuleContext& context) {
  std::vector<double> floors;
  for (const auto& [key, pattern] : context.workload.patterns) {
    const StatementShape& shape = *pattern.shape;
    if (pattern.durations.count() < 3 || shape.kind != StatementKind::kSelect || shape.blocks.size() != 1)
      continue;
    const uint32_t main = shape.main_relation();
    if (main == kNoIndex || shape.relations.size() != 1) continue;
    const Table* table = table_behind(context.schema, shape.relations[main]);
    if (table == nullptr || !pinned_by_unique_key(shape, 0, main, table)) continue;
    if (const std::optional<double> best = best_ms(pattern)) floors.push_back(*best);
  }
  if (floors.empty()) return 0;
  std::ranges::sort(floors);
  return floors[floors.size() / 2];
}

double slowness_factor(const RuleContext& context) {
  constexpr double kByClients = 5;
  return 2 * context.workload.client_timed > context.workload.executions ? kByClients : 1;
}

}  // namespace pgsieve
