#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "analyzer/base/utf8.h"
#include "tests/report/json_schema.h"
#include "tests/report/sample_report.h"

namespace pgsieve {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

json report_schema() {
  std::ifstream file(std::string(PGSIEVE_SOURCE_DIR) + "/analyzer/report/report.schema.json");
  return json::parse(file);
}

TEST(JsonReport, KeepsItsSchema) {
  SampleReport sample;
  for (const bool show_values : {false, true}) {
    sample.report.style.show_values = show_values;
    EXPECT_THAT(schema_offences(report_schema(), json::parse(write_json(sample.report))), IsEmpty());
  }
}

TEST(JsonReport, TheSchemaCheckNoticesOffences) {
  SampleReport sample;
  json document = json::parse(write_json(sample.report));
  document["findings"][0]["severity"] = "fatal";
  document["patterns"][0].erase("calls");
  document["ingest"]["files"] = "one";
  document["patterns"][1]["fingerprint"] = "XYZ";
  EXPECT_EQ(schema_offences(report_schema(), document).size(), 4U);
}

TEST(JsonReport, HoldsTheFactsOfPatternsAndFindings) {
  SampleReport sample;
  const json document = json::parse(write_json(sample.report));
  EXPECT_EQ(document["schema"], "pgsieve.report/1");
  EXPECT_EQ(document["ingest"]["first"], "2026-11-22T01:00:00.500Z");
  EXPECT_EQ(document["patterns"][0]["total_ms"], 180.0);  // worst first
  EXPECT_EQ(document["patterns"][1]["fingerprint"], "0000000000000001");
  EXPECT_EQ(document["patterns"][1]["mean_ms"], 1.0);
  EXPECT_EQ(document["patterns"][2]["total_ms"], nullptr);  // no duration known
  EXPECT_EQ(document["findings"][0]["suggestion"]["title"], "Eager-load the posts");
  EXPECT_EQ(document["findings"][0]["suggestions"].size(), 2U);
  EXPECT_EQ(document["findings"][1]["suggestion"], json::object());
  EXPECT_FALSE(document["findings"][0].contains("sample"));
  EXPECT_EQ(document["findings"][0]["columns"], json::array({"user_id"}));
}

TEST(Formats, AreAllValidUtf8AndFreeOfControlSequences) {
  SampleReport sample;
  for (const ReportFormat& format : report_formats()) {
    const std::string text = format.write(sample.report);
    EXPECT_TRUE(is_valid_utf8(text)) << format.name;
    EXPECT_EQ(text.find('\x1b'), std::string::npos) << format.name;
    EXPECT_FALSE(text.empty()) << format.name;
  }
}

TEST(TextReport, SaysWhatWasReadAndWhatNot) {
  SampleReport sample;
  const std::string text = write_text(sample.report);
  EXPECT_THAT(text, HasSubstr("1 file, 100 B, 9 lines: 40 statements executed, 0 failed, 3 patterns"));
  EXPECT_THAT(text, HasSubstr("prefix '%m [%p] '"));
  EXPECT_THAT(text, HasSubstr("a.log:7 (byte 77)"));
  EXPECT_THAT(text, HasSubstr("something to know"));
  EXPECT_THAT(text, HasSubstr("2 findings: 1 error, 1 hint"));
  EXPECT_THAT(text, HasSubstr("users.prefetch_related('posts')"));
  EXPECT_THAT(text, HasSubstr("\\x1b[31m"));  // shown, not sent
  EXPECT_THAT(text, HasSubstr("\\u202e"));
  EXPECT_THAT(text, Not(HasSubstr("4711")));  // values only when asked for
  sample.report.style.show_values = true;
  EXPECT_THAT(write_text(sample.report), HasSubstr("4711"));
}

TEST(TextReport, ColoursOnlyWhenAsked) {
  SampleReport sample;
  sample.report.style.color = true;
  EXPECT_THAT(write_text(sample.report), HasSubstr("\x1b[1;31merror\x1b[0m"));
}

TEST(GitHub, ValuesCannotStartACommand) {
  SampleReport sample;
  const std::string text = write_github(sample.report);
  std::istringstream lines(text);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_TRUE(line.starts_with("::")) << line;
  EXPECT_EQ(count, 2);
  EXPECT_THAT(text, HasSubstr("::error file=app/models/post.rb,line=12,endLine=12,title=pgsieve n-plus-one::"));
}

TEST(GitHub, NeverMoreThanTheRunnerKeepsAndSaysSo) {
  SampleReport sample;
  std::vector<Finding> many(25, sample.findings[0]);
  sample.report.findings = many;
  const std::string text = write_github(sample.report);
  EXPECT_THAT(text, HasSubstr("15 more findings not annotated here"));
}

TEST(Markdown, FitsACommentAndCountsTheRest) {
  SampleReport sample;
  std::vector<Finding> many(2000, sample.findings[1]);
  sample.report.findings = many;
  const std::string text = write_markdown(sample.report);
  EXPECT_LE(text.size(), 65'000U);
  EXPECT_THAT(text, HasSubstr("more findings that did not fit here"));
}

TEST(GitLab, EveryFindingHasAPlaceAndAFingerprint) {
  SampleReport sample;
  const json document = json::parse(write_gitlab(sample.report));
  ASSERT_EQ(document.size(), 2U);
  EXPECT_EQ(document[0]["location"]["path"], "app/models/post.rb");
  EXPECT_EQ(document[0]["location"]["lines"]["begin"], 12);
  EXPECT_EQ(document[1]["location"]["path"], "pgsieve.toml");
  EXPECT_EQ(document[1]["fingerprint"], "bbbb");
}

TEST(Sarif, EveryResultHasAPhysicalLocationAndItsOwnFingerprint) {
  SampleReport sample;
  const json document = json::parse(write_sarif(sample.report));
  EXPECT_EQ(document["version"], "2.1.0");
  for (const json& result : document["runs"][0]["results"]) {
    const json& place = result["locations"][0]["physicalLocation"];
    EXPECT_FALSE(place["artifactLocation"]["uri"].get<std::string>().empty());
    EXPECT_GE(place["region"]["startLine"].get<int>(), 1);
    EXPECT_FALSE(result["partialFingerprints"]["primaryLocationLineHash"].get<std::string>().empty());
  }
}

TEST(Csv, OneRecordPerPatternAndNoFormulas) {
  SampleReport sample;
  Pattern formula;
  formula.key.fingerprint = 99;
  formula.query = "=cmd|' /C calc'!A0";
  sample.workload.patterns[formula.key] = formula;
  sample.report.patterns = top_patterns(sample.workload, 0);
  const std::string text = write_csv(sample.report);
  EXPECT_THAT(text, HasSubstr(",'=cmd"));
  EXPECT_THAT(text, HasSubstr("\"\"end"));
}

TEST(Reports, TopCutsByTotalTime) {
  SampleReport sample;
  const auto top = top_patterns(sample.workload, 1);
  ASSERT_EQ(top.size(), 1U);
  EXPECT_EQ(top[0]->key.fingerprint, 2U);
}

}  // namespace
}  // namespace pgsieve
