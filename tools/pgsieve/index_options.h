// Options of `pgsieve index list | show | accept | reject | sql | verify`: reviewing suggested indexes,
// deciding on them, deploying and verifying them.
#pragma once

#include <functional>
#include <string>

#include "tools/pgsieve/option_values.h"
#include "tools/pgsieve/options.h"

namespace CLI {
class App;
}

namespace pgsieve {

// Adds the options of the captures to a subcommand, and, when told to, those of advice on them.
using CaptureOptions = std::function<void(CLI::App& command, bool advice)>;

// Adds the subcommands to `index`, to be filled in while the command line is parsed.
void add_review_commands(CLI::App& index, IndexReviewOptions& options, RawOptions& raw,
                         const CaptureOptions& captures);

// Checks what was parsed. `report` holds what the options of the captures were parsed into. Throws
// UsageError.
void complete_review(IndexReviewOptions& options, ReportOptions report, const RawOptions& raw);

// A twin needs what it is made of. Throws UsageError.
void check_twin(const AdviceOptions& advice);

}  // namespace pgsieve
