// gitlab: Code Quality report (https://docs.gitlab.com/ci/testing/code_quality/). Fingerprints must be unique
// and stable; the finding's id is both.
#include "analyzer/base/json_writer.h"
#include "analyzer/report/location.h"

namespace pgsieve {

std::string write_gitlab(const Report& report) {
  constexpr std::string_view kSeverities[] = {"info", "minor", "major"};
  JsonWriter json(2);
  json.begin_array();
  for (const Finding& finding : report.findings) {
    const SourceLocation location = locate(finding, report);
    json.begin_object();
    json.member("description", finding.message);
    json.member("check_name", finding.rule);
    json.member("fingerprint", finding.id);
    json.member("severity", kSeverities[static_cast<size_t>(finding.severity)]);
    json.key("location");
    json.begin_object();
    json.member("path", location.path);
    json.key("lines");
    json.begin_object();
    json.member("begin", location.line);
    json.end_object();
    json.end_object();
    json.end_object();
  }
  json.end_array();
  return json.take() + "\n";
}

}  // namespace pgsieve
