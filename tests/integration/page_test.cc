// The HTML report in a real browser.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "analyzer/report/report.h"
#include "tests/integration/npm_packages.h"
#include "tests/report/sample_report.h"
#include "tests/tools/run_program.h"

namespace pgsieve {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kFixtures = std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/quickstart";

std::string chromium() {
  std::string path = run_command({"sh", "-c", "command -v chromium || command -v google-chrome"}).out;
  while (!path.empty() && path.back() == '\n') path.pop_back();
  return path;
}

#define NEED_BROWSER()                                                                      \
  if (!testing::has_npm_package("puppeteer-core") || !testing::has_npm_package("axe-core")) \
    GTEST_SKIP() << "build/npm lacks puppeteer-core or axe-core (tools/setup.sh --tests)";  \
  if (chromium().empty()) GTEST_SKIP() << "no Chromium here (tools/setup.sh --tests)"

json visit(const std::string& page) {
  const RunResult result =
      run_command({"node", std::string(PGSIEVE_SOURCE_DIR) + "/tests/integration/page/check_page.cjs",
                   testing::npm_modules(), chromium(), page, ""});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return json::parse(result.out, nullptr, false);
}

void expect_sound(const json& seen) {
  EXPECT_EQ(seen["ready"], "yes");
  EXPECT_THAT(seen["violations"]["light"], SizeIs(0)) << seen["violations"];
  EXPECT_THAT(seen["violations"]["dark"], SizeIs(0)) << seen["violations"];
  for (const json& request : seen["requests"]) {
    const auto url = request.get<std::string>();
    EXPECT_TRUE(url.starts_with("file:///") || url.starts_with("http://127.0.0.1:9/"))
        << url;  // the second is ours
  }
  EXPECT_EQ(seen["fetch"], "refused");
  EXPECT_EQ(seen["injected"], false);
  // What the policy refused is all that the console may hold.
  for (const json& error : seen["errors"])
    EXPECT_THAT(error.get<std::string>(), HasSubstr("Content Security Policy"));
  const auto down = seen["calls_down"].get<std::vector<long>>();
  const auto up = seen["calls_up"].get<std::vector<long>>();
  EXPECT_TRUE(std::is_sorted(down.rbegin(), down.rend()));
  EXPECT_TRUE(std::is_sorted(up.begin(), up.end()));
  EXPECT_EQ(seen["sorted_heading"], "Calls ascending");
  EXPECT_EQ(seen["opened"], 1);
}

TEST(Page, WorksAndIsAccessible) {
  NEED_BROWSER();
  TemporaryDirectory directory;
  const std::string page = directory.path("report.html");
  ASSERT_EQ(run_pgsieve({"report", kFixtures + "/postgresql.log", "--schema", kFixtures + "/schema.sql", "-o",
                         "html:" + page})
                .exit_code,
            0);
  EXPECT_LT(read_file(page).size(), 120'000U);
  const json seen = visit(page);
  ASSERT_FALSE(seen.is_discarded());
  expect_sound(seen);
  EXPECT_THAT(seen["histograms"], SizeIs(1));
  EXPECT_NE(seen["background_dark"], seen["background_switched"]);
  const size_t all = seen["findings"].size();
  EXPECT_GT(all, 3U);
  EXPECT_GT(seen["of_last_rule"].size(), 0U);
  EXPECT_LT(seen["of_last_rule"].size(), all);
  EXPECT_LT(seen["without_errors"].size(), all);
  EXPECT_THAT(seen["of_no_text"], SizeIs(0));
  EXPECT_EQ(seen["after_link"].size(), all);
  const auto counts = seen["by_count"].get<std::vector<long>>();
  EXPECT_TRUE(std::is_sorted(counts.rbegin(), counts.rend()));
}

TEST(Page, HoldsTwentyThousandPatternsAndHostileText) {
  NEED_BROWSER();
  SampleReport sample;
  for (uint64_t number = 1; number <= 20'000; ++number) {
    Pattern pattern;
    pattern.key.fingerprint = 0x1000'0000 + number;
    pattern.query = "SELECT </script><img src=x onerror=alert(1)> FROM table_" + std::to_string(number) +
                    " WHERE id = $1";
    pattern.calls = number;
    pattern.durations.add(static_cast<int64_t>(number), number);
    sample.workload.patterns[pattern.key] = pattern;
  }
  TemporaryDirectory directory;
  const std::string page = directory.write("report.html", write_html(sample.report));
  EXPECT_LT(read_file(page).size(), 2'000'000U);
  const json seen = visit(page);
  ASSERT_FALSE(seen.is_discarded());
  expect_sound(seen);
  EXPECT_EQ(seen["rows"], 100);
  EXPECT_EQ(seen["page_text"], "1–100 of 20,003 patterns");
  EXPECT_EQ(seen["second_page"], "101–200 of 20,003 patterns");
}

// ---- SARIF

void expect_valid_sarif(const std::string& file) {
  const std::string tool = testing::npm_modules() + "/@microsoft/sarif-multitool-linux/Sarif.Multitool";
  TemporaryDirectory directory;
  const std::string verdict = directory.path("verdict.sarif");
  const RunResult result = run_command(
      {tool, "validate", file, "--output", verdict, "--log", "ForceOverwrite", "--rule-kind", "Sarif;Ghas"},
      {}, {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1", "HOME=" + directory.path("")});
  const json log = json::parse(read_file(verdict), nullptr, false);
  ASSERT_FALSE(log.is_discarded()) << result.out << result.err;
  for (const json& objection : log["runs"][0]["results"]) {
    // The program has no page of its own to name.
    EXPECT_EQ(objection["ruleId"], "SARIF2005") << objection.dump(1);
  }
  EXPECT_THAT(result.out, HasSubstr("Analysis completed successfully"));
}

TEST(SarifFile, MicrosoftsValidatorHasNothingToObjectTo) {
  const std::string tool = testing::npm_modules() + "/@microsoft/sarif-multitool-linux/Sarif.Multitool";
  if (run_command({"test", "-x", tool}).exit_code != 0)
    GTEST_SKIP() << "build/npm lacks @microsoft/sarif-multitool for this machine";
  TemporaryDirectory directory;
  const std::string log = kFixtures + "/postgresql.log";
  const std::string file = directory.path("report.sarif");
  ASSERT_EQ(run_pgsieve({"report", log, "--schema", kFixtures + "/schema.sql", "--source-root",
                         PGSIEVE_SOURCE_DIR, "-o", "sarif:" + file})
                .exit_code,
            0);
  expect_valid_sarif(file);
  // With a baseline, and known findings shown.
  const std::string baseline = directory.path("baseline.toml");
  ASSERT_EQ(run_pgsieve({"baseline", "create", log, "--baseline", baseline}).exit_code, 0);
  run_pgsieve(
      {"lint", log, "--baseline", baseline, "--show-accepted", "--source-root", "", "-o", "sarif:" + file});
  EXPECT_THAT(read_file(file), HasSubstr("\"suppressions\""));
  EXPECT_THAT(read_file(file), HasSubstr("\"baselineState\": \"unchanged\""));
  expect_valid_sarif(file);
}

}  // namespace
}  // namespace pgsieve
