// pgsieve baseline: makes and tends the file of known findings.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "analyzer/policy/toml.h"
#include "analyzer/report/escape.h"
#include "analyzer/report/layout.h"
#include "tools/pgsieve/analysis.h"
#include "tools/pgsieve/commands.h"
#include "tools/pgsieve/gate.h"
#include "tools/pgsieve/json_report.h"

namespace pgsieve {

namespace {

int refuse(const Error& error) {
  tell(error.to_string());
  return error.kind == Error::Kind::kUsage ? kExitUsage : kExitInput;
}

// The whole file or none of it: written beside it, then renamed.
bool save(const std::string& path, const Baseline& baseline, const std::string& made_by) {
  const std::string temporary = path + ".new";
  std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
  stream << write_baseline(baseline, made_by);
  stream.close();
  if (stream && std::rename(temporary.c_str(), path.c_str()) == 0) return true;
  tell(fmt::format("can't write {}: {}", path, std::strerror(errno)));
  std::remove(temporary.c_str());
  return false;
}

std::string made_by(const BaselineOptions& options) {
  std::string command = "pgsieve baseline " + options.action;
  for (const std::string& input : options.report.analysis.inputs) command += " " + input;
  if (options.merge) command += " --merge";
  for (char& c : command) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return fmt::format("{}   (pgsieve {})", command, PGSIEVE_VERSION);
}

// Known already: its state stays; what is seen now replaces what was seen before, or with --merge adds to it.
void keep(Baseline& baseline, const Baseline& before, BaselineEntry entry, bool merge) {
  if (const BaselineEntry* old = before.find(entry.id)) {
    entry.state = old->state;
    entry.reason = old->reason;
    entry.until = old->until;
    if (merge) {
      entry.seen.insert(entry.seen.end(), old->seen.begin(), old->seen.end());
      entry.calls = std::max(entry.calls, old->calls);
    }
  }
  if (BaselineEntry* same = baseline.find(entry.id)) {
    same->calls += entry.calls;
    same->seen.insert(same->seen.end(), entry.seen.begin(), entry.seen.end());
  } else {
    baseline.entries.push_back(std::move(entry));
  }
}

void finish(Baseline& baseline) {
  for (BaselineEntry& entry : baseline.entries) {
    std::sort(entry.seen.begin(), entry.seen.end());
    entry.seen.erase(std::unique(entry.seen.begin(), entry.seen.end()), entry.seen.end());
    if (entry.seen.size() > BaselineEntry::kMaxSeen) entry.seen.resize(BaselineEntry::kMaxSeen);
  }
  baseline.sort();
}

// The units that budgets speak of.
void keep_units(Baseline& baseline, const Policy& policy, const Workload& workload) {
  for (const auto& [name, facts] : workload.units) {
    const UnitCounts& counts = name.starts_with("test:") ? facts.total : facts.worst;
    if (budgeted(policy, name)) baseline.units[name] = counts;
  }
}

Result<Analysis> analyse_inputs(ReportOptions& options) {
  if (Status failed = load_policy(options)) return *failed;
  AnalysisOptions analysis_options = options.analysis;
  analysis_options.allow_empty = true;
  analysis_options.workload.track_units = true;
  Result<Analysis> analysis = analyse(analysis_options);
  if (!analysis) return analysis;
  options.gate.show_accepted = true;
  apply_policy(options, *analysis);
  return analysis;
}

bool accepted_elsewhere(const Finding& finding) {
  return finding.rule == "budget" || finding.standing == Standing::kSuppressed;
}

int create_from_report(const BaselineOptions& options, const Baseline& before, const std::string& path) {
  Baseline baseline;
  if (options.merge) baseline = before;
  const Result<JsonReport> report = read_json_report(options.report.analysis.inputs.front());
  if (!report) return refuse(report.error());
  baseline.entries.clear();
  for (const JsonFinding& finding : report->findings) {
    if (finding.rule == "budget") continue;
    BaselineEntry entry;
    entry.id = finding.id;
    entry.rule = finding.rule;
    entry.sql = finding.query;
    entry.parent = finding.parent_query;
    entry.object = finding.object;
    entry.calls = finding.count;
    for (const char* key : {"route", "test"}) {
      if (const auto tag = finding.tags.find(key); tag != finding.tags.end() && !tag->second.empty())
        entry.seen.push_back(fmt::format("{}:{}", key, tag->second));
    }
    keep(baseline, before, std::move(entry), options.merge);
  }
  if (options.merge) {
    for (const BaselineEntry& entry : before.entries) {
      if (baseline.find(entry.id) == nullptr) baseline.entries.push_back(entry);
    }
  }
  finish(baseline);
  if (!save(path, baseline, made_by(options))) return kExitUsage;
  tell(fmt::format("{} holds {}", path, counted(baseline.entries.size(), "finding")));
  return kExitOk;
}

int create(const BaselineOptions& options, const std::string& path) {
  ReportOptions report = options.report;
  report.gate.baseline_given = false;
  Baseline before;
  std::error_code failed;
  if (std::filesystem::exists(path, failed)) {
    const Result<Baseline> loaded = load_baseline(path);
    if (!loaded) return refuse(loaded.error());
    before = *loaded;
  }
  if (report.analysis.inputs.size() == 1 && is_json_report(report.analysis.inputs.front()))
    return create_from_report(options, before, path);
  Result<Analysis> analysis = analyse_inputs(report);
  if (!analysis) return refuse(analysis.error());
  Baseline baseline;
  if (options.merge) baseline.units = before.units;
  for (const Finding& finding : analysis->findings) {
    if (!accepted_elsewhere(finding)) keep(baseline, before, entry_of(finding), options.merge);
  }
  size_t kept = 0;
  if (options.merge) {
    for (const BaselineEntry& entry : before.entries) {
      if (baseline.find(entry.id) != nullptr || analysis->outcome.stale_ids.contains(entry.id)) continue;
      baseline.entries.push_back(entry);
      ++kept;
    }
  }
  finish(baseline);
  keep_units(baseline, report.policy, analysis->workload);
  if (!save(path, baseline, made_by(options))) return kExitUsage;
  const auto fresh =
      std::count_if(baseline.entries.begin(), baseline.entries.end(),
                    [&](const BaselineEntry& entry) { return before.find(entry.id) == nullptr; });
  std::string text =
      fmt::format("{} holds {}, {} of them new", path, counted(baseline.entries.size(), "finding"), fresh);
  if (kept != 0) text += fmt::format("; {} kept that did not run this time", kept);
  if (!options.merge && analysis->outcome.not_exercised != 0)
    text += fmt::format("; {} left out that did not run this time (--merge keeps them)",
                        analysis->outcome.not_exercised);
  tell(text);
  return analysis->problems.empty() ? kExitOk : kExitInput;
}

int prune(const BaselineOptions& options, const std::string& path) {
  ReportOptions report = options.report;
  report.gate.baseline_given = true;
  Result<Baseline> baseline = load_baseline(path);
  if (!baseline) return refuse(baseline.error());
  const Result<Analysis> analysis = analyse_inputs(report);
  if (!analysis) return refuse(analysis.error());
  const Outcome& outcome = analysis->outcome;
  const Exercised exercised(analysis->workload);
  std::set<std::string> found;
  for (const std::vector<Finding>* list : {&analysis->findings, &analysis->hidden}) {
    for (const Finding& finding : *list) found.insert(finding.id);
  }
  const auto removed = std::erase_if(baseline->entries, [&](const BaselineEntry& entry) {
    const bool gone = outcome.stale_ids.contains(entry.id) ||
                      (options.not_exercised && !found.contains(entry.id) && !exercised.covers(entry));
    if (gone) tell(fmt::format("gone: {} {}: {}", entry.id, entry.rule, escape_terminal(entry.sql)));
    return gone;
  });
  if (!save(path, *baseline, made_by(options))) return kExitUsage;
  tell(fmt::format("{} taken out of {}, {} left{}", counted(removed, "entry"), path, baseline->entries.size(),
                   outcome.not_exercised == 0 || options.not_exercised
                       ? std::string()
                       : fmt::format(" ({} did not run this time)", outcome.not_exercised)));
  return kExitOk;
}

int show(const std::string& path) {
  const Result<Baseline> baseline = load_baseline(path);
  if (!baseline) return refuse(baseline.error());
  std::string text;
  size_t accepted = 0;
  for (const BaselineEntry& entry : baseline->entries) {
    text += fmt::format("{}  {:<8}  {}\n", entry.id, entry.state, entry.rule);
    text += fmt::format("  {}\n", escape_terminal(shorten(entry.sql, 160)));
    if (!entry.parent.empty())
      text += fmt::format("  after {}\n", escape_terminal(shorten(entry.parent, 150)));
    if (!entry.reason.empty())
      text += fmt::format("  because {}{}\n", escape_terminal(entry.reason),
                          entry.until ? " (until " + day_text(*entry.until) + ")" : "");
    for (const std::string& unit : entry.seen) text += fmt::format("  seen in {}\n", escape_terminal(unit));
    accepted += entry.state == "accepted" ? 1U : 0U;
  }
  text += fmt::format("{}: {} todo, {} accepted\n", path, baseline->entries.size() - accepted, accepted);
  return write_stdout(text) ? kExitOk : kExitUsage;
}

int accept(const BaselineOptions& options, const std::string& path) {
  Result<Baseline> baseline = load_baseline(path);
  if (!baseline) return refuse(baseline.error());
  const std::vector<std::string>& ids = options.report.analysis.inputs;
  if (ids.empty() || options.reason.empty()) {
    tell("which one, and why? pgsieve baseline accept ID --reason TEXT [--expires DATE]");
    return kExitUsage;
  }
  const std::optional<int64_t> until = day_number(options.until);
  if (!options.until.empty() && !until) {
    tell(fmt::format("--expires is a date, as in 2027-03-31, not '{}'", options.until));
    return kExitUsage;
  }
  for (const std::string& id : ids) {
    BaselineEntry* entry = baseline->find(id);
    if (entry == nullptr) entry = baseline->find(fmt::format("v{}:{}", 1, id));
    if (entry == nullptr) {
      tell(fmt::format("{} has no entry {}", path, id));
      return kExitUsage;
    }
    entry->state = "accepted";
    entry->reason = options.reason;
    entry->until = until;
  }
  return save(path, *baseline, made_by(options)) ? kExitOk : kExitUsage;
}

int rekey(const BaselineOptions& options, const std::string& path) {
  Result<Baseline> baseline = load_baseline(path);
  if (!baseline) return refuse(baseline.error());
  const size_t changed = migrate(*baseline);
  if (changed != 0 && !save(path, *baseline, made_by(options))) return kExitUsage;
  tell(fmt::format("{} of {} in {} got another identity", changed, counted(baseline->entries.size(), "entry"),
                   path));
  return kExitOk;
}

}  // namespace

int run_baseline(const BaselineOptions& options) {
  const std::string path = baseline_path(options.report.gate);
  if (options.action == "create") return create(options, path);
  if (options.action == "prune") return prune(options, path);
  if (options.action == "accept") return accept(options, path);
  if (options.action == "migrate") return rekey(options, path);
  return show(path);
}

}  // namespace pgsieve
