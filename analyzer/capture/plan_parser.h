// auto_explain output, in any of its four formats (text, JSON, XML, YAML), as facts.
//
// The input is the text of a log entry after "plan:\n", continuation lines joined by '\n' with their leading
// tab dropped. The formats are those of PostgreSQL's src/backend/commands/explain.c (9.6 to 18); which one it
// is shows in the first bytes. Every format yields the same facts. Work is linear in the text, memory bounded
// by it; nesting deeper than kMaxPlanDepth and nodes beyond kMaxPlanNodes are dropped and `incomplete` says
// so.
#pragma once

#include <string_view>
#include <vector>

#include "analyzer/capture/event.h"

namespace pgsieve {

inline constexpr size_t kMaxPlanDepth = 500;
inline constexpr size_t kMaxPlanNodes = 10'000;

// Owns every string its views point to; movable (views stay valid), not copyable. Not thread-safe; reuse one
// to save memory.
struct ParsedPlan {
  ParsedPlan() = default;
  ParsedPlan(ParsedPlan&&) = default;
  ParsedPlan& operator=(ParsedPlan&&) = default;
  ParsedPlan(const ParsedPlan&) = delete;
  ParsedPlan& operator=(const ParsedPlan&) = delete;

  std::string_view query;  // "Query Text"
  std::string_view
      parameters;  // "Query Parameters": `$1 = 'x', $2 = NULL`, to be lexed like DETAIL's; "" when absent
  bool has_parameters = false;
  bool analysed = false;    // the plan has actual row counts
  bool incomplete = false;  // the text ended early, was malformed, or a limit was hit
  uint64_t query_id = 0;    // "Query Identifier"; 0: absent
  // plan.nodes views `nodes`. plan.duration stays unknown: it is in the entry's first line. plan.rows is the
  // top node's.
  Plan plan;
  std::vector<PlanNode>
      nodes;  // in plan order (pre-order): the top node first, then every scan and sort, and other nodes too

  std::vector<char> storage;  // backs the views
};

// Parses entry_text into `out`, which is cleared first. False when the text is no auto_explain output at all;
// a plan cut short parses to what it still shows, with out.incomplete set.
bool parse_plan(std::string_view entry_text, ParsedPlan& out);

}  // namespace pgsieve
