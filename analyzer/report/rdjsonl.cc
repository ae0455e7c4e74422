// rdjsonl: one Diagnostic of reviewdog's format per line
// (https://github.com/reviewdog/reviewdog/tree/master/proto/rdf).
#include <fmt/format.h>

#include "analyzer/base/json_writer.h"
#include "analyzer/report/escape.h"
#include "analyzer/report/location.h"

namespace pgsieve {

std::string write_rdjsonl(const Report& report) {
  constexpr std::string_view kSeverities[] = {"INFO", "WARNING", "ERROR"};
  constexpr size_t kMaxMessage = 4000;
  std::string lines;
  for (const Finding& finding : report.findings) {
    const SourceLocation location = locate(finding, report);
    std::string message = finding.message + "\n" + finding.query;
    if (!finding.fixes.empty()) message += "\nFix: " + finding.fixes.front().title;
    JsonWriter json;
    json.begin_object();
    json.member("message", plain_text(message, kMaxMessage));
    json.key("location");
    json.begin_object();
    json.member("path", location.path);
    json.key("range");
    json.begin_object();
    json.key("start");
    json.begin_object();
    json.member("line", location.line);
    json.member("column", 1);
    json.end_object();
    json.end_object();
    json.end_object();
    json.member("severity", kSeverities[static_cast<size_t>(finding.severity)]);
    json.key("source");
    json.begin_object();
    json.member("name", "pgsieve");
    json.end_object();
    json.key("code");
    json.begin_object();
    json.member("value", finding.rule);
    json.end_object();
    json.end_object();
    lines += json.take() + "\n";
  }
  return lines;
}

}  // namespace pgsieve
