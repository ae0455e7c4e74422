// Fuzzes the auto_explain parser: any bytes, in any of the four formats, parse without a crash, within the
// limits, and every view lies in the plan's own storage.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "analyzer/capture/plan_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static pgsieve::ParsedPlan plan;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto require = [](bool condition) {
    if (!condition) std::abort();
  };
  const auto owned = [&](std::string_view view) {
    return view.empty() || (view.data() >= plan.storage.data() &&
                            view.data() + view.size() <= plan.storage.data() + plan.storage.size());
  };
  pgsieve::parse_plan(text, plan);
  require(plan.nodes.size() <= pgsieve::kMaxPlanNodes);
  require(owned(plan.query) && owned(plan.parameters));
  for (const pgsieve::PlanNode& node : plan.plan.nodes) {
    require(owned(node.relation) && owned(node.alias) && owned(node.index) && owned(node.filter) &&
            owned(node.condition) && owned(node.sort_key));
  }
  return 0;
}
