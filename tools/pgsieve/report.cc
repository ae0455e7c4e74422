// pgsieve report and pgsieve lint: analyse, write every output asked for, and, for lint, judge.
#include <fmt/format.h>

#include <algorithm>

#include "analyzer/advisor/scale.h"
#include "analyzer/report/escape.h"
#include "analyzer/report/source_index.h"
#include "tools/pgsieve/analysis.h"
#include "tools/pgsieve/ci.h"
#include "tools/pgsieve/commands.h"
#include "tools/pgsieve/config.h"
#include "tools/pgsieve/gate.h"
#include "tools/pgsieve/interrupt.h"

namespace pgsieve {

namespace {

int exit_code_of(const Error& error) {
  return error.kind == Error::Kind::kUsage ? kExitUsage : kExitInput;
}

// Rules that were run, in the order of the registry.
std::vector<std::string> rules_run(const AnalysisOptions& options) {
  const auto contains = [](const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::vector<std::string> names;
  for (const Rule& rule : all_rules()) {
    if ((options.rules.empty() || contains(options.rules, rule.name)) &&
        !contains(options.skip_rules, rule.name))
      names.emplace_back(rule.name);
  }
  return names;
}

SourceIndex search_sources(const Analysis& analysis, const ReportOptions& options) {
  const std::string root = options.source_root ? *options.source_root : options.lint ? checkout_around() : "";
  SourceIndex index;
  if (!root.empty() && !analysis.findings.empty()) index = SourceIndex::search(root, analysis.findings);
  if (!index.note().empty()) tell_warning(index.note());
  if (!options.analysis.schema_file.empty())
    index.add_schema(options.analysis.schema_file, analysis.findings);
  return index;
}

Report make_report(const Analysis& analysis, const ReportOptions& options, const SourceIndex& sources) {
  Report report;
  report.version = PGSIEVE_VERSION;
  report.command = options.lint ? "lint" : "report";
  report.ingest = &analysis.ingest;
  report.workload = &analysis.workload;
  report.schema = &analysis.schema;
  report.schema_file = options.analysis.schema_file;
  report.store_file = options.analysis.store_file;
  report.config_file = options.gate.config_file;
  report.findings = analysis.findings;
  report.sources = &sources;
  report.config_file =
      find_config_file(options.gate.config_folder.empty() ? "." : options.gate.config_folder);
  report.rules = rules_run(options.analysis);
  report.partial = analysis.interrupted;
  report.findings_hidden = analysis.findings_hidden;
  report.withheld = analysis.withheld;
  report.outcome = options.lint ? &analysis.outcome : nullptr;
  report.patterns = top_patterns(analysis.workload, options.top);
  report.patterns_total = analysis.workload.patterns.size();
  report.problems = analysis.problems;
  report.style.width = output_width();
  report.style.show_values = options.show_values;
  return report;
}

bool write_outputs(Report& report, const ReportOptions& options) {
  bool all_written = true;
  for (const OutputSpec& output : options.outputs) {
    const bool to_stdout = output.file.empty();
    report.style.color = (to_stdout || options.color == When::kAlways) && use_color(options.color);
    if (output.format->stream != nullptr) {
      const auto produce = [&](const PieceSink& sink) { output.format->stream(report, sink); };
      if (!to_stdout) {
        all_written &= write_file(output.file, produce);
      } else {
        produce([&](std::string_view piece) { all_written = all_written && write_stdout(piece); });
      }
      continue;
    }
    std::string text = output.format->write(report);
    if (to_stdout && output.format->for_logs && read_by_ci()) text = escape_ci_log(text);
    all_written &= to_stdout ? write_stdout(text) : write_file(output.file, text);
  }
  report.style.color = false;
  const bool log_is_ours =
      std::all_of(options.outputs.begin(), options.outputs.end(),
                  [](const OutputSpec& output) { return !output.file.empty() || output.format->for_logs; });
  if (options.lint && log_is_ours) all_written &= write_for_ci(report);
  return all_written;
}

}  // namespace

int run_report(const ReportOptions& given) {
  ReportOptions options = given;
  if (Status failed = load_policy(options)) {
    tell(failed->to_string());
    return kExitUsage;
  }
  const std::atomic<bool>& stop = stop_on_signals(options.analysis.ingest.follow);
  options.analysis.ingest.stop = &stop;
  // No rule asks for them; a store is read by other commands, too.
  if (options.analysis.store_file.empty()) {
    options.analysis.workload.keep_samples = false;
    options.analysis.workload.leaves_scopes_open = false;
  }
  Result<Analysis> analysis = analyse(options.analysis);
  if (!analysis) {
    tell(analysis.error().to_string());
    return stop && !options.analysis.ingest.follow ? kExitInterrupted : exit_code_of(analysis.error());
  }
  return report_on(*analysis, options);
}

int report_on(Analysis& analysis, const ReportOptions& options) {
  apply_policy(options, analysis);
  const SourceIndex sources = search_sources(analysis, options);
  Report report = make_report(analysis, options, sources);
  std::optional<ScaleProjection> scale;
  if (options.scale) {
    scale = project_scale(analysis.workload, analysis.schema, analysis.statistics, *options.scale);
    report.scale = &*scale;
  }
  if (!write_outputs(report, options)) return kExitUsage;
  if (analysis.interrupted) return kExitInterrupted;
  // A verdict on part of what was asked for is none: an input that could not be used outweighs the findings.
  if (!analysis.problems.empty()) return kExitInput;
  if (options.strict && !analysis.ingest.incomplete.empty()) {
    tell(fmt::format("the verdict is partial: {}", analysis.ingest.incomplete.front()));
    return kExitInput;
  }
  if (!options.lint) return kExitOk;
  if (const std::string why = too_little_recognised(options.gate, analysis.ingest); !why.empty()) {
    tell(why);
    return kExitInput;
  }
  tell_outcome(options, analysis);
  return fails(options, analysis) && !options.gate.exit_zero ? kExitFindings : kExitOk;
}

}  // namespace pgsieve
