// tap: Test Anything Protocol 14 (https://testanything.org/tap-version-14-specification.html), as junit: a
// test point per finding, and one per rule that found nothing. Hints are told, but fail nothing.
#include <fmt/format.h>

#include <algorithm>

#include "analyzer/base/json_writer.h"
#include "analyzer/report/escape.h"
#include "analyzer/report/location.h"

namespace pgsieve {

namespace {

// A description: on one line, and '#' (a directive) and '\' escaped.
std::string description(std::string_view text) {
  std::string out;
  for (const char byte : plain_text(text, 300)) {
    if (byte == '\\' || byte == '#') out += '\\';
    out += byte == '\n' || byte == '\t' ? ' ' : byte;
  }
  return out;
}

// A YAML scalar: every JSON string is one.
std::string yaml(std::string_view text) {
  std::string out;
  append_json_string(out, plain_text(text, 2000));
  return out;
}

std::string diagnostics(const Report& report, const Finding& finding) {
  std::string out =
      fmt::format("  ---\n  severity: {}\n  confidence: {}\n  id: {}\n  message: {}\n  query: {}\n",
                  severity_name(finding.severity), confidence_name(finding.confidence), yaml(finding.id),
                  yaml(finding.message), yaml(finding.query));
  if (!finding.parent_query.empty()) out += fmt::format("  after: {}\n", yaml(finding.parent_query));
  if (const SourceLocation location = locate(finding, report); location.exact())
    out += fmt::format("  at: {}\n", yaml(place_text(location)));
  if (!finding.fixes.empty()) out += fmt::format("  fix: {}\n", yaml(finding.fixes.front().title));
  return out + "  ...\n";
}

}  // namespace

std::string write_tap(const Report& report) {
  std::string points;
  size_t number = 0;
  for (const Finding& finding : report.findings) {
    const bool hint = finding.severity == FindingSeverity::kInfo;
    points += fmt::format("not ok {} - {}{}\n{}", ++number,
                          description(fmt::format("{}: {}", finding.rule, finding.message)),
                          is_settled(finding) ? fmt::format(" # TODO {}", standing_name(finding.standing))
                          : hint              ? " # TODO hint"
                                              : "",
                          diagnostics(report, finding));
  }
  for (const std::string& rule : report.rules) {
    const bool found = std::any_of(report.findings.begin(), report.findings.end(),
                                   [&](const Finding& finding) { return finding.rule == rule; });
    if (!found) points += fmt::format("ok {} - {}\n", ++number, description(rule));
  }
  return fmt::format("TAP version 14\n1..{}\n{}", number, points);
}

}  // namespace pgsieve
