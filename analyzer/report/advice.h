// Advice on indexes, as text for people and as JSON for programs. Pure and thread-safe.
//
// JSON: pgsieve.advice/1. Members may be added; none goes away.
#pragma once

#include <string>

#include "analyzer/advisor/proposal.h"

namespace pgsieve {

struct AdviceStyle {
  bool color = false;
  size_t width = 110;
  bool show_values = false;  // sample statements with their values
  bool details = true;       // statements, plans, competitors; false: one paragraph per proposal
  bool plans = false;        // plans before and after
};

std::string advice_text(const Advice& advice, const AdviceStyle& style);
std::string proposal_text(const Proposal& proposal, size_t number, const AdviceStyle& style);

// `ddl_only`: nothing but the statements, one a line, for programs that read SQL.
std::string advice_sql(const Advice& advice, bool include_questions);

std::string advice_json(const Advice& advice, bool show_values);

// "CREATE INDEX CONCURRENTLY IF NOT EXISTS …"
std::string proposal_sql(const Proposal& proposal);

}  // namespace pgsieve
