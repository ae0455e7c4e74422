// gitlab: Code Quality report (https://docs.gitlab.com/ci/testing/code_quality/). Fingerprints must be unique
// and stable, since equal ones are shown as one; the finding's id is both.
#include <fmt/format.h>

#include <map>

#include "analyzer/base/json_writer.h"
#include "analyzer/report/escape.h"
#include "analyzer/report/location.h"

namespace pgsieve {

std::string write_gitlab(const Report& report) {
  constexpr std::string_view kSeverities[] = {"info", "minor", "major"};
  constexpr size_t kMaxDescription = 1000;
  std::map<std::string, size_t> seen;
  JsonWriter json(2);
  json.begin_array();
  for (const Finding& finding : report.findings) {
    const SourceLocation location = locate(finding, report);
    json.begin_object();
    json.member("description",
                plain_text(fmt::format("{}: {}", finding.message, finding.query), kMaxDescription));
    json.member("check_name", finding.rule);
    const size_t same = ++seen[finding.id];
    json.member("fingerprint", same == 1 ? finding.id : fmt::format("{}-{}", finding.id, same));
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
