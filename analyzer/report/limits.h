// What a capture's gaps mean for the findings: which rules see less, and why. A reader must be able to tell an
// innocent application from a log that hides its sins.
#pragma once

#include <string>
#include <vector>

#include "analyzer/capture/ingest.h"

namespace pgsieve {

struct RuleLimit {
  std::vector<std::string> rules;  // names; empty: all
  std::string reason;              // half a sentence: what is missing, and its effect
};

// Empty when the capture hides nothing.
std::vector<RuleLimit> rule_limits(const IngestStats& ingest);

}  // namespace pgsieve
