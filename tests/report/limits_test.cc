#include "analyzer/report/limits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace pgsieve {
namespace {

IngestStats whole_log() {
  IngestStats ingest;
  ingest.executions = 100;
  ingest.extended = 50;
  ingest.min_duration_seen = 100;
  ingest.settings["log_min_duration_statement"] = "0";
  return ingest;
}

void expect_limit(const IngestStats& ingest, const std::string& rule, const std::string& reason) {
  for (const RuleLimit& limit : rule_limits(ingest)) {
    const bool named = rule.empty()
                           ? limit.rules.empty()
                           : std::find(limit.rules.begin(), limit.rules.end(), rule) != limit.rules.end();
    if (named && limit.reason.find(reason) != std::string::npos) return;
  }
  FAIL() << rule << ": " << reason;
}

TEST(RuleLimits, AWholeLogHidesNothing) {
  EXPECT_TRUE(rule_limits(whole_log()).empty());
  EXPECT_TRUE(rule_limits({}).empty());
}

TEST(RuleLimits, EachGapNamesItsRules) {
  IngestStats ingest = whole_log();
  ingest.no_session = 100;
  expect_limit(ingest, "n-plus-one", "sessions");
  ingest = whole_log();
  ingest.missing_parameters = 50;
  expect_limit(ingest, "duplicate-query", "bound values are missing");
  expect_limit(ingest, "deep-offset", "OFFSET");
  ingest = whole_log();
  ingest.truncated_parameters = 40;
  expect_limit(ingest, "n-plus-one", "40%");
  ingest = whole_log();
  ingest.truncated_texts = 20;
  expect_limit(ingest, "", "20%");
  ingest = whole_log();
  ingest.settings["log_min_duration_statement"] = "at most 100.000 ms (the shortest seen)";
  expect_limit(ingest, "write-loop", "lower bounds");
  ingest = whole_log();
  ingest.settings["log_transaction_sample_rate"] = "below 1";
  expect_limit(ingest, "n-plus-one", "sample");
  ingest = whole_log();
  ingest.settings["log_statement_sample_rate"] = "below 1";
  expect_limit(ingest, "n-plus-one", "sample");
  ingest = whole_log();
  ingest.settings["log_statement"] = "not 'all': durations without a statement";
  expect_limit(ingest, "duplicate-query", "statements are missing");
  ingest = whole_log();
  ingest.settings["log_min_duration_statement"] = "off";
  ingest.min_duration_seen = kUnknownTime;
  expect_limit(ingest, "missing-index", "time");
  ingest = IngestStats();
  ingest.settings["pg_stat_statements"] = "aggregates";
  expect_limit(ingest, "idle-in-transaction", "no order");
}

TEST(RuleLimits, WholeSecondsHideShortPauses) {
  IngestStats ingest = whole_log();
  ingest.settings["log_line_prefix"] = "times in whole seconds (%t)";
  expect_limit(ingest, "idle-in-transaction", "whole seconds");
  expect_limit(ingest, "duplicate-query", "whole seconds");
}

TEST(RuleLimits, AFewGapsAreNoLimit) {
  IngestStats ingest = whole_log();
  ingest.no_session = 3;
  ingest.missing_parameters = 3;
  ingest.truncated_parameters = 3;
  ingest.truncated_texts = 3;
  EXPECT_TRUE(rule_limits(ingest).empty());
}

}  // namespace
}  // namespace pgsieve
