// From the text of options to their meaning, with every mistake named.
#pragma once

#include <string>
#include <vector>

#include "tools/pgsieve/options.h"

namespace pgsieve {

// Thrown where options are checked, caught in options.cc: nothing beyond the options sees it.
struct UsageError {
  std::string message;
  bool command_line = true;  // false: a file is wrong, the help does not help
};

// What an option collects as text before it is checked.
struct RawOptions {
  std::vector<std::string> outputs;
  std::vector<std::string> rule_options;
  std::string since, until, min_confidence, color = "auto", fail_on = "warning", min_recognised;
  std::vector<std::string> severities;
  std::string scale;
  unsigned threads = 0;
};

std::vector<std::string> format_names();  // of the output formats

When color_of(const RawOptions& raw);  // throws UsageError

// Checks and fills in what `raw` says. Throws UsageError.
void complete(ReportOptions& options, const RawOptions& raw);

}  // namespace pgsieve
