#include "tools/pgsieve/policy_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/pgsieve/config_policy.h"
#include "tools/pgsieve/settings.h"
#include "tools/pgsieve/suggest.h"

namespace pgsieve {

void add_config_options(CLI::App& app, GateOptions& gate) {
  app.add_option("--config", gate.config, "configuration; default: the nearest pgsieve.toml upward")
      ->type_name("FILE")
      ->group("Configuration");
  app.add_flag("--no-config", gate.no_config, "no configuration file, no PGSIEVE_ variables")
      ->group("Configuration");
}

void add_gate_options(CLI::App& app, GateOptions& gate, RawOptions& raw) {
  const std::string group = "Gate";
  app.add_option("--severity", raw.severities, "severity of a rule: error, warning or note (repeatable)")
      ->allow_extra_args(false)
      ->type_name("RULE=SEVERITY")
      ->group(group);
  app.add_option("--baseline", gate.baseline,
                 "the findings that are known (pgsieve-baseline.toml, where it exists)")
      ->type_name("FILE")
      ->group(group);
  app.add_flag("--no-baseline", gate.no_baseline, "every finding is new")->group(group);
  app.add_option("--against", gate.against, "findings of this JSON report are known, too")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--stale", gate.stale,
                 "baseline entries whose finding is gone: note, warning or error (note)")
      ->type_name("LEVEL")
      ->group(group);
  app.add_flag("--show-accepted", gate.show_accepted, "show known and suppressed findings, too")
      ->group(group);
  app.add_option("--min-recognised", raw.min_recognised,
                 "least share of the lines that must be understood, as in 90%; else exit code 3")
      ->type_name("SHARE")
      ->group(group);
  app.add_flag("--exit-zero", gate.exit_zero, "findings do not change the exit code")->group(group);
}

CLI::App* add_config_command(CLI::App& app, ConfigOptions& options) {
  CLI::App* command =
      app.add_subcommand("config", "show or check the configuration, or print its JSON Schema");
  command->add_option("action", options.action, "show: every value and where it comes from; check; schema")
      ->type_name("show|check|schema")
      ->required();
  command->add_option("--config", options.config, "configuration; default: the nearest pgsieve.toml upward")
      ->type_name("FILE");
  return command;
}

CLI::App* add_merge_command(CLI::App& app, MergeOptions& options) {
  CLI::App* command = app.add_subcommand("merge", "make one store of several, of one host each");
  command->add_option("stores", options.stores, "stores to read")->type_name("STORE")->required();
  command->add_option("-o,--output", options.output, "the store to write; it must not exist")
      ->type_name("FILE")
      ->required();
  command->footer("Exit code: 0 written, 2 usage, 3 a store that can't be used.");
  return command;
}

namespace {

[[noreturn]] void refuse(const Error& error) {
  throw UsageError{error.to_string(), false};
}

}  // namespace

Config configure(CLI::App& command, GateOptions& gate) {
  gate.baseline_given =
      command.get_option_no_throw("--baseline") != nullptr && command.count("--baseline") != 0;
  if (gate.no_config) return {};
  const Result<Config> config = load_config(gate.config);
  if (!config) refuse(config.error());
  gate.config_folder = config->folder;
  gate.config_file = config->file;
  for (const Setting& setting : all_settings()) {
    if (setting.option.empty()) continue;
    CLI::Option* option = command.get_option_no_throw(std::string(setting.option));
    const ConfigValue* value = config->find(setting_key(setting));
    if (option == nullptr || value == nullptr || option->count() != 0) continue;
    if (setting.type == SettingType::kFlag && value->values.front() != "true") continue;
    for (const std::string& text : value->values) option->add_result(text);
    try {
      option->run_callback();
    } catch (const CLI::ParseError& error) {
      throw UsageError{fmt::format("{}: {}", value->origin, error.what()), false};
    }
  }
  return *config;
}

void configure_policy(const Config& config, const CLI::App& command, ReportOptions& options) {
  const std::vector<std::string> skipped = options.analysis.skip_rules;
  if (Status failed = apply_config(config, options)) refuse(*failed);
  options.analysis.workload.unit_sources = options.policy.unit_sources;
  if (!options.policy.budgets.empty()) options.analysis.workload.track_units = true;
  // A rule asked for by name runs, whatever the file says.
  if (command.get_option_no_throw("--rule") == nullptr || command.count("--rule") == 0) return;
  std::erase_if(options.analysis.skip_rules, [&](const std::string& rule) {
    const auto named = [&](const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), rule) != names.end();
    };
    return named(options.analysis.rules) && !named(skipped);
  });
}

void check_action(const std::string& command, const std::string& action,
                  const std::vector<std::string>& actions) {
  if (std::find(actions.begin(), actions.end(), action) != actions.end()) return;
  throw UsageError{fmt::format("{} knows {}, not '{}'{}", command, fmt::join(actions, ", "), action,
                               did_you_mean(action, actions))};
}

}  // namespace pgsieve
