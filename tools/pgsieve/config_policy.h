// What a configuration says beyond single options: severities, rules that are off, suppressions, budgets,
// where names of units come from.
#pragma once

#include "analyzer/base/error.h"
#include "tools/pgsieve/config.h"
#include "tools/pgsieve/options.h"

namespace pgsieve {

// Names of rules that are off are added to skip_rules; options of rules that are set already stay.
Status apply_config(const Config& config, ReportOptions& options);

}  // namespace pgsieve
