// Plans as auto_explain logs them, in any of its formats (text, JSON, XML, YAML).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/capture/event.h"

namespace pgsieve {

struct ParsedPlan {
  std::string_view query_text;        // "Query Text"; empty: not there
  std::string_view query_parameters;  // "Query Parameters", the whole list; empty: not there
  std::vector<PlanNode> nodes;
  double rows = -1;                   // actual rows of the top node; -1 unknown
  // Text that had to be unescaped or trimmed; the views above point here or into plan_text.
  std::vector<std::unique_ptr<std::string>> owned;
};

// Reads what follows "plan:" in the message. False when it is no plan we can read. `plan_text` must outlive `out`.
bool parse_plan(std::string_view plan_text, ParsedPlan& out);

}  // namespace pgsieve
