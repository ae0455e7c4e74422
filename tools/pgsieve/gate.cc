#include "tools/pgsieve/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "analyzer/policy/toml.h"
#include "tools/pgsieve/json_report.h"
#include "tools/pgsieve/terminal.h"

namespace pgsieve {

namespace {

constexpr std::string_view kBaselineName = "pgsieve-baseline.toml";

bool at_least(const Finding& finding, FailOn fail_on) {
  switch (fail_on) {
    case FailOn::kInfo:
      return true;
    case FailOn::kWarning:
      return finding.severity >= FindingSeverity::kWarning;
    case FailOn::kError:
      return finding.severity >= FindingSeverity::kError;
    case FailOn::kNever:
      return false;
  }
  return true;
}

// Tells the ingest what the policy will ask for.
void prepare_ingest(const Policy& policy, WorkloadOptions& workload) {
  workload.unit_sources = policy.unit_sources;
  const auto& entries = policy.baseline.entries;
  workload.track_units = workload.track_units || !policy.budgets.empty() ||
                         std::any_of(entries.begin(), entries.end(),
                                     [](const BaselineEntry& entry) { return !entry.seen.empty(); });
  for (const Budget& budget : policy.budgets) {
    if (!budget.tag.empty()) workload.unit_tags.push_back(budget.tag.substr(0, budget.tag.find('=')));
  }
}

}  // namespace

std::string baseline_path(const GateOptions& gate) {
  if (!gate.baseline.empty()) return gate.baseline;
  if (gate.config_folder.empty()) return std::string(kBaselineName);
  std::error_code failed;
  const std::filesystem::path beside = std::filesystem::path(gate.config_folder) / kBaselineName;
  const std::filesystem::path near = std::filesystem::proximate(beside, failed);
  return failed ? beside.string() : near.string();
}

static Status load_files(ReportOptions& options) {
  Policy& policy = options.policy;
  policy.today = today();
  policy.gate = options.lint;
  for (const auto& [rule, severity] : options.gate.severities) policy.severities[rule] = severity;
  if (!options.lint) return {};
  const std::string path = baseline_path(options.gate);
  std::error_code failed;
  if (!options.gate.no_baseline && std::filesystem::exists(path, failed)) {
    Result<Baseline> baseline = load_baseline(path);
    if (!baseline) return baseline.error();
    policy.baseline = std::move(*baseline);
    policy.has_baseline = true;
  } else if (!options.gate.no_baseline && options.gate.baseline_given) {
    Error error;
    error.kind = Error::Kind::kUsage;
    error.message = fmt::format("there is no baseline {}", path);
    error.hint = "`pgsieve baseline create` makes one";
    return error;
  }
  if (options.gate.against.empty()) return {};
  const Result<JsonReport> report = read_json_report(options.gate.against);
  if (!report) return report.error();
  policy.has_against = true;
  for (const JsonFinding& finding : report->findings) policy.against[finding.id] = finding.count;
  return {};
}

Status load_policy(ReportOptions& options) {
  if (Status failed = load_files(options)) return failed;
  prepare_ingest(options.policy, options.analysis.workload);
  return {};
}

void apply_policy(const ReportOptions& options, Analysis& analysis) {
  const Policy& policy = options.policy;
  for (Finding& finding : analysis.findings) attribute(analysis.workload, policy, finding);
  for (Finding& finding : analysis.hidden) attribute(analysis.workload, policy, finding);
  if (policy.gate) judge_budgets(analysis.workload, policy, analysis.findings);
  analysis.outcome = apply(policy, analysis.workload, analysis.findings, analysis.hidden);
  const auto shown =
      std::stable_partition(analysis.findings.begin(), analysis.findings.end(), [&](const Finding& finding) {
        if (options.gate.show_accepted) return true;
        return finding.standing == Standing::kNew || finding.standing == Standing::kWorse;
      });
  analysis.withheld.assign(std::make_move_iterator(shown), std::make_move_iterator(analysis.findings.end()));
  analysis.findings.erase(shown, analysis.findings.end());
}

bool fails(const ReportOptions& options, const Analysis& analysis) {
  if (options.gate.stale == "error" && analysis.outcome.stale != 0 && options.fail_on != FailOn::kNever)
    return true;
  return std::any_of(analysis.findings.begin(), analysis.findings.end(), [&](const Finding& finding) {
    const bool open = finding.standing == Standing::kNew || finding.standing == Standing::kWorse;
    return open && at_least(finding, options.fail_on);
  });
}

std::string too_little_recognised(const GateOptions& gate, const IngestStats& ingest) {
  if (gate.min_recognised <= 0 || ingest.lines == 0) return {};
  const double recognised =
      100.0 * (1.0 - static_cast<double>(ingest.unread_lines) / static_cast<double>(ingest.lines));
  if (recognised >= gate.min_recognised) return {};
  return fmt::format("{:.1f} % of the lines were understood, less than the {:.1f} % asked for", recognised,
                     gate.min_recognised);
}

void tell_outcome(const ReportOptions& options, const Analysis& analysis) {
  const Outcome& outcome = analysis.outcome;
  for (const std::string& notice : outcome.notices) tell_warning(notice);
  const bool told = std::any_of(options.outputs.begin(), options.outputs.end(), [](const OutputSpec& output) {
    return output.file.empty() && output.format->name == "text";
  });
  if (!told) tell(outcome.summary());
  if (options.gate.stale == "warning") {
    for (const std::string& entry : outcome.stale_entries) tell_warning("stale: " + entry);
  }
  const std::string path = baseline_path(options.gate);
  if (outcome.stale != 0) {
    tell(fmt::format("{} of {} {} gone: `pgsieve baseline prune` takes {} out", outcome.stale, path,
                     outcome.stale == 1 ? "entry is" : "entries are", outcome.stale == 1 ? "it" : "them"));
  }
  if (outcome.fresh != 0 && !outcome.has_baseline && !options.gate.no_baseline)
    tell("none is baselined: `pgsieve baseline create INPUT...` accepts today's state");
}

}  // namespace pgsieve
