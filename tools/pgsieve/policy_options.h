// The options of the gate, of its commands, and what a configuration file adds to any command.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "tools/pgsieve/config.h"
#include "tools/pgsieve/option_values.h"
#include "tools/pgsieve/options.h"

namespace pgsieve {

void add_config_options(CLI::App& app, GateOptions& gate);
void add_gate_options(CLI::App& app, GateOptions& gate, RawOptions& raw);

CLI::App* add_config_command(CLI::App& app, ConfigOptions& options);
CLI::App* add_merge_command(CLI::App& app, MergeOptions& options);

// Gives the options that the command line left alone the configuration's values. Throws UsageError.
Config configure(CLI::App& command, GateOptions& gate);
// The rest of it, after complete(): rules, suppressions, budgets. Throws UsageError.
void configure_policy(const Config& config, const CLI::App& command, ReportOptions& options);

// The action of a command that has several; throws UsageError with the nearest one.
void check_action(const std::string& command, const std::string& action,
                  const std::vector<std::string>& actions);

}  // namespace pgsieve
