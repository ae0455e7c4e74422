// checkstyle: the XML of Checkstyle 4.3 and later, which most CI systems and editors read. Files in the order
// of their worst finding.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "analyzer/report/escape.h"
#include "analyzer/report/location.h"

namespace pgsieve {

std::string write_checkstyle(const Report& report) {
  constexpr std::string_view kSeverities[] = {"info", "warning", "error"};
  constexpr size_t kMaxMessage = 4000;
  std::vector<std::string> files;
  std::map<std::string, std::string> errors;
  for (const Finding& finding : report.findings) {
    const SourceLocation location = locate(finding, report);
    std::string& of_file = errors[location.path];
    if (of_file.empty()) files.push_back(location.path);
    std::string message = finding.message + "\n" + finding.query;
    if (!finding.fixes.empty()) message += "\nFix: " + finding.fixes.front().title;
    of_file += fmt::format(
        "    <error line=\"{}\" column=\"1\" severity=\"{}\" message=\"{}\" source=\"pgsieve.{}\"/>\n",
        location.line, kSeverities[static_cast<size_t>(finding.severity)],
        escape_xml(plain_text(message, kMaxMessage)), escape_xml(finding.rule));
  }
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n";
  for (const std::string& file : files) {
    out +=
        fmt::format("  <file name=\"{}\">\n{}  </file>\n", escape_xml(escape_terminal(file)), errors[file]);
  }
  return out + "</checkstyle>\n";
}

}  // namespace pgsieve
