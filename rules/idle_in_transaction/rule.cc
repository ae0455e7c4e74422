// idle-in-transaction: the client did something else while its transaction stayed open. See rule.md.
#include <fmt/format.h>

#include "rules/common.h"

namespace pgsieve {

namespace {

// One pause after mere reading may be the client's own start, or the time it took to read the rows. A long
// one, or one that comes again, is neither.
bool is_sure(uint64_t pauses, double longest_ms, double min_ms) {
  constexpr uint64_t kAgain = 3;
  constexpr double kLong = 10;  // times the limit
  return pauses >= kAgain || longest_ms >= kLong * min_ms;
}

}  // namespace

void check_idle_in_transaction(const RuleContext& context, std::vector<Finding>& findings) {
  const double min_ms = context.option("idle-in-transaction.min-ms", 100);
  for (const auto& [key, pattern] : context.workload.patterns) {
    const TransactionPause& pause = pattern.longest_pause;
    const double longest_ms = static_cast<double>(pause.gap) / 1000.0;
    if (pattern.shape == nullptr || longest_ms < min_ms || pause.statements_before == 0) continue;
    // How often a pause of that length follows this statement.
    uint64_t pauses = 0;
    const auto floor = static_cast<uint64_t>(min_ms * 1000.0);
    for (const auto& [bucket, count] : pattern.transaction_gaps.buckets()) {
      if (Histogram::bucket_high(bucket) >= floor) pauses += count;
    }
    Finding finding = pattern_finding("idle-in-transaction", pattern);
    const bool holds = pause.writes_before > 0;
    finding.severity = holds ? FindingSeverity::kError : FindingSeverity::kWarning;
    finding.confidence =
        holds || is_sure(pauses, longest_ms, min_ms) ? Confidence::kHigh : Confidence::kMedium;
    finding.count = pauses;
    finding.message = fmt::format(
        "the transaction stayed open for {:.0f} ms without a statement after this one", longest_ms);
    finding.evidence.push_back(fmt::format("{} statement{} had run in the transaction before the pause",
                                           pause.statements_before, pause.statements_before == 1 ? "" : "s"));
    if (holds) {
      finding.evidence.push_back(
          fmt::format("rows it had locked or written stayed locked{}",
                      pause.tables_written.empty() ? "" : ": " + pause.tables_written));
    }
    if (const Pattern* next = context.workload.find(pause.next))
      finding.evidence.push_back("the pause ended with: " + next->query.substr(0, 120));
    finding.time_ms = longest_ms;
    finding.fixes.push_back(
        {"advice", "Move the slow work out of the transaction", "", "",
         "Read before, call the other service with no transaction open, then write in a short one; "
         "check on writing that what was read still holds."});
    findings.push_back(std::move(finding));
  }
}

}  // namespace pgsieve
