// Options of `pgsieve index suggest | list | show | accept | reject | sql | verify`: reviewing suggested
// indexes, deciding on them, deploying and verifying them.
#pragma once

#include "tools/pgsieve/option_values.h"
#include "tools/pgsieve/options.h"

namespace CLI {
class App;
}

namespace pgsieve {

// Each adds to `index`, to be filled in while the command line is parsed; options of captures go to
// `report`, or `captures`, which the actions share.
CLI::App* add_suggest_command(CLI::App& index, IndexOptions& options, ReportOptions& report);
void add_review_commands(CLI::App& index, IndexReviewOptions& options, AnalysisOptions& captures,
                         RawOptions& raw);

// Checks what was parsed. `report` holds what the options of the captures were parsed into. Throws
// UsageError.
void complete_review(IndexReviewOptions& options, ReportOptions report, const RawOptions& raw);

// A twin needs what it is made of. Throws UsageError.
void check_twin(const AdviceOptions& advice);

}  // namespace pgsieve
