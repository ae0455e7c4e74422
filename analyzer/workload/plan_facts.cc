#include "analyzer/workload/plan_facts.h"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace pgsieve {

std::string fold_constants(std::string_view condition) {
  std::string folded;
  for (size_t i = 0; i < condition.size();) {
    const auto character = static_cast<unsigned char>(condition[i]);
    const bool word_before =
        !folded.empty() && (std::isalnum(static_cast<unsigned char>(folded.back())) || folded.back() == '_' ||
                            folded.back() == '$' || folded.back() == '"');
    if (character == '\'') {
      for (++i; i < condition.size(); ++i) {
        if (condition[i] != '\'') continue;
        if (i + 1 < condition.size() && condition[i + 1] == '\'') {
          ++i;
          continue;
        }
        break;
      }
      ++i;
      folded += '?';
    } else if (std::isdigit(character) && !word_before) {
      while (i < condition.size() &&
             (std::isalnum(static_cast<unsigned char>(condition[i])) || condition[i] == '.'))
        ++i;
      folded += '?';
    } else {
      folded += condition[i++];
    }
  }
  return folded;
}

namespace {

PlanFact::Access access_of(PlanNode::Kind kind) {
  switch (kind) {
    case PlanNode::Kind::kSeqScan:
      return PlanFact::Access::kSeqScan;
    case PlanNode::Kind::kIndexScan:
      return PlanFact::Access::kIndexScan;
    case PlanNode::Kind::kIndexOnlyScan:
      return PlanFact::Access::kIndexOnlyScan;
    case PlanNode::Kind::kBitmapHeapScan:
    case PlanNode::Kind::kBitmapIndexScan:
      return PlanFact::Access::kBitmapScan;
    case PlanNode::Kind::kSort:
      return PlanFact::Access::kSort;
    default:
      return PlanFact::Access::kOther;
  }
}

}  // namespace

void count_plan(const Plan& plan, Pattern& pattern, Workload& facts) {
  ++pattern.planned_calls;
  for (const PlanNode& node : plan.nodes) {
    PlanFact fact;
    fact.access = access_of(node.kind);
    if (fact.access == PlanFact::Access::kOther) continue;
    fact.relation = node.relation;
    fact.index = node.index;
    fact.filter = fold_constants(node.filter);
    fact.condition = fold_constants(node.condition);
    fact.sort_key = node.sort_key;
    fact.executions = 1;
    // Whole numbers: sums of them are exact in any order.
    fact.loops = std::round(node.loops);
    const double rows = node.actual_rows < 0 ? 0 : std::round(node.actual_rows * node.loops);
    const double removed = std::round(node.rows_removed * node.loops);
    fact.rows = fact.max_rows = rows;
    fact.rows_removed = fact.max_rows_removed = removed;
    fact.disk_sorts = node.disk_sort ? 1 : 0;
    merge_plan_fact(pattern.plans, fact);
    if (fact.access == PlanFact::Access::kSeqScan && !fact.relation.empty() && node.actual_rows >= 0) {
      TableFact& table = facts.tables[fact.relation];
      ++table.seq_scans;
      // A parallel scan's loops share the table; a nested loop's repeat it. Per loop is the safe lower bound.
      table.max_scanned_rows =
          std::max(table.max_scanned_rows, std::round(node.actual_rows + node.rows_removed));
    }
  }
}

}  // namespace pgsieve
