// Why a slow statement has no proposal, in one sentence. Internal to advise(); pure.
#pragma once

#include <string>
#include <vector>

#include "analyzer/advisor/advised_statement.h"
#include "analyzer/advisor/proposal.h"
#include "analyzer/schema/schema.h"

namespace pgsieve::internal {

struct WhyNotContext {
  const Schema& schema;
  const SelectionResult& result;
  const SelectionProblem& problem;
};

// Of one statement that no proposal serves.
std::string why_not(const AdvisedStatement& statement, const WhyNotContext& context);

// Those whose time counts: a hundredth of all, or slow each time. Slowest in total first.
std::vector<WhyNot> explain_slow_statements(const std::vector<AdvisedStatement>& statements,
                                            const WhyNotContext& context);

}  // namespace pgsieve::internal
