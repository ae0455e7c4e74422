#include "tools/pgsieve/json_report.h"

#include <simdjson.h>

#include <fstream>
#include <string_view>

namespace pgsieve {

namespace {

using simdjson::dom::element;

std::string text_of(const element& object, const char* key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

uint64_t number_of(const element& object, const char* key) {
  uint64_t number = 0;
  return object[key].get(number) == simdjson::SUCCESS ? number : 0;
}

JsonFinding finding_of(const element& object) {
  JsonFinding finding;
  finding.id = text_of(object, "id");
  finding.rule = text_of(object, "rule");
  finding.query = text_of(object, "query");
  finding.parent_query = text_of(object, "parent_query");
  finding.object = text_of(object, "object");
  finding.message = text_of(object, "message");
  finding.count = number_of(object, "count");
  finding.scopes = number_of(object, "scopes");
  simdjson::dom::object tags;
  if (object["tags"].get(tags) == simdjson::SUCCESS) {
    for (const auto& tag : tags) {
      std::string_view value;
      if (tag.value.get(value) == simdjson::SUCCESS) finding.tags[std::string(tag.key)] = value;
    }
  }
  return finding;
}

JsonPattern pattern_of(const element& object) {
  JsonPattern pattern;
  pattern.fingerprint = text_of(object, "fingerprint");
  pattern.arity = text_of(object, "arity");
  pattern.query = text_of(object, "query");
  pattern.calls = number_of(object, "calls");
  double mean = 0;
  if (object["mean_ms"].get(mean) == simdjson::SUCCESS) pattern.mean_ms = mean;
  return pattern;
}

Error unusable(const std::string& path, const std::string& why) {
  Error error;
  error.kind = Error::Kind::kUsage;
  error.message = why;
  error.file = path;
  error.hint = "A report is what `-o json:FILE` writes";
  return error;
}

}  // namespace

bool is_json_report(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string head(512, '\0');
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(stream.gcount()));
  return head.find("\"pgsieve.report/") != std::string::npos;
}

Result<JsonReport> read_json_report(const std::string& path) {
  simdjson::dom::parser parser;
  element document;
  if (const auto failed = parser.load(path).get(document); failed != simdjson::SUCCESS)
    return unusable(path, simdjson::error_message(failed));
  if (!text_of(document, "schema").starts_with("pgsieve.report/"))
    return unusable(path, "this is no report of pgsieve");
  JsonReport report;
  simdjson::dom::array findings;
  if (document["findings"].get(findings) == simdjson::SUCCESS) {
    for (const element& finding : findings) report.findings.push_back(finding_of(finding));
  }
  simdjson::dom::array withheld;  // known and suppressed
  if (document["withheld"].get(withheld) == simdjson::SUCCESS) {
    for (const element& finding : withheld) report.findings.push_back(finding_of(finding));
  }
  simdjson::dom::array patterns;
  if (document["patterns"].get(patterns) == simdjson::SUCCESS) {
    for (const element& pattern : patterns) report.patterns.push_back(pattern_of(pattern));
  }
  report.patterns_total = number_of(document, "patterns_total");
  return report;
}

}  // namespace pgsieve
