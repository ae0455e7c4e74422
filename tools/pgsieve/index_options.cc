#include "tools/pgsieve/index_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "tools/pgsieve/report_options.h"
#include "tools/pgsieve/suggest.h"

namespace pgsieve {

namespace {

using Action = IndexReviewOptions::Action;

void add_decisions_option(CLI::App& app, IndexReviewOptions& options) {
  app.add_option("--decisions", options.decisions_file, fmt::format("file of decisions ({})", kDecisionsFile))
      ->type_name("FILE");
}

void add_advice_options(CLI::App& app, AdviceOptions& advice, AnalysisOptions& analysis) {
  add_input_options(app, analysis);
  const std::string group = "Advice";
  app.add_option(
         "--db", advice.url,
         "server to ask, read-only, with HypoPG where it is installed: postgresql://user@host/database")
      ->type_name("URL")
      ->group(group);
  app.add_flag("--twin", advice.twin, "ask a planner twin made of --schema and --stats, gone afterwards")
      ->group(group);
  app.add_option("--pg-bin", advice.bin_directory, "folder of initdb, pg_ctl and postgres, for --twin")
      ->type_name("DIR")
      ->group(group);
  app.add_option("--budget", advice.budget,
                 "of all new indexes together: 500MB, 2GB, or 20% of the tables' size")
      ->type_name("SIZE")
      ->group(group);
  app.add_option("--max-plans", advice.max_plans,
                 "questions to the planner (2000); the best found so far counts")
      ->type_name("N")
      ->group(group);
  app.add_option("--write-price", advice.write_entry_ms,
                 "milliseconds that writing one index entry costs (0.02)")
      ->type_name("MS")
      ->check(CLI::NonNegativeNumber)
      ->group(group);
  app.add_flag("--weigh-by-cost", advice.weigh_by_cost,
               "weigh statements by calls x planner cost, not by observed time")
      ->group(group);
  app.add_flag("--no-include", advice.no_include, "no INCLUDE columns")->group(group);
}

CLI::App* add_review(CLI::App& index, IndexReviewOptions& options, AnalysisOptions& captures, Action action,
                     const std::string& name, const std::string& help, bool named) {
  CLI::App* command = index.add_subcommand(name, help);
  if (named)
    command
        ->add_option("index", options.index,
                     "id of a proposal, the beginning of one, or a CREATE INDEX statement")
        ->type_name("INDEX")
        ->required();
  add_advice_options(*command, options.advice, captures);
  add_decisions_option(*command, options);
  command->callback([&options, action] { options.action = action; });
  return command;
}

void add_sql(CLI::App& index, IndexReviewOptions& options) {
  CLI::App* sql = index.add_subcommand("sql", "print the accepted indexes as SQL or as a migration");
  sql->add_option("indexes", options.indexes, "ids; default: all accepted ones that are not verified yet")
      ->type_name("INDEX");
  sql->add_option("--format", options.format,
                  fmt::format("{} (sql)", fmt::join(migration_format_names(), ", ")))
      ->type_name("NAME");
  sql->add_flag("--rollback", options.rollback, "the script that undoes it, with --format sql");
  sql->add_flag("--all", options.all, "verified ones, too");
  sql->add_option("--lock-timeout", options.migration.lock_timeout, "how long to wait for a lock (5s)")
      ->type_name("TIME");
  sql->add_option("--schema", options.advice.analysis.schema_file,
                  "DDL of the database: partitioned tables need other statements")
      ->type_name("FILE");
  sql->add_option("--title", options.migration.title, "of the migration (suggested_indexes)")
      ->type_name("NAME");
  sql->add_option("--app", options.migration.django_app, "Django: label of the app whose tables these are")
      ->type_name("APP");
  sql->add_option("--after", options.migration.previous, "Django, Alembic: the migration this one follows")
      ->type_name("NAME");
  sql->add_option("-o,--output", options.output,
                  "write the files into this directory; default: standard output")
      ->type_name("DIR");
  add_decisions_option(*sql, options);
  sql->footer("Exit code: 0 printed, 2 usage or decisions file, 3 nothing to print.");
  sql->callback([&options] { options.action = Action::kSql; });
}

void add_verify(CLI::App& index, IndexReviewOptions& options, AnalysisOptions& captures) {
  CLI::App* verify = index.add_subcommand(
      "verify", "compare statements before and after deployment, and mark the decisions kept or failed");
  add_input_options(*verify, captures);
  verify->remove_option(verify->get_option("inputs"));
  for (const auto& [name, list] :
       {std::pair("--before", &options.before), std::pair("--after", &options.after)})
    verify->add_option(name, *list, "log, directory or store (repeatable)")
        ->allow_extra_args(false)
        ->type_name("INPUT")
        ->required();
  verify
      ->add_option("--min-calls", options.verify.min_calls, "of a statement on each side, for a verdict (20)")
      ->type_name("N");
  verify->add_flag("--dry-run", options.dry_run, "leave the decisions file as it is");
  add_decisions_option(*verify, options);
  verify->footer(
      "Exit code: 0 no accepted index failed, 1 one did, 2 usage or decisions file, 3 input not usable.");
  verify->callback([&options] { options.action = Action::kVerify; });
}

}  // namespace

CLI::App* add_suggest_command(CLI::App& index, IndexOptions& options, ReportOptions& report) {
  CLI::App* app = index.add_subcommand("suggest", "which indexes to build, with the evidence for each");
  add_advice_options(*app, options.advice, report.analysis);
  app->add_option("-o,--output", options.format, "text, json, or sql: the statements alone (text)")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json", "sql"}));
  app->add_flag("--plans", options.plans, "show plans before and after");
  app->add_flag("--show-values", options.advice.show_values, "show sample statements with their values");
  app->footer(
      "Whatever is at hand raises the grade: durations, auto_explain plans, --schema, --stats, --db.\n"
      "Exit code: 0 done, whatever is proposed, 2 usage, 3 input or server not usable.");
  return app;
}

void add_review_commands(CLI::App& index, IndexReviewOptions& options, AnalysisOptions& captures,
                         RawOptions& raw) {
  CLI::App* list =
      add_review(index, options, captures, Action::kList, "list", "proposals with what was decided", false);
  list->add_flag("--rejected", options.rejected_too, "rejected ones, too");
  list->add_option("--scale", raw.scale, "also: what happens with so many times the rows, 100x")
      ->type_name("FACTOR");
  CLI::App* show =
      add_review(index, options, captures, Action::kShow, "show", "all the evidence for one", true);
  show->add_flag("--show-values", options.advice.show_values, "show literals of the traffic");
  CLI::App* accept = add_review(index, options, captures, Action::kAccept, "accept", "accept one", true);
  CLI::App* reject =
      add_review(index, options, captures, Action::kReject, "reject", "reject one, with a reason", true);
  reject->add_option("--until", options.until, "propose it again after this day")->type_name("YYYY-MM-DD");
  for (CLI::App* command : {accept, reject}) {
    command->add_option("--reason", options.reason, "why")->type_name("TEXT");
    command->add_option("--by", options.by, "who decides; default: git's user.name, else $USER")
        ->type_name("NAME");
  }
  add_sql(index, options);
  add_verify(index, options, captures);
}

void complete_review(IndexReviewOptions& options, ReportOptions report, const RawOptions& raw) {
  if (options.decisions_file.empty()) options.decisions_file = kDecisionsFile;
  if (options.action == Action::kReject && options.reason.empty())
    throw UsageError{"a rejection needs a reason: --reason TEXT"};
  if (!options.until.empty() && !is_day(options.until))
    throw UsageError{fmt::format("--until is a day such as 2027-01-31, not '{}'", options.until)};
  if (options.action == Action::kSql) {
    if (!migration_format(options.format)) {
      const std::vector<std::string> names = migration_format_names();
      throw UsageError{fmt::format("--format knows {}, not '{}'{}", fmt::join(names, ", "), options.format,
                                   did_you_mean(options.format, names))};
    }
    if (options.rollback && options.format != "sql") throw UsageError{"--rollback goes with --format sql"};
    return;
  }
  // A decision can be made on a statement, or changed, without any capture.
  const bool optional = options.action == Action::kAccept || options.action == Action::kReject;
  const bool given = !report.analysis.inputs.empty() || !report.analysis.store_file.empty();
  if (optional && !given) return;
  if (options.action == Action::kVerify) report.analysis.inputs = options.before;
  complete(report, raw);
  options.advice.analysis = report.analysis;
  options.scale = report.scale;
  check_twin(options.advice);
}

void check_twin(const AdviceOptions& advice) {
  if (!advice.twin) return;
  if (advice.analysis.schema_file.empty() || advice.analysis.statistics_file.empty())
    throw UsageError{"--twin needs --schema and --stats"};
  if (!advice.url.empty()) throw UsageError{"--twin or --db, not both"};
}

}  // namespace pgsieve
