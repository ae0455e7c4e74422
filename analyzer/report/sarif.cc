// sarif: SARIF 2.1.0 (OASIS) within the limits of GitHub code scanning: every result has a physical location
// (one without it makes GitHub reject the file) and its own stable fingerprint; there are at most 5,000
// results, the number GitHub keeps, in less than 10 MB. The worst come first, and a notification says how
// many were left out.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "analyzer/base/json_writer.h"
#include "analyzer/report/escape.h"
#include "analyzer/report/layout.h"
#include "analyzer/report/location.h"

namespace pgsieve {

namespace {

constexpr size_t kMaxResults = 5000;
constexpr size_t kMaxBytes = 9'500'000;
constexpr size_t kMaxMessage = 3000;

// The validator wants messages to end as sentences do.
std::string sentence(std::string text) {
  if (!text.empty() && std::string_view(".!?").find(text.back()) == std::string_view::npos) text += '.';
  return text;
}

void text_object(JsonWriter& json, std::string_view name, std::string_view text) {
  json.key(name);
  json.begin_object();
  json.member("text", text);
  json.end_object();
}

// The rule's name in PascalCase. SARIF's validator refuses two capitals in a row.
std::string pascal_case(std::string_view kebab) {
  if (kebab == "n-plus-one") return "QueryInLoop";
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
  return kebab.find('-') == std::string_view::npos ? out + "Query" : out;  // never the id in capitals
}

// How sure and how grave a rule's findings are here: code scanning sorts by it.
void write_rule_properties(JsonWriter& json, const Report& report, std::string_view rule) {
  constexpr std::string_view kPrecisions[] = {"low", "medium", "high", "very-high"};
  constexpr std::string_view kProblems[] = {"recommendation", "warning", "error"};
  size_t confidence = 0;
  size_t severity = 0;
  for (const Finding& finding : report.findings) {
    if (finding.rule != rule) continue;
    confidence = std::max(confidence, static_cast<size_t>(finding.confidence));
    severity = std::max(severity, static_cast<size_t>(finding.severity));
  }
  json.key("properties");
  json.begin_object();
  json.key("tags");
  json.begin_array();
  json.value("performance");
  json.value("database");
  json.end_array();
  json.member("precision", kPrecisions[confidence]);
  json.member("problem.severity", kProblems[severity]);
  json.end_object();
}

// The registry, and rules of the findings that are not in it (budgets, which the configuration sets).
std::vector<std::pair<std::string_view, std::string_view>> rules_of(const Report& report) {
  std::vector<std::pair<std::string_view, std::string_view>> rules;
  const auto known = [&](std::string_view name) {
    return std::any_of(rules.begin(), rules.end(), [&](const auto& rule) { return rule.first == name; });
  };
  for (const Rule& rule : all_rules()) rules.emplace_back(rule.name, rule.summary);
  for (const Finding& finding : report.findings) {
    if (!known(finding.rule))
      rules.emplace_back(finding.rule, "A limit that the configuration sets was exceeded");
  }
  return rules;
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
  for (const auto& [name, described] : rules_of(report)) {
    const std::string summary = sentence(shorten(described, 1000));
    json.begin_object();
    json.member("id", name);
    json.member("name", pascal_case(name));
    text_object(json, "shortDescription", summary);
    text_object(json, "fullDescription", summary);
    text_object(json, "help", fmt::format("Run `pgsieve rules {}` for the full description.", name));
    write_rule_properties(json, report, name);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  json.end_object();
}

// A path as a relative URI reference (RFC 3986, section 3.3).
std::string uri_of(std::string_view path) {
  constexpr std::string_view kPlain = "-._~!$&'()*+,;=@/";
  std::string out;
  for (const char byte : path) {
    const auto code = static_cast<unsigned char>(byte);
    if ((code < 0x80 && std::isalnum(code) != 0) || kPlain.find(byte) != std::string_view::npos) {
      out += byte;
    } else {
      out += fmt::format("%{:02X}", code);
    }
  }
  return out;
}

void write_physical_location(JsonWriter& json, const SourceLocation& location) {
  json.key("physicalLocation");
  json.begin_object();
  json.key("artifactLocation");
  json.begin_object();
  json.member("uri", uri_of(location.path));
  json.end_object();
  json.key("region");
  json.begin_object();
  json.member("startLine", location.line);
  json.member("startColumn", 1);
  json.member("endLine", location.line);
  json.member("endColumn", 2);
  json.end_object();
  json.end_object();
}

// The first place is the finding's, the others are related to it.
void write_locations(JsonWriter& json, const Report& report, const Finding& finding) {
  json.key("locations");
  json.begin_array();
  json.begin_object();
  write_physical_location(json, locate(finding, report));
  json.end_object();
  json.end_array();
  const std::vector<SourceLocation> found = places(finding, report);
  if (found.size() < 2) return;
  json.key("relatedLocations");
  json.begin_array();
  for (size_t at = 1; at < found.size(); ++at) {
    json.begin_object();
    json.member("id", at);
    write_physical_location(json, found[at]);
    text_object(json, "message", kind_name(found[at].kind));
    json.end_object();
  }
  json.end_array();
}

void write_suppression(JsonWriter& json, const Finding& finding) {
  json.key("suppressions");
  json.begin_array();
  json.begin_object();
  json.member("kind", "external");
  json.member("status", "accepted");
  if (!finding.standing_note.empty())
    json.member("justification", plain_text(finding.standing_note, kMaxMessage));
  json.end_object();
  json.end_array();
}

void write_result(JsonWriter& json, const Report& report, const Finding& finding) {
  constexpr std::string_view kLevels[] = {"note", "warning", "error"};
  std::string message = sentence(finding.message);
  if (!finding.query.empty()) message += "\n\n" + finding.query;
  message = plain_text(message, kMaxMessage);
  if (!finding.fixes.empty())
    message += "\n\nFix: " + sentence(plain_text(finding.fixes.front().title, kMaxMessage));
  json.begin_object();
  json.member("ruleId", finding.rule);
  json.member("level", kLevels[static_cast<size_t>(finding.severity)]);
  text_object(json, "message", message);
  write_locations(json, report, finding);
  json.key("partialFingerprints");
  json.begin_object();
  json.member("primaryLocationLineHash", finding.id);
  json.end_object();
  if (report.outcome != nullptr && report.outcome->has_baseline)
    json.member("baselineState", finding.standing == Standing::kNew     ? "new"
                                 : finding.standing == Standing::kWorse ? "updated"
                                                                        : "unchanged");
  if (is_settled(finding)) write_suppression(json, finding);
  json.key("properties");
  json.begin_object();
  json.member("confidence", confidence_name(finding.confidence));
  json.member("count", finding.count);
  json.member("fingerprint", fingerprint_hex(finding.pattern.fingerprint));
  json.end_object();
  json.end_object();
}

void write_invocation(JsonWriter& json, const Report& report, size_t left_out) {
  json.key("invocations");
  json.begin_array();
  json.begin_object();
  json.member("executionSuccessful", report.problems.empty() && !report.partial);
  json.key("toolExecutionNotifications");
  json.begin_array();
  const auto notify = [&](std::string_view text) {
    json.begin_object();
    json.member("level", "warning");
    text_object(json, "message", sentence(plain_text(text, kMaxMessage)));
    json.end_object();
  };
  if (report.partial) notify("interrupted: only a part of the inputs was read");
  for (const std::string& problem : report.problems) notify(problem);
  if (left_out != 0) notify(fmt::format("{} left out of this file", counted(left_out, "more finding")));
  json.end_array();
  json.end_object();
  json.end_array();
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
  json.member("columnKind", "utf16CodeUnits");
  json.key("results");
  json.begin_array();
  size_t shown = 0;
  for (const Finding& finding : report.findings) {
    if (shown == kMaxResults || json.text().size() > kMaxBytes) break;
    write_result(json, report, finding);
    ++shown;
  }
  json.end_array();
  write_invocation(json, report, report.findings.size() - shown);
  json.end_object();
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

}  // namespace pgsieve
