#include "analyzer/report/report.h"

#include <algorithm>
#include <array>

namespace pgsieve {

std::span<const ReportFormat> report_formats() {
  static constexpr std::array kFormats{
      ReportFormat{"text", "for people", write_text, true},
      ReportFormat{"concise", "one line per finding", write_concise, true},
      ReportFormat{"json", "everything, schema pgsieve.report/1", write_json, false, stream_json},
      ReportFormat{"jsonl", "one finding per line, as in json", write_jsonl},
      ReportFormat{"csv", "the patterns as a table", write_csv},
      ReportFormat{"markdown", "for a pull request comment or a job summary", write_markdown, true},
      ReportFormat{"html", "one page for people, without network", write_html},
      ReportFormat{"github", "GitHub Actions annotations", write_github},
      ReportFormat{"gitlab", "GitLab Code Quality", write_gitlab},
      ReportFormat{"junit", "JUnit XML", write_junit},
      ReportFormat{"checkstyle", "Checkstyle XML", write_checkstyle},
      ReportFormat{"rdjsonl", "reviewdog diagnostics, one a line", write_rdjsonl},
      ReportFormat{"tap", "Test Anything Protocol 14", write_tap},
      ReportFormat{"sarif", "SARIF 2.1.0", write_sarif},
  };
  return kFormats;
}

const ReportFormat* find_report_format(std::string_view name) {
  const auto formats = report_formats();
  const auto found = std::find_if(formats.begin(), formats.end(),
                                  [name](const ReportFormat& format) { return format.name == name; });
  return found == formats.end() ? nullptr : &*found;
}

std::vector<const Pattern*> top_patterns(const Workload& workload, size_t top) {
  std::vector<const Pattern*> patterns;
  patterns.reserve(workload.patterns.size());
  for (const auto& [key, pattern] : workload.patterns) patterns.push_back(&pattern);
  std::stable_sort(patterns.begin(), patterns.end(), [](const Pattern* left, const Pattern* right) {
    if (left->durations.sum() != right->durations.sum())
      return left->durations.sum() > right->durations.sum();
    return left->calls + left->errors > right->calls + right->errors;
  });
  if (top != 0 && patterns.size() > top) patterns.resize(top);
  return patterns;
}

PatternTimes pattern_times(const Pattern& pattern) {
  const Histogram& durations = pattern.durations;
  if (durations.count() == 0) return {};
  const auto in_ms = [](double microseconds) { return microseconds / 1000.0; };
  const auto quantile = [&](double share) { return in_ms(static_cast<double>(durations.quantile(share))); };
  return {.known = true,
          .total_ms = pattern.total_ms(),
          .mean_ms = in_ms(durations.mean()),
          .p50_ms = quantile(0.50),
          .p95_ms = quantile(0.95),
          .p99_ms = quantile(0.99),
          .min_ms = in_ms(static_cast<double>(durations.min())),
          .max_ms = in_ms(static_cast<double>(durations.max()))};
}

}  // namespace pgsieve
