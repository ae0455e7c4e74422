// markdown: for a pull request comment (GitHub refuses one above 65,536 characters) or a job summary. Whole
// findings only, worst first; what does not fit is counted.
#include <fmt/format.h>

#include "analyzer/report/escape.h"
#include "analyzer/report/layout.h"
#include "analyzer/report/location.h"

namespace pgsieve {

namespace {

constexpr size_t kMaxBytes = 65'000;  // GitHub refuses a comment above 65,536 characters
constexpr size_t kRoomForTheEnd = 300;

std::string one_finding(const Report& report, const Finding& finding) {
  std::string out =
      fmt::format("### {} `{}`{}\n\n{}\n\n", severity_name(finding.severity), finding.rule,
                  finding.table.empty() ? "" : " on " + markdown_code(shorten(finding.table, 200)),
                  escape_markdown(shorten(finding.message, 2000)));
  out += markdown_fence(shorten(finding.query, 2000), "sql");
  const SourceLocation location = locate(finding, report);
  if (location.exact()) out += fmt::format("\nat {}\n", markdown_code(place_text(location)));
  if (!finding.evidence.empty()) out += "\n";
  for (const std::string& line : finding.evidence)
    out += fmt::format("- {}\n", escape_markdown(shorten(line, 500)));
  if (!finding.fixes.empty()) {
    const Fix& fix = finding.fixes.front();
    out += fmt::format("\n**Fix:** {}\n", escape_markdown(shorten(fix.title, 500)));
    if (!fix.code.empty()) out += "\n" + markdown_fence(shorten(fix.code, 2000), fix.language);
  }
  return out + "\n";
}

}  // namespace

std::string write_markdown(const Report& report) {
  return write_markdown(report, kMaxBytes);
}

std::string write_markdown(const Report& report, size_t max_bytes) {
  std::string out = fmt::format(
      "## pgsieve: {}\n\n{} in {}, {}.\n\n", counted(report.findings.size(), "finding"),
      counted(report.workload->executions, "statement"), counted(report.workload->patterns.size(), "pattern"),
      counted(report.workload->errors, "failure"));
  if (report.partial) out += "> interrupted: this report covers only the part that was read\n\n";
  for (const std::string& problem : report.problems) {
    out += fmt::format("> {}\n\n", escape_markdown(shorten(problem, 500)));
    if (out.size() > max_bytes / 4) break;
  }
  if (report.outcome != nullptr) out += fmt::format("**{}**\n\n", escape_markdown(report.outcome->summary()));
  size_t shown = 0;
  for (const Finding& finding : report.findings) {
    const std::string text = one_finding(report, finding);
    if (out.size() + text.size() + kRoomForTheEnd > max_bytes) break;
    out += text;
    ++shown;
  }
  if (shown < report.findings.size()) {
    out += fmt::format("_and {} that did not fit here: see the json or text report._\n",
                       counted(report.findings.size() - shown, "more finding"));
  }
  return out;
}

}  // namespace pgsieve
