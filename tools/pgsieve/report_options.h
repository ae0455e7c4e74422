// Options that many commands have, by subject: what is read, and how it is judged and shown. Each function
// adds its own to a command; the values land in the struct given, which outlives the parsing, and what
// needs checking in `raw`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "tools/pgsieve/option_values.h"
#include "tools/pgsieve/options.h"

namespace pgsieve {

// An option that may be repeated, one value each time.
void add_list(CLI::App& app, const std::string& name, std::vector<std::string>& values,
              const std::string& help, const std::string& type, const std::string& group);

// ---- what is read
void add_input_options(CLI::App& app, AnalysisOptions& options);
// What report, lint and ingest have beyond the inputs of other commands.
void add_reading_options(CLI::App& app, AnalysisOptions& options, RawOptions& raw);
void add_filter_options(CLI::App& app, AnalysisOptions& options, RawOptions& raw);
// Notes that it was given, too: an empty prefix is one.
CLI::Option* add_prefix_option(CLI::App& app, IngestOptions& ingest);

// ---- how it is judged and shown
void add_rule_options(CLI::App& app, ReportOptions& options, RawOptions& raw);
void add_output_options(CLI::App& app, ReportOptions& options, RawOptions& raw);

}  // namespace pgsieve
