// Suppressions that ride on the statement: /* pgsieve:ignore RULE -- reason */, kept by ingest as the tag
// "pgsieve" of its pattern.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rule.h"

namespace pgsieve {

struct IgnoreDirective {
  std::vector<std::string> rules;  // empty: refused, it names none
  std::string reason;
  std::string refused;  // why; empty: it holds
};

// Of a tag's value: "ignore n-plus-one, select-star -- reason", "ignore:n-plus-one".
IgnoreDirective parse_ignore(std::string_view tag);

// The directive that covers the finding: at least as many executions carry it as make the finding. `reason`
// gets its reason.
bool ignored_inline(const Workload& workload, const Finding& finding, std::string& reason);

// Directives that are refused, and those that cover no finding; one sentence each.
std::vector<std::string> directive_notices(const Workload& workload, const std::vector<Finding>& findings);

}  // namespace pgsieve
