#include "tools/pgsieve/tap_options.h"

#include "tools/pgsieve/report_options.h"

namespace pgsieve {

namespace {

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
  app.add_flag("--plans", options.plans,
               "have the server report plans (auto_explain) and take them out again")
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
  app.add_option("--schema", analysis.schema_file, "DDL of the database: pg_dump --schema-only")
      ->type_name("FILE");
  app.add_option("--stats", analysis.statistics_file,
                 "what `pgsieve stats export` made, or row estimates, JSON or CSV")
      ->type_name("FILE");
  app.add_option("--store", analysis.store_file,
                 "add the recording to this store, and report on all it holds")
      ->type_name("FILE");
  app.add_flag("--allow-empty", analysis.allow_empty, "a recording without statements is no failure");
  add_filter_options(app, analysis, raw);
  add_rule_options(app, options.report, raw);
  add_output_options(app, options.report, raw);
}

}  // namespace

CLI::App* add_tap_command(CLI::App& app, TapOptions& options, RawOptions& raw) {
  options.upstream = "127.0.0.1:5432";
  CLI::App* command = app.add_subcommand("tap", "stand between clients and a server, and report at the end");
  add_tap_options(*command, options, raw);
  command->add_option("--listen", options.listen, "where clients connect (127.0.0.1:6432)")
      ->type_name("ADDRESS");
  command->add_flag("--listen-anywhere", options.anywhere, "let other machines connect");
  command->add_option("--interface", options.interface, "capture on this network interface instead (as root)")
      ->type_name("NAME");
  command->add_option("--port", options.ports, "with --interface: port of a server (5432; repeatable)")
      ->type_name("PORT");
  command->add_flag("--strict", options.report.strict, "exit code 3 when traffic was lost or not readable");
  command->add_option("--metrics", options.metrics, "serve counters for Prometheus on this local address")
      ->type_name("ADDRESS");
  return command;
}

CLI::App* add_exec_command(CLI::App& app, TapOptions& options, RawOptions& raw) {
  options.report.lint = true;
  CLI::App* command =
      app.add_subcommand("exec", "run a command with its database traffic recorded, then lint");
  add_tap_options(*command, options, raw);
  add_list(*command, "--env", options.environment,
           "a variable with a connection URL to redirect, besides DATABASE_URL (repeatable)", "NAME",
           "Recording");
  command->add_option("command", options.command, "the command and its arguments, after --")
      ->type_name("COMMAND")
      ->required();
  command->footer("The command's exit code, when it fails; else 0 no findings, 1 findings, 3 no verdict.");
  return command;
}

}  // namespace pgsieve
