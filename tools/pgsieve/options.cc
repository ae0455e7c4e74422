// The option tree. CLI11 does the parsing and the help; its exit codes (100 and above) and its wording for
// mistakes do not leave this file.
#include "tools/pgsieve/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "tools/pgsieve/option_tree_cli.h"
#include "tools/pgsieve/index_options.h"
#include "tools/pgsieve/option_values.h"
#include "tools/pgsieve/pager.h"
#include "tools/pgsieve/setup_options.h"
#include "tools/pgsieve/policy_options.h"
#include "tools/pgsieve/suggest.h"

namespace pgsieve {

namespace {

// An option that may be repeated, one value each time.
void add_list(CLI::App& app, const std::string& name, std::vector<std::string>& values,
              const std::string& help, const std::string& type, const std::string& group) {
  app.add_option(name, values, help)->allow_extra_args(false)->type_name(type)->group(group);
}

void add_input_options(CLI::App& app, AnalysisOptions& options) {
  const std::string group = "Input";
  IngestOptions& ingest = options.ingest;
  app.add_option("inputs", options.inputs, "log files, directories, globs, or - for standard input")
      ->type_name("INPUT");
  app.add_option("--schema", options.schema_file, "DDL of the database: pg_dump --schema-only")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--stats", options.statistics_file, "what `pgsieve stats export` made, or row estimates, JSON or CSV")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--store", options.store_file, "add the inputs to this store, and report on all it holds")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--format", ingest.format, "format of the log; default: recognised by its content")
      ->type_name("NAME")
      ->group(group);
  app.add_option("--prefix", ingest.prefix, "log_line_prefix of the server; default: recognised")
      ->type_name("PREFIX")
      ->group(group);
  app.add_option("--timezone", ingest.timezone, "zone of time stamps that carry none (UTC)")
      ->type_name("ZONE")
      ->group(group);
  app.add_flag("--allow-empty", options.allow_empty, "a capture without statements is no failure")
      ->group(group);
}

// What report, lint and ingest have beyond the inputs of other commands.
void add_reading_options(CLI::App& app, AnalysisOptions& options, RawOptions& raw) {
  app.add_flag("--follow", options.ingest.follow,
               "go on reading the inputs as they grow, across rotation and with new files in directories, until "
               "Ctrl-C or SIGTERM")
      ->group("Input");
  app.add_option("--threads", raw.threads, "threads to read with; default: one per processor")
      ->type_name("N")
      ->group("Input");
}

void add_filter_options(CLI::App& app, AnalysisOptions& options, RawOptions& raw) {
  const std::string group = "Filters (repeatable)";
  IngestOptions& ingest = options.ingest;
  app.add_option("--since", raw.since, "from this moment on: 2026-11-22 01:00, or 24h ago")
      ->type_name("TIME")
      ->group(group);
  app.add_option("--until", raw.until, "before this moment")->type_name("TIME")->group(group);
  add_list(app, "--db", ingest.databases, "only this database", "NAME", group);
  add_list(app, "--user", ingest.users, "only this user", "NAME", group);
  add_list(app, "--app", ingest.applications, "only this application_name", "NAME", group);
  add_list(app, "--host", ingest.hosts,
           "only this client host (without one in the log: the host of the syslog record)", "NAME", group);
  add_list(app, "--tag", options.workload.tag_filters, "only statements with this comment tag", "KEY=VALUE",
           group);
  add_list(app, "--exclude-db", ingest.exclude_databases, "not this database", "NAME", group);
  add_list(app, "--exclude-user", ingest.exclude_users, "not this user", "NAME", group);
  add_list(app, "--exclude-app", ingest.exclude_applications, "not this application_name", "NAME", group);
  add_list(app, "--exclude-host", ingest.exclude_hosts, "not this client host", "NAME", group);
  add_list(app, "--exclude-tag", options.workload.tag_excludes, "no statements with this comment tag",
           "KEY=VALUE", group);
}

void add_rule_options(CLI::App& app, ReportOptions& options, RawOptions& raw) {
  const std::string group = "Rules";
  AnalysisOptions& analysis = options.analysis;
  add_list(app, "--rule", analysis.rules, "only this rule (repeatable; `pgsieve rules` lists them)", "RULE",
           group);
  add_list(app, "--skip-rule", analysis.skip_rules, "not this rule (repeatable)", "RULE", group);
  add_list(app, "--set", raw.rule_options, "an option of a rule (repeatable)", "RULE.OPTION=VALUE", group);
  app.add_option("--min-confidence", raw.min_confidence,
                 options.lint ? "low, medium, high or proved (medium)" : "low, medium, high or proved (low)")
      ->type_name("LEVEL")
      ->group(group);
  app.add_option("--orm", analysis.orm, "write fixes for this ORM; default: recognised by its statements")
      ->type_name("NAME")
      ->group(group);
  add_config_options(app, options.gate);
  if (options.lint) {
    app.add_flag("--strict", options.strict, "a partial verdict (traffic lost or not readable) is none: exit code 3")
        ->group(group);
    app.add_option("--fail-on", raw.fail_on,
                   "least severity that makes the exit code 1: note, warning, error or never (warning)")
        ->type_name("SEVERITY")
        ->group(group);
    add_gate_options(app, options.gate, raw);
  }
}

void add_output_options(CLI::App& app, ReportOptions& options, RawOptions& raw) {
  const std::string group = "Output";
  add_list(app, "-o,--output", raw.outputs,
           fmt::format("{}; to standard output unless a file is named (repeatable)",
                       fmt::join(format_names(), ", ")),
           "FORMAT[:FILE]", group);
  app.add_option("--source-root", options.source_root,
                 options.lint ? "checkout to find the places of findings in; default: the one around this folder; '' for none"
                              : "checkout to find the places of findings in")
      ->type_name("DIR")
      ->group(group);
  app.add_option("--top", options.top, "patterns to list, 0 for all (20)")->type_name("N")->group(group);
  app.add_flag("--show-values", options.show_values, "show sample statements with their values")
      ->group(group);
  app.add_option("--color", raw.color, "auto, always or never")->type_name("WHEN")->group(group);
}

// What tap and exec share: the recording is judged like any input.
void add_tap_options(CLI::App& app, TapOptions& options, RawOptions& raw) {
  const std::string group = "Recording";
  AnalysisOptions& analysis = options.report.analysis;
  app.add_option("--upstream", options.upstream, "the server: HOST:PORT or the path of a Unix socket")
      ->type_name("ADDRESS")
      ->group(group);
  app.add_option("--write", options.write, "keep the recording: FILE.pgcap, or FILE.pcap for other tools")
      ->type_name("FILE")
      ->group(group);
  app.add_flag("--no-drop", options.no_drop, "let the traffic wait rather than the analysis have holes")
      ->group(group);
  app.add_flag("--plans", options.plans, "have the server report plans (auto_explain) and take them out again")
      ->group(group);
  app.add_option("--server", options.server,
                 "connection URL, to look up names of tables (DATABASE_URL); without --schema")
      ->type_name("URL")
      ->group(group);
  app.add_option("--tls-cert", options.certificate, "certificate to show to clients that ask for TLS (PEM)")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--tls-key", options.key, "its key (PEM)")->type_name("FILE")->group(group);
  app.add_option("--upstream-tls", options.upstream_tls,
                 "pass (as the client asks), disable, prefer, require, verify-ca or verify-full")
      ->type_name("MODE")
      ->group(group);
  app.add_option("--upstream-ca", options.authority, "root certificates to check the server with (PEM)")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--schema", analysis.schema_file, "DDL of the database: pg_dump --schema-only")->type_name("FILE");
  app.add_option("--stats", analysis.statistics_file, "what `pgsieve stats export` made, or row estimates, JSON or CSV")->type_name("FILE");
  app.add_option("--store", analysis.store_file, "add the recording to this store, and report on all it holds")
      ->type_name("FILE");
  app.add_flag("--allow-empty", analysis.allow_empty, "a recording without statements is no failure");
  add_filter_options(app, analysis, raw);
  add_rule_options(app, options.report, raw);
  add_output_options(app, options.report, raw);
}

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
  app.footer(options.lint
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
  app.add_option("action", baseline.action,
                 "create: make it of the inputs; prune: take out what is gone; show; accept ID; migrate: identities "
                 "of this version")
      ->type_name("create|prune|show|accept|migrate")
      ->required();
  add_input_options(app, report.analysis);
  add_filter_options(app, report.analysis, raw);
  add_config_options(app, report.gate);
  app.add_option("--baseline", report.gate.baseline, "the file (pgsieve-baseline.toml)")->type_name("FILE");
  app.add_option("--min-confidence", raw.min_confidence, "low, medium, high or proved (medium)")->type_name("LEVEL");
  app.add_flag("--merge", baseline.merge, "create: keep the entries whose tests did not run this time");
  app.add_flag("--not-exercised", baseline.not_exercised, "prune: also take out what did not run in the inputs");
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
  app.add_option("--prefix", report.analysis.ingest.prefix, "log_line_prefix of the server; default: recognised")
      ->type_name("PREFIX");
  add_filter_options(app, report.analysis, raw);
  add_config_options(app, report.gate);
  app.add_flag("--json", diff.json, "as JSON");
  app.add_flag("--exit-code", diff.exit_code, "exit code 1 when something is new or worse");
  app.footer("Exit code: 0 compared, 1 with --exit-code, 2 usage, 3 input not usable.");
}

// What every action that needs advice takes; `analysis` is completed by complete().
void add_advice_options(CLI::App& app, AdviceOptions& advice, AnalysisOptions& analysis) {
  add_input_options(app, analysis);
  const std::string group = "Advice";
  app.add_option("--db", advice.url,
                 "server to ask, read-only, with HypoPG where it is installed: postgresql://user@host/database")
      ->type_name("URL")
      ->group(group);
  app.add_flag("--twin", advice.twin, "ask a planner twin made of --schema and --stats, gone afterwards")->group(group);
  app.add_option("--pg-bin", advice.bin_directory, "folder of initdb, pg_ctl and postgres, for --twin")
      ->type_name("DIR")
      ->group(group);
  app.add_option("--budget", advice.budget, "of all new indexes together: 500MB, 2GB, or 20% of the tables' size")
      ->type_name("SIZE")
      ->group(group);
  app.add_option("--max-plans", advice.max_plans, "questions to the planner (2000); the best found so far counts")
      ->type_name("N")
      ->group(group);
  app.add_option("--write-price", advice.write_entry_ms, "milliseconds that writing one index entry costs (0.02)")
      ->type_name("MS")
      ->check(CLI::NonNegativeNumber)
      ->group(group);
  app.add_flag("--weigh-by-cost", advice.weigh_by_cost, "weigh statements by calls x planner cost, not by observed time")
      ->group(group);
  app.add_flag("--no-include", advice.no_include, "no INCLUDE columns")->group(group);
}

void add_suggest_command(CLI::App& app, IndexOptions& index, ReportOptions& report) {
  add_advice_options(app, index.advice, report.analysis);
  app.add_option("-o,--output", index.format, "text, json, or sql: the statements alone (text)")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json", "sql"}));
  app.add_flag("--plans", index.plans, "show plans before and after");
  app.add_flag("--show-values", index.advice.show_values, "show sample statements with their values");
  app.footer(
      "Whatever is at hand raises the grade: durations, auto_explain plans, --schema, --stats, --db.\n"
      "Exit code: 0 done, whatever is proposed, 2 usage, 3 input or server not usable.");
}

// ---- mistakes
// -----------------------------------------------------------------------------------------------------------

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

// "--schema" of "--schema=x"; nothing for an argument that is no option.
std::string option_name(const std::string& argument) {
  if (argument.size() < 2 || argument[0] != '-') return {};
  return argument.substr(0, argument.find('='));
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

int usage_error(const std::string& message, const CLI::App& app) {
  tell(message);
  std::string command;
  for (const CLI::App* at = &app; at->get_parent() != nullptr; at = at->get_parent()) command.insert(0, at->get_name() + " ");
  tell(fmt::format("see `pgsieve {}--help`", command));
  return kExitUsage;
}

const CLI::App& chosen_command(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : chosen_command(*chosen.front());
}

int explain_mistake(const CLI::ParseError& error, const CLI::App& app) {
  const CLI::App& command = chosen_command(app);
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    for (const std::string& argument : app.remaining(true)) {
      const std::string name = option_name(argument);
      if (!name.empty()) {
        return usage_error(
            fmt::format("there is no option '{}'{}", name, did_you_mean(name, option_names(command))),
            command);
      }
    }
    const std::vector<std::string> rest = app.remaining(true);
    if (!rest.empty()) return usage_error(fmt::format("one argument too many: '{}'", rest.front()), command);
  }
  return usage_error(error.what(), command);
}

// CLI11 takes a mistyped command for a stray argument; looking at it first gives a better answer.
std::optional<std::string> mistyped_command(int argc, const char* const* argv, const CLI::App& app) {
  if (argc < 2 || argv[1][0] == '-' || argv[1][0] == '\0') return {};
  const std::vector<std::string> names = command_names(app);
  if (std::find(names.begin(), names.end(), argv[1]) != names.end()) return {};
  const std::string hint = did_you_mean(argv[1], names);
  return fmt::format("there is no command '{}'{}", argv[1],
                     hint.empty() ? fmt::format(" (known: {})", fmt::join(names, ", ")) : hint);
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
  RawOptions raw;
  ReportOptions report;
  ReportOptions lint;
  lint.lint = true;

  CLI::App app(
      "Finds wasteful query patterns in captured PostgreSQL traffic: N+1 loops, missing indexes, unpaginated "
      "reads.",
      "pgsieve");
  app.set_help_flag("-h,--help", "print this");
  app.set_version_flag("-V,--version", "pgsieve " PGSIEVE_VERSION);
  app.require_subcommand(0, 1);
  CLI::App* report_command = app.add_subcommand("report", "analyse captured traffic, for people");
  add_report_command(*report_command, report, raw);
  CLI::App* lint_command =
      app.add_subcommand("lint", "the same as a gate: the exit code says whether there are findings");
  add_report_command(*lint_command, lint, raw);
  ReportOptions ingest;
  CLI::App* ingest_command =
      app.add_subcommand("ingest", "add captured traffic to a store, without a report");
  add_ingest_command(*ingest_command, ingest, raw);
  CLI::App* rules_command = app.add_subcommand("rules", "list the rules, or show the documentation of one");
  rules_command->add_option("rule", line.rules.rule, "name of a rule")->type_name("RULE");
  CLI::App* fingerprint_command =
      app.add_subcommand("fingerprint", "print the fingerprint and normalised text of statements");
  fingerprint_command
      ->add_option("sql", line.fingerprint.statements, "a statement, or - for standard input (default)")
      ->type_name("SQL");
  fingerprint_command->add_flag("--json", line.fingerprint.json, "one JSON object per statement");

  TapOptions tap;
  tap.upstream = "127.0.0.1:5432";
  CLI::App* tap_command = app.add_subcommand("tap", "stand between clients and a server, and report at the end");
  add_tap_options(*tap_command, tap, raw);
  tap_command->add_option("--listen", tap.listen, "where clients connect (127.0.0.1:6432)")->type_name("ADDRESS");
  tap_command->add_flag("--listen-anywhere", tap.anywhere, "let other machines connect");
  tap_command->add_option("--interface", tap.interface, "capture on this network interface instead (as root)")
      ->type_name("NAME");
  tap_command->add_option("--port", tap.ports, "with --interface: port of a server (5432; repeatable)")
      ->type_name("PORT");
  tap_command->add_flag("--strict", tap.report.strict, "exit code 3 when traffic was lost or not readable");
  tap_command->add_option("--metrics", tap.metrics, "serve counters for Prometheus on this local address")
      ->type_name("ADDRESS");
  TapOptions exec;
  exec.report.lint = true;
  CLI::App* exec_command =
      app.add_subcommand("exec", "run a command with its database traffic recorded, then lint");
  add_tap_options(*exec_command, exec, raw);
  add_list(*exec_command, "--env", exec.environment,
           "a variable with a connection URL to redirect, besides DATABASE_URL (repeatable)", "NAME", "Recording");
  exec_command->add_option("command", exec.command, "the command and its arguments, after --")
      ->type_name("COMMAND")
      ->required();
  exec_command->footer("The command's exit code, when it fails; else 0 no findings, 1 findings, 3 no verdict.");

  ReportOptions prove;
  CLI::App* prove_command =
      app.add_subcommand("prove", "replay a captured loop against its rewrite on a server");
  add_prove_command(*prove_command, line.prove, prove);

  CLI::App* stats_command = add_stats_command(app, line.stats);
  CLI::App* twin_command = add_twin_command(app, line.twin);

  const SetupCommands setup = add_setup_commands(app, line, raw);
  ReportOptions baseline;
  baseline.lint = true;
  CLI::App* baseline_command = app.add_subcommand(
      "baseline", "the findings that are known: create, prune, show, accept, migrate");
  add_baseline_command(*baseline_command, line.baseline, baseline, raw);
  CLI::App* config_command = add_config_command(app, line.config);
  CLI::App* merge_command = add_merge_command(app, line.merge);
  ReportOptions diff;
  CLI::App* diff_command =
      app.add_subcommand("diff", "compare two captures, stores or JSON reports: what is new, gone, worse");
  add_diff_command(*diff_command, line.diff, diff, raw);
  ReportOptions index_report;
  CLI::App* index_command = app.add_subcommand("index", "suggest indexes, and review the suggestions");
  index_command->require_subcommand(1);
  CLI::App* suggest_command =
      index_command->add_subcommand("suggest", "which indexes to build, with the evidence for each");
  add_suggest_command(*suggest_command, line.index, index_report);
  add_review_commands(*index_command, line.review, raw, [&](CLI::App& command, bool advice) {
    if (advice) {
      add_advice_options(command, line.review.advice, index_report.analysis);
    } else {
      add_input_options(command, index_report.analysis);
    }
  });

  if (const auto mistake = mistyped_command(argc, argv, app)) return stop(usage_error(*mistake, app));
  try {
    app.parse(argc, argv);
    if (report_command->parsed() || lint_command->parsed()) {
      line.command = lint_command->parsed() ? CommandLine::Command::kLint : CommandLine::Command::kReport;
      ReportOptions& chosen = lint_command->parsed() ? lint : report;
      CLI::App& command = *app.get_subcommands().front();
      const Config config = configure(command, chosen.gate);
      line.report = chosen;
      complete(line.report, raw);
      configure_policy(config, command, line.report);
      line.report.analysis.ingest.prefix_given = command.count("--prefix") != 0;
    } else if (ingest_command->parsed()) {
      line.command = CommandLine::Command::kIngest;
      const Config config = configure(*ingest_command, ingest.gate);
      line.report = ingest;
      complete(line.report, raw);
      configure_policy(config, *ingest_command, line.report);
      line.report.analysis.ingest.prefix_given = ingest_command->count("--prefix") != 0;
      if (ingest.analysis.store_file.empty() || ingest.analysis.inputs.empty())
        throw UsageError{
            "ingest needs inputs and the store to add them to: pgsieve ingest INPUT... --store FILE"};
    } else if (tap_command->parsed() || exec_command->parsed()) {
      line.command = tap_command->parsed() ? CommandLine::Command::kTap : CommandLine::Command::kExec;
      TapOptions& chosen = tap_command->parsed() ? tap : exec;
      CLI::App& command = *app.get_subcommands().front();
      const Config config = configure(command, chosen.report.gate);
      line.tap = chosen;
      line.tap.report.analysis.inputs = {"recording"};
      complete(line.tap.report, raw);
      configure_policy(config, command, line.tap.report);
    } else if (baseline_command->parsed()) {
      line.command = CommandLine::Command::kBaseline;
      check_action("baseline", line.baseline.action, {"create", "prune", "show", "migrate", "accept"});
      const bool reads = line.baseline.action == "create" || line.baseline.action == "prune";
      const std::vector<std::string> arguments = baseline.analysis.inputs;
      const Config config = configure(*baseline_command, baseline.gate);
      if (!reads) baseline.analysis.inputs = {"-"};
      complete(baseline, raw);
      configure_policy(config, *baseline_command, baseline);
      baseline.analysis.inputs = arguments;
      line.baseline.report = baseline;
      line.baseline.report.analysis.ingest.prefix_given = baseline_command->count("--prefix") != 0;
    } else if (config_command->parsed()) {
      line.command = CommandLine::Command::kConfig;
      check_action("config", line.config.action, {"show", "check", "schema"});
    } else if (merge_command->parsed()) {
      line.command = CommandLine::Command::kMerge;
    } else if (diff_command->parsed()) {
      line.command = CommandLine::Command::kDiff;
      const Config config = configure(*diff_command, diff.gate);
      diff.analysis.inputs = {line.diff.before, line.diff.after};
      complete(diff, raw);
      configure_policy(config, *diff_command, diff);
      line.diff.analysis = diff.analysis;
    } else if (rules_command->parsed()) {
      line.command = CommandLine::Command::kRules;
    } else if (fingerprint_command->parsed()) {
      line.command = CommandLine::Command::kFingerprint;
      if (line.fingerprint.statements.empty()) line.fingerprint.statements.emplace_back("-");
    } else if (stats_command->parsed()) {
      line.command = CommandLine::Command::kStats;
    } else if (twin_command->parsed()) {
      line.command = CommandLine::Command::kTwin;
    } else if (take_setup_command(setup, app, line, raw)) {
      // Nothing is left to complete.
    } else if (suggest_command->parsed()) {
      line.command = CommandLine::Command::kIndexSuggest;
      complete(index_report, raw);
      index_report.analysis.ingest.prefix_given = suggest_command->count("--prefix") != 0;
      line.index.advice.analysis = index_report.analysis;
      check_twin(line.index.advice);
    } else if (index_command->parsed()) {
      line.command = CommandLine::Command::kIndexReview;
      complete_review(line.review, index_report, raw);
    } else if (prove_command->parsed()) {
      line.command = CommandLine::Command::kProve;
      complete(prove, raw);
      prove.analysis.ingest.prefix_given = prove_command->count("--prefix") != 0;
      line.prove.analysis = prove.analysis;
    } else {
      return stop(
          usage_error(fmt::format("a command is needed: {}", fmt::join(command_names(app), ", ")), app));
    }
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
