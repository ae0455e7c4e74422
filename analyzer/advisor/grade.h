// Grades: how well a proposal is proved, with the reasons in words. Pure and thread-safe.
#pragma once

#include "analyzer/advisor/proposal.h"

namespace pgsieve {

// What is known beside the proposal itself.
struct GradeContext {
  bool schema_known = false;
  bool server = false;        // PostgreSQL's planner gave the costs
  bool statistics = false;    // the model had column statistics
  double table_bytes = 0;     // 0: unknown
  bool by_rule = false;       // an index no planner can imagine
  bool guessed_size = false;  // of the table
};

// Sets grade, reasons, why_not_higher and ask.
void grade(Proposal& proposal, const GradeContext& context);

}  // namespace pgsieve
