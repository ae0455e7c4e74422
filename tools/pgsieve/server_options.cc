#include "tools/pgsieve/server_options.h"

#include <CLI/CLI.hpp>

namespace pgsieve {

CLI::App* add_stats_command(CLI::App& app, StatsOptions& options) {
  CLI::App* stats = app.add_subcommand("stats", "take a server's planner statistics home, in one file");
  stats->require_subcommand(1);
  CLI::App* make =
      stats->add_subcommand("export", "print the SQL script that makes the file, or with --db make the file");
  make->add_option(
          "--db", options.url,
          "server to ask, read-only: postgresql://user@host/database; what is left out comes from PG… "
          "variables")
      ->type_name("URL");
  make->add_flag(
      "--with-values", options.with_values,
      "also most common values, histogram bounds and ends of indexed columns: real values of the data");
  make->add_option("-o,--output", options.output, "write here; default: standard output")->type_name("FILE");
  make->footer(
      "Without --with-values nothing in the file is a value of the data: sizes, null fractions, numbers of\n"
      "distinct values, frequencies, correlations, widths, and the planner's settings.\n"
      "The file is what --stats and `pgsieve twin` take.\n"
      "Exit code: 0 done, 2 usage or output not writable, 3 server not usable.");
  return stats;
}

CLI::App* add_twin_command(CLI::App& app, TwinCommandOptions& options) {
  CLI::App* twin =
      app.add_subcommand("twin", "a scratch server that plans like production and holds none of its data");
  twin->require_subcommand(1);
  CLI::App* start = twin->add_subcommand(
      "start", "make one from a schema and statistics, or start one again; print its connection URL");
  start->add_option("--schema", options.schema_file, "DDL of the database: pg_dump --schema-only")
      ->type_name("FILE");
  start->add_option("--stats", options.statistics_file, "what `pgsieve stats export` made")
      ->type_name("FILE");
  start->add_option("--dir", options.directory, "where it lives; default: a new temporary directory")
      ->type_name("DIR");
  start
      ->add_option(
          "--pg-bin", options.bin_directory,
          "folder of initdb, pg_ctl and postgres; default: found, of the original's version if possible")
      ->type_name("DIR");
  start->footer(
      "The server listens on a Unix socket in its directory only, and goes on until `pgsieve twin stop "
      "DIR`.\n"
      "Never ANALYZE or VACUUM a twin.\n"
      "Exit code: 0 it runs, 2 usage, schema or statistics file, 3 the server can't be made.");
  CLI::App* stop = twin->add_subcommand("stop", "stop one and remove its directory");
  stop->add_option("directory", options.directory, "as `twin start` told")->type_name("DIR")->required();
  stop->add_flag("--keep-files", options.keep_files, "so that it can be started again");
  stop->add_option("--pg-bin", options.bin_directory, "folder of pg_ctl; default: found")->type_name("DIR");
  start->callback([&options] { options.action = TwinCommandOptions::Action::kStart; });
  stop->callback([&options] { options.action = TwinCommandOptions::Action::kStop; });
  return twin;
}

}  // namespace pgsieve
