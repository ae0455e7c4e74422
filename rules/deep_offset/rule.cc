// deep-offset: see rule.md. PostgreSQL produces the skipped rows and throws them away, so a page costs offset
// + limit rows however small it is. The depth comes from the values seen (literals and bind values alike),
// not from the text.
#include <fmt/format.h>

#include <algorithm>

#include "rules/common.h"
#include "rules/keyset.h"

namespace pgsieve {
namespace {

constexpr double kMinOffset = 1000;  // skipped rows below which nobody notices
constexpr double kMinRatio = 5;      // skipped rows per row asked for: the work done for nothing

}  // namespace

void check_deep_offset(const RuleContext& context, std::vector<Finding>& findings) {
  const double min_offset = context.option("deep-offset.min-offset", kMinOffset);
  const double min_ratio = context.option("deep-offset.min-ratio", kMinRatio);
  for (const auto& [key, pattern] : context.workload.patterns) {
    const StatementShape& shape = *pattern.shape;
    if (pattern.offsets.count() == 0 || pattern.calls == 0 || shape.blocks.empty() || shape.catalog_only)
      continue;
    const QueryBlock& block = offset_block(shape);
    const auto deepest = static_cast<double>(pattern.offsets.max());
    const double limit = pattern.limits.count() == 0 ? 0 : static_cast<double>(pattern.limits.quantile(0.5));
    if (deepest < min_offset || deepest < min_ratio * limit) continue;
    Finding finding = pattern_finding("deep-offset", pattern);
    finding.count = pattern.offsets.count();
    if (!block.offset.present) finding.query = finding.query + " OFFSET …";
    finding.confidence = deepest >= 10 * min_offset ? Confidence::kHigh : Confidence::kMedium;
    finding.message = limit > 0 ? fmt::format("OFFSET {} reads and throws away {} rows to return {}",
                                              grouped(deepest), grouped(deepest), grouped(limit))
                                : fmt::format("OFFSET {} reads and throws away {} rows", grouped(deepest),
                                              grouped(deepest));
    finding.evidence.push_back(fmt::format(
        "offsets from {} to {}, median {}, in {} execution{}",
        grouped(static_cast<double>(pattern.offsets.min())), grouped(deepest),
        grouped(static_cast<double>(pattern.offsets.quantile(0.5))),
        grouped(static_cast<double>(pattern.offsets.count())), pattern.offsets.count() == 1 ? "" : "s"));
    if (pattern.durations.count() > 0)
      finding.evidence.push_back(fmt::format("{:.1f} ms at the slowest, {:.1f} ms at the median",
                                             static_cast<double>(pattern.durations.max()) / 1000,
                                             static_cast<double>(pattern.durations.quantile(0.5)) / 1000));
    if (finding.confidence == Confidence::kMedium)
      finding.why_not_higher.push_back(fmt::format(
          "at fewer than {} skipped rows a page is still cheap on most servers", grouped(10 * min_offset)));
    finding.properties["offset"] = fmt::format("{:.0f}", deepest);
    if (limit > 0) finding.properties["limit"] = fmt::format("{:.0f}", limit);
    if (block.order.empty())
      finding.evidence.emplace_back("there is no ORDER BY: pages may overlap or miss rows");
    finding.fixes.push_back(keyset_fix(shape, block, context.schema));
    findings.push_back(std::move(finding));
  }
}

}  // namespace pgsieve
