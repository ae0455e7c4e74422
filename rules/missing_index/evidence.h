// How sure is it that the statement reads far more rows than it needs for want of the index?
#pragma once

#include <string>
#include <vector>

#include "rules/missing_index/candidate.h"

namespace pgsieve::missing_index {

struct Evidence {
  enum class Verdict : uint8_t {
    kAgainst,  // a plan, or the size of the table, says the index would not help
    kNothing,  // nothing points at it
    kFor,
  };
  Verdict verdict = Verdict::kNothing;
  Confidence confidence = Confidence::kLow;
  std::vector<std::string> reasons;  // sentences, strongest first
  std::vector<std::string> why_not_higher;
};

// `floor_ms`: what look-ups by an index cost in this capture (see rules/yardstick.h); 0: none were seen.
// `serving`: an existing index that the planner could use; then only a plan can show that it isn't good
// enough.
Evidence weigh(const IndexCandidate& candidate, const Pattern& pattern, const RuleContext& context,
               double floor_ms, const Index* serving);

}  // namespace pgsieve::missing_index
