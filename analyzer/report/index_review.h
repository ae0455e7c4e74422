// The review of suggested indexes, for people: a list, and everything about one. Every text from the capture
// is escaped for the terminal.
#pragma once

#include <string>
#include <vector>

#include "analyzer/advisor/decisions.h"
#include "analyzer/advisor/proposal.h"
#include "analyzer/advisor/verify.h"
#include "analyzer/report/report.h"

namespace pgsieve {

struct ReviewContext {
  const Decisions& decisions;
  Day today;
  ReportStyle style;
  bool rejected_too = false;  // list what a holding rejection hides
};

// "accepted by Ann on 2026-11-22", "rejected …: reason (until …)"; "" when nobody has decided.
std::string decision_text(const Decision* decision, const Day& today);

// One block per proposal and drop, then what else the reader must know.
std::string review_list(const Advice& advice, const ReviewContext& context);

// Evidence, competitors, overlap, size, build and lock, writes, grade.
std::string review_proposal(const Proposal& proposal, const ReviewContext& context);
std::string review_drop(const DropProposal& drop, const ReviewContext& context);

// Lines of both plans, "-" before those only the first has, "+" before those only the second has; costs and
// row estimates make no difference.
std::string plan_difference(const std::string& before, const std::string& after);

// What verification found out about one index.
std::string review_verification(const std::string& key, const Decision& decision,
                                const IndexVerification& verification, const ReportStyle& style);

}  // namespace pgsieve
