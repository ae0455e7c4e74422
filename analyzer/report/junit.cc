// junit: one test case per rule; a rule with findings fails once per finding. Jenkins, GitLab and most CI
// systems show it.
#include <fmt/format.h>

#include <algorithm>

#include "analyzer/report/escape.h"
#include "analyzer/report/layout.h"
#include "analyzer/report/location.h"

namespace pgsieve {

namespace {

std::string test_case(const Report& report, const Finding& finding) {
  std::string body = fmt::format("{}\n\n{}\n", finding.message, shorten(finding.query, 2000));
  const SourceLocation location = locate(finding, report);
  const std::string place =
      location.exact()
          ? fmt::format(" file=\"{}\" line=\"{}\"", escape_xml(escape_terminal(location.path)), location.line)
          : std::string();
  if (location.exact()) body += fmt::format("at {}\n", place_text(location));
  for (const std::string& line : finding.evidence) body += fmt::format("- {}\n", line);
  if (!finding.fixes.empty())
    body += fmt::format("Fix: {}\n{}\n", finding.fixes.front().title, finding.fixes.front().code);
  const std::string message = escape_xml(plain_text(finding.message, 500));
  const std::string outcome =
      is_settled(finding)
          ? fmt::format("<skipped message=\"{}: {}\"/>", standing_name(finding.standing), message)
          : fmt::format("<failure type=\"{}\" message=\"{}\">{}</failure>", severity_name(finding.severity),
                        message, escape_xml(plain_text(body, 8000)));
  return fmt::format(
      "    <testcase classname=\"pgsieve.{}\" name=\"{}\"{}>\n      {}\n    </testcase>\n",
      escape_xml(finding.rule),
      escape_xml(plain_text(fmt::format("{} [{}]", shorten(finding.query, 120), finding.id), 300)), place,
      outcome);
}

}  // namespace

std::string write_junit(const Report& report) {
  std::string cases;
  size_t passed = 0;
  for (const std::string& rule : report.rules) {
    bool found = false;
    for (const Finding& finding : report.findings) {
      if (finding.rule != rule) continue;
      cases += test_case(report, finding);
      found = true;
    }
    if (found) continue;
    cases += fmt::format("    <testcase classname=\"pgsieve.{0}\" name=\"{0}\"/>\n", escape_xml(rule));
    ++passed;
  }
  const size_t findings = report.findings.size();
  const auto skipped =
      static_cast<size_t>(std::count_if(report.findings.begin(), report.findings.end(), is_settled));
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{0}\" failures=\"{1}\" "
      "skipped=\"{2}\">\n"
      "  <testsuite name=\"pgsieve\" tests=\"{0}\" failures=\"{1}\" skipped=\"{2}\">\n{3}  "
      "</testsuite>\n</testsuites>\n",
      findings + passed, findings - skipped, skipped, cases);
}

}  // namespace pgsieve
