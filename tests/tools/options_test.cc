#include "tools/pgsieve/options.h"

#include <gtest/gtest.h>

#include <vector>

namespace pgsieve {
namespace {

ParsedCommandLine parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "pgsieve");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

TEST(Options, ReadsWhatReportNeeds) {
  const ParsedCommandLine parsed =
      parse({"report",        "a.log", "--schema", "s.sql",   "-o",         "text", "-o",
             "json:out.json", "b.log", "--db",     "x",       "--db",       "y",    "--prefix",
             "%m [%p] ",      "--top", "0",        "--since", "2026-11-22", "-"});
  ASSERT_FALSE(parsed.exit_code);
  const ReportOptions& options = parsed.command_line.report;
  EXPECT_EQ(parsed.command_line.command, CommandLine::Command::kReport);
  EXPECT_EQ(options.analysis.inputs, (std::vector<std::string>{"a.log", "b.log", "-"}));
  EXPECT_EQ(options.analysis.ingest.databases, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(options.analysis.ingest.prefix, "%m [%p] ");
  EXPECT_TRUE(options.analysis.ingest.prefix_given);
  EXPECT_EQ(options.top, 0U);
  ASSERT_EQ(options.outputs.size(), 2U);
  EXPECT_EQ(options.outputs[0].format->name, "text");
  EXPECT_EQ(options.outputs[1].file, "out.json");
  EXPECT_EQ(format_time(options.analysis.ingest.since).substr(0, 10), "2026-11-22");
}

// A prefix that is given stands, even an empty one; without it the log is asked.
TEST(Options, AGivenPrefixIsTakenByEveryCommandThatReadsLogs) {
  EXPECT_FALSE(parse({"report", "a"}).command_line.report.analysis.ingest.prefix_given);
  EXPECT_TRUE(parse({"report", "a", "--prefix", ""}).command_line.report.analysis.ingest.prefix_given);
  EXPECT_FALSE(parse({"diff", "a", "b"}).command_line.diff.analysis.ingest.prefix_given);
  const CommandLine diff = parse({"diff", "a", "b", "--prefix", "%m "}).command_line;
  EXPECT_TRUE(diff.diff.analysis.ingest.prefix_given);
  EXPECT_EQ(diff.diff.analysis.ingest.prefix, "%m ");
  const CommandLine suggest = parse({"index", "suggest", "a", "--prefix", "%m "}).command_line;
  EXPECT_TRUE(suggest.index.advice.analysis.ingest.prefix_given);
  EXPECT_FALSE(parse({"index", "list", "a"}).command_line.review.advice.analysis.ingest.prefix_given);
  const CommandLine list = parse({"index", "list", "a", "--prefix", "%m "}).command_line;
  EXPECT_TRUE(list.review.advice.analysis.ingest.prefix_given);
}

TEST(Options, LintAsksForMoreConfidenceThanReport) {
  EXPECT_EQ(parse({"report", "a"}).command_line.report.analysis.min_confidence, Confidence::kLow);
  EXPECT_EQ(parse({"lint", "a"}).command_line.report.analysis.min_confidence, Confidence::kMedium);
  EXPECT_EQ(parse({"lint", "a", "--min-confidence", "proved"}).command_line.report.analysis.min_confidence,
            Confidence::kProved);
}

TEST(Options, EveryMistakeIsExitCodeTwo) {
  const std::vector<std::vector<const char*>> mistakes{
      {},
      {"reprot", "a.log"},
      {"report"},
      {"report", "--no-such-option", "a.log"},
      {"report", "a.log", "--top", "many"},
      {"report", "a.log", "-o", "yaml"},
      {"report", "a.log", "-o", "json:"},
      {"report", "a.log", "-o", "json", "-o", "text"},
      {"report", "a.log", "--rule", "no-such-rule"},
      {"report", "a.log", "--format", "parquet"},
      {"report", "a.log", "--since", "yesterday"},
      {"report", "a.log", "--since", "2026-11-22 00:52", "--until", "2026-11-22 00:51"},
      {"report", "a.log", "--tag", "novalue"},
      {"report", "a.log", "--set", "threshold=3"},
      {"lint", "a.log", "--fail-on", "sometimes"},
      {"lint", "a.log", "--min-confidence", "total"},
      {"report", "--store", "x.sqlite", "--db", "shop"},
      {"rules", "one", "two"},
  };
  for (const auto& mistake : mistakes) {
    const ParsedCommandLine parsed = parse(mistake);
    ASSERT_TRUE(parsed.exit_code) << (mistake.empty() ? "" : mistake.back());
    EXPECT_EQ(*parsed.exit_code, kExitUsage) << (mistake.empty() ? "" : mistake.back());
  }
}

TEST(Options, MomentsAreDatesOrAges) {
  const Microseconds now = 1'800'000'000 * kSecond;
  EXPECT_EQ(parse_moment("24h", now), now - 24 * 3600 * kSecond);
  EXPECT_EQ(parse_moment("7d", now), now - 7 * 24 * 3600 * kSecond);
  EXPECT_EQ(parse_moment("90m", now), now - 90 * 60 * kSecond);
  EXPECT_EQ(parse_moment("2026-11-22 01:00 CET", now), parse_moment("2026-11-22 00:00:00 UTC", now));
  EXPECT_EQ(parse_moment("2026-11-22T01:00+01:00", now), parse_moment("2026-11-22", now));
  EXPECT_EQ(parse_moment("1970-01-02", now), 24 * 3600 * kSecond);
  EXPECT_EQ(parse_moment("1970-01-01 00:01", now), 60 * kSecond);
  EXPECT_EQ(parse_moment("1970-01-01T00:00:02Z", now), 2 * kSecond);
  EXPECT_FALSE(parse_moment("tomorrow", now));
  EXPECT_FALSE(parse_moment("", now));
  EXPECT_FALSE(parse_moment("-3h", now));
  EXPECT_FALSE(parse_moment("99999999999999d", now));
}

}  // namespace
}  // namespace pgsieve
