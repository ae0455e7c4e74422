// The tree of commands. CLI11 does the parsing and the help; its exit codes (100 and above) do not leave this
// file.
#include "tools/pgsieve/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "tools/pgsieve/index_options.h"
#include "tools/pgsieve/option_tree_cli.h"
#include "tools/pgsieve/option_values.h"
#include "tools/pgsieve/pager.h"
#include "tools/pgsieve/policy_options.h"
#include "tools/pgsieve/report_options.h"
#include "tools/pgsieve/setup_options.h"
#include "tools/pgsieve/tap_options.h"
#include "tools/pgsieve/usage_mistake.h"

namespace pgsieve {

namespace {

void add_report_command(CLI::App& app, ReportOptions& options, RawOptions& raw) {
  add_input_options(app, options.analysis);
  add_reading_options(app, options.analysis, raw);
  add_filter_options(app, options.analysis, raw);
  add_rule_options(app, options, raw);
  add_output_options(app, options, raw);
  if (!options.lint) {
    app.add_option("--scale", raw.scale, "what happens with so many times the rows: 100x")
        ->type_name("FACTOR")
        ->group("Output");
  }
  app.footer(
      options.lint
          ? "Exit code: 0 no new findings, 1 new findings, 2 usage or configuration, 3 input not usable."
          : "Exit code: 0 whatever is found, 2 usage or configuration, 3 input not usable.");
}

void add_ingest_command(CLI::App& app, ReportOptions& options, RawOptions& raw) {
  add_input_options(app, options.analysis);
  add_reading_options(app, options.analysis, raw);
  add_filter_options(app, options.analysis, raw);
  add_config_options(app, options.gate);
  app.footer(
      "Needs --store. Exit code: 0 the store has the inputs, 2 usage, 3 input not usable, 130 interrupted.");
}

// The finding comes first: what follows are inputs.
void add_prove_command(CLI::App& app, ProveOptions& prove, ReportOptions& report) {
  app.add_option("finding", prove.finding, "id of an n-plus-one finding, or the beginning of it")
      ->type_name("FINDING")
      ->required();
  add_input_options(app, report.analysis);
  app.add_option(
         "--db", prove.url,
         "server to replay on: postgresql://user@host/database; what is left out comes from PG… variables")
      ->type_name("URL")
      ->required();
  app.footer(
      "Replays one captured loop and the statement that is to replace it, in a read-only transaction that is "
      "rolled back.\n"
      "Exit code: 0 the rows agree, 1 they differ, 2 usage, 3 input or server not usable.");
}

void add_baseline_command(CLI::App& app, BaselineOptions& baseline, ReportOptions& report, RawOptions& raw) {
  app.add_option(
         "action", baseline.action,
         "create: make it of the inputs; prune: take out what is gone; show; accept ID; migrate: identities "
         "of this version")
      ->type_name("create|prune|show|accept|migrate")
      ->required();
  add_input_options(app, report.analysis);
  add_filter_options(app, report.analysis, raw);
  add_config_options(app, report.gate);
  app.add_option("--baseline", report.gate.baseline, "the file (pgsieve-baseline.toml)")->type_name("FILE");
  app.add_option("--min-confidence", raw.min_confidence, "low, medium, high or proved (medium)")
      ->type_name("LEVEL");
  app.add_flag("--merge", baseline.merge, "create: keep the entries whose tests did not run this time");
  app.add_flag("--not-exercised", baseline.not_exercised,
               "prune: also take out what did not run in the inputs");
  app.add_option("--reason", baseline.reason, "accept: why")->type_name("TEXT");
  app.add_option("--expires", baseline.until, "accept: last day it holds")->type_name("DATE");
  app.footer("Exit code: 0 done, 2 usage, 3 input not usable.");
}

void add_diff_command(CLI::App& app, DiffOptions& diff, ReportOptions& report, RawOptions& raw) {
  app.add_option("before", diff.before, "a capture, a store or a JSON report")->type_name("OLD")->required();
  app.add_option("after", diff.after, "another one")->type_name("NEW")->required();
  app.add_option("--schema", report.analysis.schema_file, "DDL of the database: pg_dump --schema-only")
      ->type_name("FILE");
  app.add_option("--format", report.analysis.ingest.format, "format of the logs; default: recognised")
      ->type_name("NAME");
  add_prefix_option(app, report.analysis.ingest);
  add_filter_options(app, report.analysis, raw);
  add_config_options(app, report.gate);
  app.add_flag("--json", diff.json, "as JSON");
  app.add_flag("--exit-code", diff.exit_code, "exit code 1 when something is new or worse");
  app.footer("Exit code: 0 compared, 1 with --exit-code, 2 usage, 3 input not usable.");
}

// The commands, and what their options are parsed into before it is known which command was meant.
struct Commands {
  RawOptions raw;
  ReportOptions report_options, lint_options, ingest_options, prove_options, baseline_options, diff_options,
      index_options;
  TapOptions tap_options, exec_options;
  CLI::App *report = nullptr, *lint = nullptr, *ingest = nullptr, *rules = nullptr, *fingerprint = nullptr;
  CLI::App *tap = nullptr, *exec = nullptr, *prove = nullptr, *stats = nullptr, *twin = nullptr;
  CLI::App *baseline = nullptr, *config = nullptr, *merge = nullptr, *diff = nullptr;
  CLI::App *index = nullptr, *suggest = nullptr;
  SetupCommands setup;
};

void add_judging_commands(CLI::App& app, Commands& commands) {
  commands.lint_options.lint = true;
  commands.report = app.add_subcommand("report", "analyse captured traffic, for people");
  add_report_command(*commands.report, commands.report_options, commands.raw);
  commands.lint =
      app.add_subcommand("lint", "the same as a gate: the exit code says whether there are findings");
  add_report_command(*commands.lint, commands.lint_options, commands.raw);
  commands.ingest = app.add_subcommand("ingest", "add captured traffic to a store, without a report");
  add_ingest_command(*commands.ingest, commands.ingest_options, commands.raw);
}

void add_lookup_commands(CLI::App& app, Commands& commands, CommandLine& line) {
  commands.rules = app.add_subcommand("rules", "list the rules, or show the documentation of one");
  commands.rules->add_option("rule", line.rules.rule, "name of a rule")->type_name("RULE");
  commands.fingerprint =
      app.add_subcommand("fingerprint", "print the fingerprint and normalised text of statements");
  commands.fingerprint
      ->add_option("sql", line.fingerprint.statements, "a statement, or - for standard input (default)")
      ->type_name("SQL");
  commands.fingerprint->add_flag("--json", line.fingerprint.json, "one JSON object per statement");
}

void add_baseline_commands(CLI::App& app, Commands& commands, CommandLine& line) {
  commands.baseline_options.lint = true;
  commands.baseline =
      app.add_subcommand("baseline", "the findings that are known: create, prune, show, accept, migrate");
  add_baseline_command(*commands.baseline, line.baseline, commands.baseline_options, commands.raw);
  commands.config = add_config_command(app, line.config);
  commands.merge = add_merge_command(app, line.merge);
  commands.diff =
      app.add_subcommand("diff", "compare two captures, stores or JSON reports: what is new, gone, worse");
  add_diff_command(*commands.diff, line.diff, commands.diff_options, commands.raw);
}

// In the order of the help.
void add_commands(CLI::App& app, Commands& commands, CommandLine& line) {
  add_judging_commands(app, commands);
  add_lookup_commands(app, commands, line);
  commands.tap = add_tap_command(app, commands.tap_options, commands.raw);
  commands.exec = add_exec_command(app, commands.exec_options, commands.raw);
  commands.prove = app.add_subcommand("prove", "replay a captured loop against its rewrite on a server");
  add_prove_command(*commands.prove, line.prove, commands.prove_options);
  commands.stats = add_stats_command(app, line.stats);
  commands.twin = add_twin_command(app, line.twin);
  commands.setup = add_setup_commands(app, line, commands.raw);
  add_baseline_commands(app, commands, line);
  commands.index = app.add_subcommand("index", "suggest indexes, and review the suggestions");
  commands.index->require_subcommand(1);
  commands.suggest = add_suggest_command(*commands.index, line.index, commands.index_options);
  add_review_commands(*commands.index, line.review, commands.index_options.analysis, commands.raw);
}

// Checks what a command judges by, with what the configuration adds to it.
void complete_with_config(CLI::App& command, ReportOptions& options, const RawOptions& raw) {
  const Config config = configure(command, options.gate);
  complete(options, raw);
  configure_policy(config, command, options);
}

void take_ingest(Commands& commands, CommandLine& line) {
  ReportOptions& options = commands.ingest_options;
  complete_with_config(*commands.ingest, options, commands.raw);
  if (options.analysis.store_file.empty() || options.analysis.inputs.empty())
    throw UsageError{
        "ingest needs inputs and the store to add them to: pgsieve ingest INPUT... --store FILE"};
  line.report = options;
}

void take_tap(CLI::App& command, TapOptions& options, const RawOptions& raw, CommandLine& line) {
  options.report.analysis.inputs = {"recording"};
  complete_with_config(command, options.report, raw);
  line.tap = options;
}

void take_baseline(Commands& commands, CommandLine& line) {
  const std::string& action = line.baseline.action;
  check_action("baseline", action, {"create", "prune", "show", "migrate", "accept"});
  ReportOptions& options = commands.baseline_options;
  const std::vector<std::string> arguments = options.analysis.inputs;
  if (action != "create" && action != "prune") options.analysis.inputs = {"-"};  // these read none
  complete_with_config(*commands.baseline, options, commands.raw);
  options.analysis.inputs = arguments;
  line.baseline.report = options;
}

void take_diff(Commands& commands, CommandLine& line) {
  commands.diff_options.analysis.inputs = {line.diff.before, line.diff.after};
  complete_with_config(*commands.diff, commands.diff_options, commands.raw);
  line.diff.analysis = commands.diff_options.analysis;
}

// Which command was given, with its options checked. False: none. Throws UsageError.
bool take_command(const CLI::App& app, Commands& commands, CommandLine& line) {
  using Command = CommandLine::Command;
  const RawOptions& raw = commands.raw;
  if (commands.report->parsed() || commands.lint->parsed()) {
    const bool lint = commands.lint->parsed();
    line.command = lint ? Command::kLint : Command::kReport;
    ReportOptions& options = lint ? commands.lint_options : commands.report_options;
    complete_with_config(lint ? *commands.lint : *commands.report, options, raw);
    line.report = options;
  } else if (commands.ingest->parsed()) {
    line.command = Command::kIngest;
    take_ingest(commands, line);
  } else if (commands.tap->parsed()) {
    line.command = Command::kTap;
    take_tap(*commands.tap, commands.tap_options, raw, line);
  } else if (commands.exec->parsed()) {
    line.command = Command::kExec;
    take_tap(*commands.exec, commands.exec_options, raw, line);
  } else if (commands.baseline->parsed()) {
    line.command = Command::kBaseline;
    take_baseline(commands, line);
  } else if (commands.config->parsed()) {
    line.command = Command::kConfig;
    check_action("config", line.config.action, {"show", "check", "schema"});
  } else if (commands.merge->parsed()) {
    line.command = Command::kMerge;
  } else if (commands.diff->parsed()) {
    line.command = Command::kDiff;
    take_diff(commands, line);
  } else if (commands.rules->parsed()) {
    line.command = Command::kRules;
  } else if (commands.fingerprint->parsed()) {
    line.command = Command::kFingerprint;
    if (line.fingerprint.statements.empty()) line.fingerprint.statements.emplace_back("-");
  } else if (commands.stats->parsed()) {
    line.command = Command::kStats;
  } else if (commands.twin->parsed()) {
    line.command = Command::kTwin;
  } else if (commands.suggest->parsed()) {
    line.command = Command::kIndexSuggest;
    complete(commands.index_options, raw);
    line.index.advice.analysis = commands.index_options.analysis;
    check_twin(line.index.advice);
  } else if (commands.index->parsed()) {
    line.command = Command::kIndexReview;
    complete_review(line.review, commands.index_options, raw);
  } else if (commands.prove->parsed()) {
    line.command = Command::kProve;
    complete(commands.prove_options, raw);
    line.prove.analysis = commands.prove_options.analysis;
  } else {
    return take_setup_command(commands.setup, app, line, raw);
  }
  return true;
}

// Of the innermost command that was given.
std::string help_of(const CLI::App& app) {
  const CLI::App* command = &app;
  std::string above;
  while (!command->get_subcommands().empty()) {
    above += (above.empty() ? "" : " ") + command->get_name();
    command = command->get_subcommands().front();
  }
  return write_help(tree_of(*command, above), output_width());
}

ParsedCommandLine stop(int exit_code) {
  return {.command_line = {}, .exit_code = exit_code};
}

}  // namespace

std::string_view program_version() {
  return PGSIEVE_VERSION;
}

ParsedCommandLine parse_command_line(int argc, const char* const* argv) {
  ParsedCommandLine parsed;
  CommandLine& line = parsed.command_line;
  Commands commands;
  CLI::App app(
      "Finds wasteful query patterns in captured PostgreSQL traffic: N+1 loops, missing indexes, unpaginated "
      "reads.",
      "pgsieve");
  app.set_help_flag("-h,--help", "print this");
  app.set_version_flag("-V,--version", "pgsieve " PGSIEVE_VERSION);
  app.require_subcommand(0, 1);
  add_commands(app, commands, line);
  if (const auto mistake = mistyped_command(argc, argv, app)) return stop(usage_error(*mistake, app));
  try {
    app.parse(argc, argv);
    if (!take_command(app, commands, line))
      return stop(
          usage_error(fmt::format("a command is needed: {}", fmt::join(command_names(app), ", ")), app));
  } catch (const CLI::CallForHelp&) {
    return stop(write_long(help_of(app), !line.no_pager) ? kExitOk : kExitInput);
  } catch (const CLI::Success& success) {
    return stop(app.exit(success, std::cout, std::cerr) == 0 ? kExitOk : kExitUsage);
  } catch (const CLI::ParseError& error) {
    return stop(explain_mistake(error, app));
  } catch (const UsageError& error) {
    if (error.command_line) return stop(usage_error(error.message, chosen_command(app)));
    tell(error.message);
    return stop(kExitUsage);
  }
  return parsed;
}

}  // namespace pgsieve
