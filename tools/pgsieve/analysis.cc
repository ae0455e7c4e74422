#include "tools/pgsieve/analysis.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "analyzer/base/release.h"
#include "analyzer/schema/statistics_file.h"
#include "tools/pgsieve/decided.h"
#include "tools/pgsieve/reading.h"
#include "tools/pgsieve/terminal.h"

namespace pgsieve {

namespace {

// A schema or a statistics file is an option's value: what is wrong with it is a usage error.
Error as_usage(Error error) {
  error.kind = Error::Kind::kUsage;
  return error;
}

// What is known beside the traffic.
struct Surroundings {
  Schema schema;
  Statistics statistics;
  Decisions decisions;
};

Result<Surroundings> read_surroundings(const AnalysisOptions& options) {
  Surroundings known;
  Schema& schema = known.schema;
  if (!options.schema_file.empty()) {
    Result<Schema> loaded = load_schema(options.schema_file);
    if (!loaded) return as_usage(loaded.error());
    schema = std::move(*loaded);
  }
  Result<Decisions> decisions = Decisions::load(std::string(kDecisionsFile));
  if (!decisions) return decisions.error();
  known.decisions = std::move(*decisions);
  if (options.statistics_file.empty()) return known;
  if (schema.empty()) {
    return Error{.kind = Error::Kind::kUsage,
                 .message = "--stats needs --schema: row estimates belong to the tables of a schema",
                 .hint = {},
                 .file = {}};
  }
  Result<Statistics> statistics = read_statistics(options.statistics_file);
  if (!statistics) return as_usage(statistics.error());
  known.statistics = std::move(*statistics);
  if (const uint64_t unknown = apply_sizes(known.statistics, schema); unknown != 0) {
    tell_warning(fmt::format("{}: {} tables are not in the schema", options.statistics_file, unknown));
  }
  return known;
}

// Why a capture without a single statement is useless, with all that helps to tell.
Error no_statements(const IngestStats& ingest) {
  Error error{.message = {}, .hint = {}, .file = {}};
  const std::string how =
      fmt::format("{}{}", ingest.format.empty() ? "a log" : ingest.format,
                  ingest.prefix.empty() ? "" : fmt::format(" with prefix '{}'", ingest.prefix));
  if (!ingest.incomplete.empty()) {
    error.message = "no statements could be read";
    error.hint = ingest.incomplete.front();
    return error;
  }
  if (ingest.lines == 0) {
    error.message = ingest.entries == 0 ? "no statements: the input is empty"
                                        : "no statements: the traffic is not PostgreSQL's, or asks nothing";
    return error;
  }
  error.message = fmt::format("no statements: matched {} of {} lines as {}",
                              ingest.lines - std::min(ingest.lines, ingest.unread_lines), ingest.lines, how);
  const auto commonest = std::max_element(
      ingest.unread_shapes.begin(), ingest.unread_shapes.end(),
      [](const auto& left, const auto& right) { return left.second.lines < right.second.lines; });
  if (commonest != ingest.unread_shapes.end()) {
    error.message += fmt::format("; the other lines look like: {}", commonest->second.sample);
  }
  if (ingest.filtered != 0) {
    error.hint = fmt::format("The filters left out {} statements", ingest.filtered);
    if (ingest.first != kUnknownTime)
      error.hint += fmt::format("; the log is from {} to {}", format_time(ingest.first), format_time(ingest.last));
    for (const auto& [what, names] : ingest.other_names)
      error.hint += fmt::format("; its {}: {}", what, fmt::join(names, ", "));
  } else if (ingest.orphan_durations != 0 && ingest.min_duration_seen == kUnknownTime) {
    error.hint =
        "The log holds durations but no statements: set log_min_duration_statement = 0 on the server, in place of log_duration";
  } else if (ingest.min_duration_seen != kUnknownTime) {
    error.hint = "The log's statements are empty: comments, or the \";\" of a connection check";
  } else if (ingest.orphan_binds != 0) {
    error.hint = "The log holds statements that were prepared, but no execution of them";
  } else if (ingest.entries != 0) {
    error.hint = "The log holds entries but no statements: set log_min_duration_statement = 0 on the server";
  } else {
    error.hint = "Name the format with --format, and the server's log_line_prefix with --prefix";
  }
  return error;
}

Result<Analysis> judge_with(Surroundings known, Reading reading, const AnalysisOptions& options) {
  Analysis analysis;
  analysis.schema = std::move(known.schema);
  analysis.statistics = std::move(known.statistics);
  analysis.ingest = std::move(reading.ingest);
  analysis.workload = std::move(reading.workload);
  analysis.problems = std::move(reading.problems);
  analysis.interrupted = reading.interrupted;
  give_back_memory();  // what following the sessions took
  analysis.workload.compact();
  give_back_memory();
  const bool empty = analysis.workload.executions == 0 && analysis.workload.errors == 0;
  if (empty && !options.allow_empty) return no_statements(analysis.ingest);

  const RuleContext context{.workload = analysis.workload,
                            .schema = analysis.schema,
                            .orm = options.orm,
                            .options = options.rule_options,
                            .threads = options.ingest.threads};
  analysis.findings = run_rules(context, options.rules, options.skip_rules);
  if (const uint64_t rejected = leave_out_rejected(analysis.findings, known.decisions, today());
      rejected != 0)
    tell(fmt::format("{} of missing-index left out: rejected in {}",
                     rejected == 1 ? "1 finding" : fmt::format("{} findings", rejected), kDecisionsFile));
  give_back_memory();
  const auto hidden = std::stable_partition(
      analysis.findings.begin(), analysis.findings.end(),
      [&](const Finding& finding) { return finding.confidence >= options.min_confidence; });
  analysis.hidden.assign(std::make_move_iterator(hidden), std::make_move_iterator(analysis.findings.end()));
  analysis.findings.erase(hidden, analysis.findings.end());
  analysis.findings_hidden = analysis.hidden.size();
  return analysis;
}

}  // namespace

Result<Analysis> analyse(const AnalysisOptions& options) {
  // A mistake in the schema shows before a long reading.
  Result<Surroundings> known = read_surroundings(options);
  if (!known) return known.error();
  // Which list fed a loop is settled while reading: by declared keys, and by the columns that a star stands
  // for.
  AnalysisOptions informed = options;
  if (!known->schema.empty()) informed.workload.schema = &known->schema;
  Result<Reading> reading = informed.store_file.empty() ? read_captures(informed) : read_store(informed);
  if (!reading) return reading.error();
  return judge_with(std::move(*known), std::move(*reading), options);
}

Result<Analysis> judge(Reading reading, const AnalysisOptions& options) {
  Result<Surroundings> known = read_surroundings(options);
  if (!known) return known.error();
  return judge_with(std::move(*known), std::move(reading), options);
}

}  // namespace pgsieve
