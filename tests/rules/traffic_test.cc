// Every capture in fixtures/traffic through ingest and all rules, against its expect.json: each expected
// finding is there, and nothing that the capture forbids. The captures are real, of several ORMs and drivers;
// those named …_neg, and many others, hold traffic that looks like a fault and is none.
//
// expect.json: {"expect": [{"rule", "statement_like", "fix_like"…}], "allow": ["rule" | {"rule",
// "statement_like"}], "forbid": ["rule"…]}. fix_like: the code of the first fix; confidence: the grade;
// parent_named: whether there must be a parent. A finding of a rule that is expected for another statement,
// or forbidden, is false unless allowed; rules the capture says nothing about are left alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/capture/ingest.h"
#include "analyzer/wire/capture_reader.h"
#include "analyzer/workload/builder.h"
#include "rules/rule.h"

namespace pgsieve {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

const fs::path kFixtures = fs::path(PGSIEVE_SOURCE_DIR) / "fixtures";

std::vector<std::string> captures() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kFixtures / "traffic"))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

// The applications behind the captures: a shop, twice, the second time also with its tables under other
// names; a clinic, with quoted names in a schema of its own; a depot. Others are named first, before the ORM;
// "_bare_" captures are read without a schema, "" here.
std::string schema_of(const std::string& capture) {
  if (capture.find("_bare_") != std::string::npos) return {};
  for (const std::string application :
       {"ambulatorio", "board", "festival", "freight", "garage", "hospital", "legacy", "musik", "school",
        "sensors", "tickets", "vets", "warehouse"})
    if (capture.starts_with(application + "_")) return "schema/traffic_" + application + ".sql";
  const auto of = [&capture](std::initializer_list<std::string_view> orms) {
    return std::ranges::any_of(orms, [&](std::string_view orm) { return capture.starts_with(orm); });
  };
  if (of({"typeorm_", "mikroorm_", "drizzle_", "prisma_"})) return "schema/traffic_clinic.sql";
  if (of({"pgpromise_", "postgresjs_"})) return "schema/traffic_depot.sql";
  if (capture.starts_with("sequelize_")) return "schema/mixed_case.sql";
  if (capture.starts_with("objection_") || capture.starts_with("otel_"))
    return "schema/traffic_objection.sql";
  return "quickstart/schema.sql";
}

std::string log_of(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename() != "expect.json") return entry.path().string();
  return {};
}

// The query as expectations see it: no double quotes, comments or runs of white space.
std::string plain(std::string query) {
  std::erase(query, '"');
  query = std::regex_replace(query, std::regex(R"(/\*.*?\*/)"), " ");
  query = std::regex_replace(query, std::regex(R"(\s+)"), " ");
  query.erase(0, query.find_first_not_of(' '));
  return query;
}

bool is_like(const std::string& pattern, const std::string& query) {
  return std::regex_search(plain(query), std::regex(pattern, std::regex::icase));
}

bool matches(const json& expected, const Finding& finding) {
  return expected.at("rule") == finding.rule &&
         is_like(expected.at("statement_like").get<std::string>(), finding.query);
}

bool is_allowed(const json& expectation, const Finding& finding) {
  const json allowed = expectation.value("allow", json::array());
  return std::ranges::any_of(allowed, [&finding](const json& each) {
    return each.is_string() ? each == finding.rule : matches(each, finding);
  });
}

std::string describe(const Finding& finding) {
  return finding.rule + " (" + std::string(confidence_name(finding.confidence)) + ") on " + finding.query;
}

std::vector<Finding> findings_of(const std::string& log, const std::string& schema_file) {
  const Result<Schema> schema =
      schema_file.empty() ? Schema() : load_schema((kFixtures / schema_file).string());
  EXPECT_TRUE(schema.ok());
  if (!schema.ok()) return {};
  WorkloadOptions options;
  options.schema = &*schema;
  WorkloadBuilder builder(options);
  IngestOptions reading;
  reading.formats.push_back(packet_capture_format());
  const auto stats = ingest({log}, reading, builder);
  EXPECT_TRUE(stats.ok());
  const Workload workload = builder.finish();
  return run_rules({workload, *schema, {}, {}});
}

class Traffic : public ::testing::TestWithParam<std::string> {};

TEST_P(Traffic, FindsWhatIsThereAndNothingElse) {
  const fs::path folder = kFixtures / "traffic" / GetParam();
  std::ifstream file(folder / "expect.json");
  const json expectation = json::parse(file);
  const std::vector<Finding> findings = findings_of(log_of(folder), schema_of(GetParam()));
  for (const json& expected : expectation.at("expect")) {
    const auto hit = std::ranges::find_if(
        findings, [&expected](const Finding& finding) { return matches(expected, finding); });
    EXPECT_NE(hit, findings.end()) << "missed " << expected.at("rule") << ": "
                                   << expected.at("statement_like");
    if (hit != findings.end() && expected.contains("fix_like")) {
      ASSERT_FALSE(hit->fixes.empty());
      EXPECT_TRUE(std::regex_search(hit->fixes[0].code, std::regex(expected["fix_like"].get<std::string>())))
          << hit->fixes[0].code;
    }
    if (hit != findings.end() && expected.contains("confidence")) {
      EXPECT_EQ(confidence_name(hit->confidence), expected["confidence"].get<std::string>());
    }
    if (hit != findings.end() && expected.contains("parent_named")) {
      EXPECT_EQ(!hit->parent_query.empty(), expected["parent_named"].get<bool>()) << hit->query;
    }
    if (hit == findings.end() || !expected.contains("parent_like") || expected["parent_like"].is_null() ||
        hit->parent_query.empty())
      continue;
    EXPECT_TRUE(std::ranges::any_of(findings,
                                    [&expected](const Finding& finding) {
                                      return matches(expected, finding) &&
                                             is_like(expected["parent_like"], finding.parent_query);
                                    }))
        << "wrong parent: " << hit->parent_query;
  }
  for (const Finding& finding : findings) {
    const json& expected = expectation.at("expect");
    if (std::ranges::any_of(expected, [&](const json& each) { return matches(each, finding); })) continue;
    const bool named = std::ranges::any_of(
        expected, [&finding](const json& each) { return each.at("rule") == finding.rule; });
    const json& forbidden = expectation.at("forbid");
    const bool forbids = std::ranges::find(forbidden, json(finding.rule)) != forbidden.end();
    EXPECT_FALSE((named || forbids) && !is_allowed(expectation, finding)) << "false " << describe(finding);
  }
}

// The rules that no capture names speak only where their pattern is: pages by growing OFFSET.
TEST_P(Traffic, RarerRulesStaySilent) {
  const fs::path folder = kFixtures / "traffic" / GetParam();
  const bool pages = GetParam().find("_offset_") != std::string::npos;
  for (const Finding& finding : findings_of(log_of(folder), schema_of(GetParam()))) {
    EXPECT_NE(finding.rule, "batches-too-small") << describe(finding);
    EXPECT_NE(finding.rule, "recursive-walk") << describe(finding);
    if (!pages) {
      EXPECT_NE(finding.rule, "offset-walk") << describe(finding);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Captures, Traffic, ::testing::ValuesIn(captures()),
                         [](const auto& capture) { return capture.param; });

}  // namespace
}  // namespace pgsieve
