// Every labelled scenario against the loop rules: nothing false at HIGH, nothing missed at all grades.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "analyzer/sql/canonical.h"
#include "analyzer/workload/builder.h"
#include "analyzer/workload/serialize.h"
#include "rules/rule.h"
#include "tests/rules/scenario_stream.h"

namespace pgsieve {
namespace {

using testing::load_scenarios;
using testing::play;
using testing::Scenario;

const std::set<std::string> kLoopRules = {"n-plus-one", "write-loop", "duplicate-query"};

std::vector<Finding> loop_findings(Workload workload) {
  const Schema schema;
  const RuleContext context{workload, schema, {}, {}};
  std::vector<Finding> findings = run_rules(context);
  std::erase_if(findings, [](const Finding& finding) { return kLoopRules.count(finding.rule) == 0; });
  return findings;
}

std::vector<Finding> judge(const Scenario& scenario, bool with_rows) {
  WorkloadBuilder builder;
  play(scenario, with_rows, builder);
  return loop_findings(builder.finish());
}

std::string expected_rule(const Scenario& scenario) {
  if (scenario.verdict == "n+1" || scenario.verdict == "mxn") return "n-plus-one";
  if (scenario.verdict == "write-loop") return "write-loop";
  if (scenario.verdict == "duplicate") return "duplicate-query";
  return "";
}

struct Tally {
  int missed = 0, false_high = 0, false_any = 0, wrong_rule = 0;
  std::string table;
};

Tally run_all(bool with_rows) {
  Tally tally;
  for (const Scenario& scenario : load_scenarios()) {
    const std::vector<Finding> findings = judge(scenario, with_rows);
    const std::string expected = expected_rule(scenario);
    bool hit = expected.empty();
    std::string shown;
    for (const Finding& finding : findings) {
      shown += fmt::format(" {}/{}x{}", finding.rule, confidence_name(finding.confidence), finding.count);
      if (finding.rule == expected) hit = true;
      if (expected.empty()) {
        ++tally.false_any;
        if (finding.confidence >= Confidence::kHigh) ++tally.false_high;
      }
    }
    if (!hit) ++tally.missed;
    tally.table +=
        fmt::format("{:4} {:11} {}{}\n", scenario.id, scenario.verdict, hit ? "" : "MISSED ", shown);
  }
  return tally;
}

TEST(Scenarios, FromTheLog) {
  const Tally tally = run_all(false);
  fmt::print("{}missed {}, false {} (high {})\n", tally.table, tally.missed, tally.false_any,
             tally.false_high);
  EXPECT_EQ(tally.false_high, 0);
  EXPECT_LE(tally.missed, 1);
}

TEST(Scenarios, WithRows) {
  const Tally tally = run_all(true);
  fmt::print("{}missed {}, false {} (high {})\n", tally.table, tally.missed, tally.false_any,
             tally.false_high);
  EXPECT_EQ(tally.false_high, 0);
  EXPECT_EQ(tally.missed, 0);
}

// Passes the first events to one builder and the rest to another one that goes on where the first stopped, as
// two runs over a rotated log do with a store between them.
class CutInTwo : public EventSink {
 public:
  explicit CutInTwo(size_t cut) : cut_(cut) {}
  void on_event(const Event& event) override {
    if (count_++ == cut_) begin_second();
    (resumed_ ? second_ : first_).on_event(event);
  }
  Workload finish() {
    if (!resumed_) begin_second();
    stored_.open_scopes.clear();
    stored_.merge(second_.finish());
    return std::move(stored_);
  }

 private:
  void begin_second() {
    Result<Workload> reloaded = deserialize_workload(serialize(first_.finish(/*close_scopes=*/false)));
    ASSERT_TRUE(reloaded.ok()) << reloaded.error().message;
    stored_ = std::move(*reloaded);
    second_.resume(stored_);
    resumed_ = true;
  }

  size_t cut_, count_ = 0;
  bool resumed_ = false;
  Workload stored_;
  WorkloadBuilder first_, second_;
};

std::vector<std::string> described(const std::vector<Finding>& findings) {
  std::vector<std::string> all;
  for (const Finding& finding : findings) {
    all.push_back(fmt::format("{} {} {}x{} on {} after {} because {}", finding.id,
                              confidence_name(finding.confidence), finding.rule, finding.count, finding.query,
                              finding.parent_query, fmt::join(finding.evidence, "; ")));
  }
  return all;
}

TEST(Scenarios, CutByRotationTheFindingsAreThoseOfTheWhole) {
  for (const Scenario& scenario : load_scenarios()) {
    for (const bool with_rows : {false, true}) {
      const std::vector<std::string> whole = described(judge(scenario, with_rows));
      const size_t events = scenario.events.size();
      for (const size_t cut : {events / 4, events / 2, events * 3 / 4}) {
        CutInTwo sink(cut);
        play(scenario, with_rows, sink);
        EXPECT_EQ(described(loop_findings(sink.finish())), whole)
            << scenario.id << (with_rows ? " with rows" : "") << ", cut after " << cut << " of " << events;
      }
    }
  }
}

// What a finding is about, whatever else ran at the time.
using Identity = std::tuple<std::string, std::string, std::string>;  // rule, statement, parent

Identity identity_of(const Finding& finding) {
  const auto form = [](const SharedText& query) {
    return query.empty() ? std::string() : canonical_form(query);
  };
  return {finding.rule, form(finding.query), form(finding.parent_query)};
}

std::set<Identity> identities(const std::vector<Finding>& findings) {
  std::set<Identity> all;
  for (const Finding& finding : findings) all.insert(identity_of(finding));
  return all;
}

// One application that runs every scenario within two seconds, each at a random moment, gives the findings
// they give apart.
TEST(Scenarios, MergedIntoOneStream) {
  const std::vector<Scenario> scenarios = load_scenarios();
  std::set<Identity> apart;
  std::map<Identity, std::string> described;
  for (const Scenario& scenario : scenarios) {
    for (const Finding& finding : judge(scenario, false)) {
      const Identity identity = identity_of(finding);
      apart.insert(identity);
      described[identity] +=
          fmt::format("{} {}: {} on {} after {}; ", scenario.id, confidence_name(finding.confidence),
                      finding.rule, finding.query, finding.parent_query);
    }
  }
  for (const unsigned seed : {1U, 2U, 3U}) {
    std::mt19937 random(seed);
    std::vector<Microseconds> offsets;
    for (size_t i = 0; i < scenarios.size(); ++i)
      offsets.push_back(static_cast<Microseconds>(random() % 2'000'000));
    WorkloadBuilder builder;
    testing::play_together(scenarios, offsets, false, builder);
    const std::vector<Finding> findings = loop_findings(builder.finish());
    const std::set<Identity> together = identities(findings);
    for (const Finding& finding : findings) {
      EXPECT_TRUE(apart.count(identity_of(finding)) != 0)
          << "seed " << seed << ": only when merged: " << finding.rule << " on " << finding.query << " after "
          << finding.parent_query;
    }
    for (const Identity& identity : apart) {
      // A loop without a parent may be taken for the rest of another loop of the same statement.
      const bool alone = std::get<2>(identity).empty();
      const bool explained =
          alone && std::any_of(together.begin(), together.end(), [&](const Identity& other) {
            return std::get<0>(other) == std::get<0>(identity) && std::get<1>(other) == std::get<1>(identity);
          });
      if (explained) continue;
      EXPECT_TRUE(together.count(identity) != 0)
          << "seed " << seed << ": lost when merged: " << described[identity];
    }
  }
}

// Findings come in the same order, with the same texts, however many threads looked for them.
TEST(Scenarios, TheNumberOfThreadsChangesNothing) {
  const std::vector<Scenario> scenarios = load_scenarios();
  std::vector<Microseconds> offsets;
  for (size_t i = 0; i < scenarios.size(); ++i)
    offsets.push_back(static_cast<Microseconds>(i) * 30 * kSecond);
  WorkloadBuilder builder;
  testing::play_together(scenarios, offsets, false, builder);
  const Workload workload = builder.finish();
  const Schema schema;
  const auto found = [&](unsigned threads) {
    RuleContext context{workload, schema, {}, {}};
    context.threads = threads;
    std::vector<std::string> all;
    for (const Finding& finding : run_rules(context)) {
      all.push_back(
          fmt::format("{} {} {} {}", finding.id, finding.chain_id, finding.message, finding.time_ms));
      for (const Fix& fix : finding.fixes) all.back() += fmt::format("\n{} {}", fix.title, fix.code);
    }
    return all;
  };
  const std::vector<std::string> one = found(1);
  EXPECT_GT(one.size(), 50U);
  EXPECT_EQ(found(2), one);
  EXPECT_EQ(found(8), one);
}

}  // namespace
}  // namespace pgsieve
