// sarif: SARIF 2.1.0 (OASIS) within the limits of GitHub code scanning: every result has a physical location
// (one without it makes GitHub reject the file), its own stable fingerprint, and there are at most 5,000
// results, the number GitHub keeps.
#include <fmt/format.h>

#include "analyzer/base/json_writer.h"
#include "analyzer/report/layout.h"
#include "analyzer/report/location.h"

namespace pgsieve {

namespace {

constexpr size_t kMaxResults = 5000;

void text_object(JsonWriter& json, std::string_view name, std::string_view text) {
  json.key(name);
  json.begin_object();
  json.member("text", text);
  json.end_object();
}

std::string pascal_case(std::string_view kebab) {
  std::string out;
  bool upper = true;
  for (const char byte : kebab) {
    if (byte == '-') {
      upper = true;
      continue;
    }
    out += upper && byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 'a' + 'A') : byte;
    upper = false;
  }
  return out;
}

void write_driver(JsonWriter& json, const Report& report) {
  json.key("tool");
  json.begin_object();
  json.key("driver");
  json.begin_object();
  json.member("name", "pgsieve");
  json.member("semanticVersion", report.version);
  json.key("rules");
  json.begin_array();
  for (const Rule& rule : all_rules()) {
    json.begin_object();
    json.member("id", rule.name);
    json.member("name", pascal_case(rule.name));
    text_object(json, "shortDescription", shorten(rule.summary, 1000));
    text_object(json, "fullDescription", shorten(rule.summary, 1000));
    text_object(json, "help", fmt::format("Run `pgsieve rules {}` for the full description.", rule.name));
    json.end_object();
  }
  json.end_array();
  json.end_object();
  json.end_object();
}

void write_location(JsonWriter& json, const SourceLocation& location) {
  json.key("locations");
  json.begin_array();
  json.begin_object();
  json.key("physicalLocation");
  json.begin_object();
  json.key("artifactLocation");
  json.begin_object();
  json.member("uri", location.path);
  json.end_object();
  json.key("region");
  json.begin_object();
  json.member("startLine", location.line);
  json.member("startColumn", 1);
  json.member("endLine", location.line);
  json.member("endColumn", 2);
  json.end_object();
  json.end_object();
  json.end_object();
  json.end_array();
}

void write_result(JsonWriter& json, const Report& report, const Finding& finding) {
  constexpr std::string_view kLevels[] = {"note", "warning", "error"};
  std::string message = fmt::format("{}\n\n{}", finding.message, shorten(finding.query, 2000));
  if (!finding.fixes.empty()) message += "\n\nFix: " + finding.fixes.front().title;
  json.begin_object();
  json.member("ruleId", finding.rule);
  json.member("level", kLevels[static_cast<size_t>(finding.severity)]);
  text_object(json, "message", message);
  write_location(json, locate(finding, report));
  json.key("partialFingerprints");
  json.begin_object();
  json.member("primaryLocationLineHash", finding.id);
  json.end_object();
  json.key("properties");
  json.begin_object();
  json.member("confidence", confidence_name(finding.confidence));
  json.member("count", finding.count);
  json.member("fingerprint", fingerprint_hex(finding.pattern.fingerprint));
  json.end_object();
  json.end_object();
}

}  // namespace

std::string write_sarif(const Report& report) {
  JsonWriter json(1);
  json.begin_object();
  json.member("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
  json.member("version", "2.1.0");
  json.key("runs");
  json.begin_array();
  json.begin_object();
  write_driver(json, report);
  json.key("automationDetails");
  json.begin_object();
  json.member("id", "pgsieve/");
  json.end_object();
  json.key("results");
  json.begin_array();
  const auto shown = report.findings.first(std::min(report.findings.size(), kMaxResults));
  for (const Finding& finding : shown) write_result(json, report, finding);
  json.end_array();
  json.key("properties");
  json.begin_object();
  json.member("resultsLeftOut", report.findings.size() - shown.size());
  json.end_object();
  json.end_object();
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

}  // namespace pgsieve
