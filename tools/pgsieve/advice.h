// Advice: the wiring behind the commands about indexes. Inputs, schema, statistics and a server, whichever is
// at hand, → advise().
#pragma once

#include "analyzer/advisor/advisor.h"
#include "analyzer/base/error.h"
#include "tools/pgsieve/analysis.h"
#include "tools/pgsieve/options.h"

namespace pgsieve {

struct AdviceResult {
  Analysis analysis;
  Schema schema;  // the server's, where there is one, else the file's
  Statistics statistics;
  Advice advice;
};

// Warnings go to standard error. Error: usage, no usable input, or a server that does not answer.
Result<AdviceResult> read_advice(const AdviceOptions& options);

// "500MB", "2 GB", "20%": bytes, or a share of the tables' size. Error: neither.
Status parse_budget(std::string_view text, AdvisorOptions& options);

}  // namespace pgsieve
