#include "tools/pgsieve/report_options.h"

#include <fmt/format.h>

#include "tools/pgsieve/policy_options.h"

namespace pgsieve {

void add_list(CLI::App& app, const std::string& name, std::vector<std::string>& values,
              const std::string& help, const std::string& type, const std::string& group) {
  app.add_option(name, values, help)->allow_extra_args(false)->type_name(type)->group(group);
}

CLI::Option* add_prefix_option(CLI::App& app, IngestOptions& ingest) {
  return app.add_option("--prefix", ingest.prefix, "log_line_prefix of the server; default: recognised")
      ->type_name("PREFIX")
      ->each([&ingest](const std::string& /*prefix*/) { ingest.prefix_given = true; });
}

void add_input_options(CLI::App& app, AnalysisOptions& options) {
  const std::string group = "Input";
  IngestOptions& ingest = options.ingest;
  app.add_option("inputs", options.inputs, "log files, directories, globs, or - for standard input")
      ->type_name("INPUT");
  app.add_option("--schema", options.schema_file, "DDL of the database: pg_dump --schema-only")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--stats", options.statistics_file,
                 "what `pgsieve stats export` made, or row estimates, JSON or CSV")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--store", options.store_file, "add the inputs to this store, and report on all it holds")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--format", ingest.format, "format of the log; default: recognised by its content")
      ->type_name("NAME")
      ->group(group);
  add_prefix_option(app, ingest)->group(group);
  app.add_option("--timezone", ingest.timezone, "zone of time stamps that carry none (UTC)")
      ->type_name("ZONE")
      ->group(group);
  app.add_flag("--allow-empty", options.allow_empty, "a capture without statements is no failure")
      ->group(group);
}

void add_reading_options(CLI::App& app, AnalysisOptions& options, RawOptions& raw) {
  app.add_flag(
         "--follow", options.ingest.follow,
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
    app.add_flag("--strict", options.strict,
                 "a partial verdict (traffic lost or not readable) is none: exit code 3")
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
  app.add_option(
         "--source-root", options.source_root,
         options.lint
             ? "checkout to find the places of findings in; default: the one around this folder; '' for none"
             : "checkout to find the places of findings in")
      ->type_name("DIR")
      ->group(group);
  app.add_option("--top", options.top, "patterns to list, 0 for all (20)")->type_name("N")->group(group);
  app.add_flag("--show-values", options.show_values, "show sample statements with their values")
      ->group(group);
  app.add_option("--color", raw.color, "auto, always or never")->type_name("WHEN")->group(group);
}

}  // namespace pgsieve
