// github: annotations as workflow commands. The runner keeps 10 errors, 10 warnings and 10 notices a step and
// drops the rest without a word, so no more are printed, worst first, and the rest is counted.
// (https://docs.github.com/actions/reference/workflow-commands-for-github-actions)
#include <fmt/format.h>

#include "analyzer/report/escape.h"
#include "analyzer/report/layout.h"
#include "analyzer/report/location.h"

namespace pgsieve {

std::string write_github(const Report& report) {
  constexpr size_t kPerLevel = 10;
  constexpr std::string_view kLevels[] = {"notice", "warning", "error"};
  size_t shown[3] = {0, 0, 0};
  size_t left_out = 0;
  std::string out;
  for (const Finding& finding : report.findings) {
    if (is_settled(finding)) continue;
    const auto level = static_cast<size_t>(finding.severity);
    // The last notice is kept for the count of what was left out.
    if (shown[level] == (level == 0 ? kPerLevel - 1 : kPerLevel)) {
      ++left_out;
      continue;
    }
    ++shown[level];
    const SourceLocation location = locate(finding, report);
    std::string properties;
    if (location.exact()) {
      properties =
          fmt::format("file={},line={},endLine={},", escape_workflow_property(escape_terminal(location.path)),
                      location.line, location.line);
    }
    std::string message = fmt::format("{}\n{}", finding.message, shorten(finding.query, 1000));
    if (!finding.fixes.empty()) message += "\nFix: " + finding.fixes.front().title;
    if (!finding.tags.empty()) message += "\nWhere: " + tags_text(finding);
    out += fmt::format("::{} {}title={}::{}\n", kLevels[level], properties,
                       escape_workflow_property("pgsieve " + finding.rule),
                       escape_workflow_data(escape_terminal(message)));
  }
  if (left_out != 0) {
    out += fmt::format("::notice title=pgsieve::{} not annotated here: see the full report\n",
                       counted(left_out, "more finding"));
  }
  return out;
}

}  // namespace pgsieve
