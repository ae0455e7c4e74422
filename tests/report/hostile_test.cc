// Statements and names made to act on whatever shows them, through every format.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "analyzer/base/utf8.h"
#include "analyzer/report/escape.h"
#include "analyzer/report/packed.h"
#include "analyzer/report/page/page.h"
#include "tests/report/sample_report.h"

namespace pgsieve {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<std::string> kAttacks = {
    "\x1b]0;owned\x07\x1b[2J\x9b"
    "31m",
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>'",
    "]]></failure><!-- &lt; -->",
    "```\n# @everyone <details> [x](javascript:alert(1)) #1 |",
    "x\n::error::owned\n  ::add-mask::a\n##[error]x ##vso[task.complete]\r##teamcity[message]",
    "=HYPERLINK(\"x\")",
    "\n+1",
    "\t-1",
    "@SUM(A1)",
    "  =1+1",
    "\xEF\xBC\x9D"
    "1+1",
    "ok 1 # SKIP\nBail out!\n1..0",
    "a\\# TODO\\",
    "\xff\xfe\x00\xc0\x80",
    "\xE2\x80\xAE\xE2\x80\x8B\xE2\x80\xA8",
    std::string(9'000, 'x'),
};

// A report that carries one attack wherever text of strangers can stand.
struct HostileReport {
  explicit HostileReport(const std::string& attack) {
    for (Finding& finding : sample.findings) {
      finding.query = finding.parent_query = finding.table = finding.message = finding.sample = attack;
      finding.evidence = finding.why_not_higher = {attack};
      finding.fixes = {{"sql", attack, attack, "sql", attack}};
      finding.tags = {{attack, attack}, {"file", attack}, {"test", attack}};
      finding.chain_id = "1";
      finding.chain = {{{}, attack, attack, 1}, {{}, attack, attack, 2}, {{}, attack, "", 3}};
      finding.parent = finding.pattern;
    }
    std::map<PatternKey, Pattern> patterns = sample.workload.patterns;
    for (auto& [key, pattern] : patterns) pattern.query = attack;
    sample.workload.patterns = patterns;
    sample.report.patterns = top_patterns(sample.workload, 0);
    sample.ingest.warnings = {attack};
    sample.ingest.prefix = attack;
    sample.ingest.files[0].name = attack;
    sample.report.problems = {attack};
    sample.report.schema_file = attack;
    sample.report.style.show_values = true;
  }
  SampleReport sample;
};

TEST(Hostile, NoFormatSendsControlCharactersOrBrokenUtf8) {
  for (const std::string& attack : kAttacks) {
    HostileReport hostile(attack);
    for (const ReportFormat& format : report_formats()) {
      const std::string text = format.write(hostile.sample.report);
      EXPECT_TRUE(is_valid_utf8(text)) << format.name;
      for (const char byte : text)
        EXPECT_TRUE(static_cast<unsigned char>(byte) >= 0x20 || byte == '\n' || byte == '\t' || byte == '\r')
            << format.name;
      EXPECT_EQ(text.find("\x7f"), std::string::npos) << format.name;
    }
  }
}

TEST(Hostile, TextForPeopleHidesNothing) {
  HostileReport hostile("\xE2\x80\xAE\xC2\x9B");
  for (const char* name : {"text", "concise", "html", "markdown", "github", "gitlab", "junit", "checkstyle",
                           "rdjsonl", "tap", "sarif", "csv"}) {
    const std::string text = find_report_format(name)->write(hostile.sample.report);
    const bool in_comment = std::string_view(name) == "markdown";  // mark-up drops what can't be seen
    EXPECT_TRUE(in_comment || text.find("\xE2\x80\xAE") == std::string::npos) << name;
    EXPECT_EQ(text.find("\xC2\x9B"), std::string::npos) << name;
  }
}

TEST(Hostile, JsonFormatsStayJson) {
  for (const std::string& attack : kAttacks) {
    HostileReport hostile(attack);
    for (const char* name : {"json", "gitlab", "sarif"})
      EXPECT_FALSE(
          json::parse(find_report_format(name)->write(hostile.sample.report), nullptr, false).is_discarded());
    for (const char* name : {"jsonl", "rdjsonl"}) {
      std::istringstream lines(find_report_format(name)->write(hostile.sample.report));
      int count = 0;
      for (std::string line; std::getline(lines, line); ++count)
        EXPECT_FALSE(json::parse(line, nullptr, false).is_discarded());
      EXPECT_EQ(count, 2);
    }
  }
}

TEST(Hostile, HtmlHoldsNoForeignMarkup) {
  for (const std::string& attack : kAttacks) {
    HostileReport hostile(attack);
    const std::string page = write_html(hostile.sample.report);
    EXPECT_THAT(page, Not(HasSubstr("<img")));
    size_t scripts = 0;
    for (size_t at = page.find("<script"); at != std::string::npos; at = page.find("<script", at + 1))
      ++scripts;
    EXPECT_EQ(scripts, 2U);  // the data and the page's own
    EXPECT_THAT(page, HasSubstr("default-src 'none'"));
    EXPECT_THAT(page, HasSubstr(std::string("script-src '") + std::string(kPageScript.digest) + "'"));
  }
}

TEST(Hostile, WorkflowCommandsAreOnlyOurOwn) {
  for (const std::string& attack : kAttacks) {
    HostileReport hostile(attack);
    std::istringstream annotations(write_github(hostile.sample.report));
    int count = 0;
    for (std::string line; std::getline(annotations, line); ++count) {
      EXPECT_TRUE(line.starts_with("::error ") || line.starts_with("::notice ")) << line;
      EXPECT_EQ(line.find('\r'), std::string::npos);
    }
    EXPECT_EQ(count, 2);
    for (const ReportFormat& format : report_formats()) {
      if (!format.for_logs) continue;
      std::istringstream lines(escape_ci_log(format.write(hostile.sample.report)));
      for (std::string line; std::getline(lines, line);) {
        const size_t start = line.find_first_not_of(" \t\r");
        EXPECT_FALSE(start != std::string::npos && line.compare(start, 2, "::") == 0) << format.name << line;
        for (const char* command : {"##[", "##vso[", "##teamcity["})
          EXPECT_THAT(line, Not(HasSubstr(command)));
      }
    }
  }
}

TEST(Hostile, CsvCellsAreNoFormulas) {
  for (const char* attack : {"=1", "+1", "-1", "@x", "\t=1", "  =1",
                                    "\xEF\xBC\x9D"
                                    "1"})
    EXPECT_THAT(csv_field(attack).substr(0, 2), testing::AnyOf(HasSubstr("'"), HasSubstr("\"'"))) << attack;
  EXPECT_EQ(csv_field("SELECT 1"), "SELECT 1");
}

TEST(Hostile, TapDirectivesAreOnlyOurOwn) {
  for (const std::string& attack : kAttacks) {
    HostileReport hostile(attack);
    std::istringstream lines(write_tap(hostile.sample.report));
    size_t points = 0;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("  ") || line == "TAP version 14" || line.starts_with("1..")) continue;
      EXPECT_TRUE(line.starts_with("ok ") || line.starts_with("not ok ")) << line;
      ++points;
      const size_t directive = line.find(" # ");
      EXPECT_TRUE(directive == std::string::npos || line.substr(directive) == " # TODO hint") << line;
    }
    EXPECT_EQ(points, hostile.sample.findings.size() + all_rules().size() - 2);
  }
}

TEST(Limits, EveryPlatformGetsWhatItTakesAndIsToldTheRest) {
  SampleReport sample;
  std::vector<Finding> many(6000, sample.findings[0]);
  for (size_t at = 0; at < many.size(); ++at) {
    many[at].id = "id" + std::to_string(at);
    many[at].query = std::string(at % 3000, 'q');
  }
  sample.report.findings = many;
  const std::string sarif = write_sarif(sample.report);
  EXPECT_LT(sarif.size(), 10'000'000U);
  const json run = json::parse(sarif)["runs"][0];
  const size_t shown = run["results"].size();
  EXPECT_LE(shown, 5000U);
  EXPECT_EQ(run["results"][0]["partialFingerprints"]["primaryLocationLineHash"], "id0");
  EXPECT_THAT(run["invocations"][0]["toolExecutionNotifications"].dump(),
              HasSubstr("more findings left out"));
  const std::string comment = write_markdown(sample.report);
  EXPECT_LE(comment.size(), 65'000U);
  EXPECT_THAT(comment, HasSubstr("more findings that did not fit"));
  EXPECT_LE(write_markdown(sample.report, 900'000).size(), 900'000U);
  EXPECT_GT(write_markdown(sample.report, 900'000).size(), 500'000U);
  const std::string page = write_html(sample.report);
  EXPECT_LT(page.size(), 6'000'000U);
  EXPECT_THAT(page, HasSubstr("more findings, not as bad as these"));
}

TEST(GitLab, EqualIdsGetFingerprintsOfTheirOwn) {
  SampleReport sample;
  sample.findings[1].id = sample.findings[0].id;
  const json document = json::parse(write_gitlab(sample.report));
  EXPECT_NE(document[0]["fingerprint"], document[1]["fingerprint"]);
}

TEST(Html, TheShellIsSmallAndLargeDataIsPacked) {
  SampleReport sample;
  const std::string small = write_html(sample.report);
  EXPECT_LT(small.size(), 120'000U);
  EXPECT_THAT(small, HasSubstr("application/json"));
  for (uint64_t number = 100; number < 5000; ++number) {
    Pattern pattern;
    pattern.key.fingerprint = number;
    pattern.query = "SELECT a, b, c FROM some_table WHERE column_" + std::to_string(number) + " = $1";
    pattern.calls = number;
    sample.workload.patterns[pattern.key] = pattern;
  }
  const std::string large = write_html(sample.report);
  EXPECT_THAT(large, HasSubstr("application/gzip"));
  EXPECT_LT(large.size(), 250'000U);
}

TEST(Packed, Base64OfEveryLength) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob\xff"), "Zm9vYv8=");
  EXPECT_EQ(gzip("").substr(0, 2), "\x1f\x8b");
  EXPECT_LT(gzip(std::string(1'000'000, 'a')).size(), 2000U);
}

}  // namespace
}  // namespace pgsieve
