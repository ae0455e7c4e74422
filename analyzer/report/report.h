// Report: everything an output format may show, and the list of formats. A format is a function from a Report
// to text; it reads findings and facts and decides nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/capture/ingest.h"
#include "analyzer/policy/policy.h"
#include "analyzer/schema/schema.h"
#include "analyzer/workload/workload.h"
#include "rules/rule.h"

namespace pgsieve {

class SourceIndex;
struct ScaleProjection;

// How a report is drawn; only the formats for people look at width and colour.
struct ReportStyle {
  bool color = false;
  size_t width = 100;        // columns
  bool show_values = false;  // sample statements with their values
};

struct Report {
  std::string version;                  // of pgsieve
  std::string command;                  // "report" or "lint"
  const IngestStats* ingest = nullptr;  // never null; outlives the report, like everything below
  const Workload* workload = nullptr;   // never null
  const Schema* schema = nullptr;       // null or empty: none was given
  std::string schema_file;
  std::string store_file;
  std::string config_file;               // where findings without a place are filed; "": pgsieve.toml
  const SourceIndex* sources = nullptr;  // null: no checkout was searched
  std::span<const Finding> findings;     // worst first
  std::vector<std::string> rules;        // that were run
  bool partial = false;                  // interrupted: only a part of the inputs was read
  std::span<const Finding> withheld;     // known or suppressed, not to be shown
  const Outcome* outcome = nullptr;      // what the team's decisions made of the findings; null: no gate
  uint64_t findings_hidden = 0;          // below the confidence asked for
  std::vector<const Pattern*> patterns;  // worst first (total time, then calls), cut to --top
  size_t patterns_total = 0;             // before the cut
  const ScaleProjection* scale = nullptr;  // null: --scale was not asked for
  std::vector<std::string> problems;     // inputs that could not be used, one sentence each
  ReportStyle style;
};

struct ReportFormat {
  std::string_view name;
  std::string_view summary;
  std::string (*write)(const Report& report);
  bool for_logs = false;  // free text that may end up in the log of a CI job
  // The same, handed on in pieces: for a format whose size has no limit. May be null.
  void (*stream)(const Report& report, const std::function<void(std::string_view)>& sink) = nullptr;
};

// Every format, in the order the help lists them.
std::span<const ReportFormat> report_formats();
const ReportFormat* find_report_format(std::string_view name);  // nullptr: unknown

// Known or suppressed: shown for completeness, nothing to act on.
inline bool is_settled(const Finding& finding) {
  return finding.standing == Standing::kKnown || finding.standing == Standing::kSuppressed;
}

// The patterns by total time, then calls, then key, at most `top` of them (0: all).
std::vector<const Pattern*> top_patterns(const Workload& workload, size_t top);

// Durations in ms as every format prints them; a pattern without known durations has none.
struct PatternTimes {
  bool known = false;
  double total_ms = 0, mean_ms = 0, p50_ms = 0, p95_ms = 0, p99_ms = 0, min_ms = 0, max_ms = 0;
};
PatternTimes pattern_times(const Pattern& pattern);

// The formats, one file each.
std::string write_text(const Report& report);
std::string write_concise(const Report& report);
std::string write_json(const Report& report);
void stream_json(const Report& report, const std::function<void(std::string_view)>& sink);
std::string write_jsonl(const Report& report);
std::string write_csv(const Report& report);
std::string write_markdown(const Report& report);  // at most 65,000 bytes
std::string write_markdown(const Report& report, size_t max_bytes);
std::string write_html(const Report& report);
std::string write_checkstyle(const Report& report);
std::string write_rdjsonl(const Report& report);
std::string write_tap(const Report& report);
std::string write_github(const Report& report);
std::string write_gitlab(const Report& report);
std::string write_junit(const Report& report);
std::string write_sarif(const Report& report);

}  // namespace pgsieve
