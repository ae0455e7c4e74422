// One known workload, run again for each setting of the server's log and logged in several formats: every log
// must tell of the same executions, event by event.
//
// Compared are, per client (application name) and in order: kind, fingerprint, text, arity key, parameters,
// protocol, statement name and fetches; within one run also duration, preparation and time. These differences
// are inherent in the settings and formats, and nothing else may differ:
//
//   log                    differs in
//   stmtall                nothing (durations stand on lines of their own)
//   verbose                values longer than 5 bytes are cut ("Smith...")
//   terse, csvlog+jsonlog  nothing: the detail column is not subject to verbosity
//   terse, stderr          no DETAIL: no bound values; EXECUTE stays EXECUTE
//   syslog                 nothing but the resolution of its time
//   run.stderr             the prefix has neither pid nor time: no sessions, no disconnections
//   explboth               also the plans of statements inside functions and of cursors
//   expl{text,json,xml,yaml}  a plan per planned statement and nothing else: no utility statements, no failed
//                          ones' plans, no bound values, no protocol, no names; EXECUTE is its statement
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/capture/collect.h"

namespace pgsieve {
namespace {

using testing::fixture;
using testing::Ingested;
using testing::KeptEvent;

// Events by client, each session's together, in the order of the sessions' first events.
using ByClient = std::map<std::string, std::vector<KeptEvent>>;

ByClient by_client(const std::string& log) {
  const Ingested got = testing::ingest_file(fixture(log));
  EXPECT_EQ(got.error, "") << log;
  ByClient clients;
  for (const KeptEvent& event : got.kept.events) {
    if (event.application == "psql" || event.kind == Event::Kind::kSessionEnd) continue;  // the experimenter
    clients[event.application].push_back(event);
  }
  for (auto& [client, events] : clients) {
    std::vector<uint64_t> sessions;
    const auto ordinal = [&](const KeptEvent& event) {
      const auto found = std::find(sessions.begin(), sessions.end(), event.session);
      if (found == sessions.end()) sessions.push_back(event.session);
      return std::find(sessions.begin(), sessions.end(), event.session) - sessions.begin();
    };
    for (const KeptEvent& event : events) ordinal(event);
    std::stable_sort(events.begin(), events.end(), [&](const KeptEvent& left, const KeptEvent& right) {
      return ordinal(left) < ordinal(right);
    });
  }
  return clients;
}

// What a setting takes away.
struct Lacks {
  bool values = false;       // no bound values at all
  bool long_values = false;  // cut to 5 bytes
  bool execute = false;      // EXECUTE is not resolved to its statement
  bool protocol = false;     // simple or extended, names, fetches
  bool sessions = false;
};

std::string shortened(const std::string& quoted) {
  if (quoted.size() <= 2 || quoted[0] != '\'') return quoted;
  const std::string value = quoted.substr(1, quoted.size() - 2);
  size_t bytes = 0;
  std::string kept;
  for (size_t i = 0; i < value.size() && bytes < 5; ++i, ++bytes) {
    kept += value[i];
    if (value[i] == '\'' && i + 1 < value.size()) kept += value[++i];  // doubled: one byte of the value
  }
  return kept.size() < value.size() ? "'" + kept + "...'" : quoted;
}

std::string described(const KeptEvent& event, const Lacks& lacks) {
  std::string values;
  for (const std::string& value : event.parameters)
    values += (lacks.long_values ? shortened(value) : value) + ";";
  const bool prepared = event.statement_name.empty() && !event.extended && !event.parameters.empty();
  std::string line = fmt::format("{:x}{:x} {}", event.key.high, event.key.low, event.text);
  if (lacks.execute && (prepared || event.text.starts_with("EXECUTE "))) line = "EXECUTE";
  if (!lacks.values) line += fmt::format(" [{}] known={}", values, event.parameters_known);
  if (!lacks.protocol) {
    line += fmt::format(" {} ext={} name={} fetches={}", static_cast<int>(event.kind), event.extended,
                        event.statement_name, event.fetches);
  }
  return line;
}

std::vector<std::string> described(const std::vector<KeptEvent>& events, const Lacks& lacks,
                                   const std::set<Event::Kind>& kinds) {
  std::vector<std::string> list;
  for (const KeptEvent& event : events) {
    if (kinds.contains(event.kind)) list.push_back(described(event, lacks));
  }
  if (lacks.sessions) std::sort(list.begin(), list.end());
  return list;
}

const std::set<Event::Kind> kStatements = {Event::Kind::kExecuted, Event::Kind::kFailed};

void expect_same_statements(const std::string& log, const Lacks& lacks) {
  const ByClient truth = by_client("all.csv");
  const ByClient found = by_client(log);
  ASSERT_EQ(truth.size(), 15U);
  for (const auto& [client, events] : truth) {
    const auto same = found.find(client);
    ASSERT_NE(same, found.end()) << log << ": " << client;
    EXPECT_EQ(described(events, lacks, kStatements), described(same->second, lacks, kStatements))
        << log << ": " << client;
  }
  EXPECT_EQ(found.size(), truth.size()) << log;
}

TEST(GroundTruthEquality, EverySettingTellsTheSame) {
  for (const std::string format : {"csv", "json", "log"}) {
    expect_same_statements("all." + format, {});
    expect_same_statements("stmtall." + format + ".gz", {});
    expect_same_statements("explboth." + format + ".gz", {});
    expect_same_statements("verbose." + format + ".gz", {.long_values = true});
  }
  expect_same_statements("terse.csv.gz", {});
  expect_same_statements("terse.json.gz", {});
  expect_same_statements("terse.log.gz", {.values = true, .execute = true});
  expect_same_statements("run.syslog", {});
  expect_same_statements("run.stderr.log", {.sessions = true});
}

// auto_explain alone: what is planned has a plan, and no statement is there twice.
TEST(GroundTruthEquality, PlansAloneTellTheSame) {
  const Lacks lacks{.values = true, .protocol = true};
  const ByClient truth = by_client("all.csv");
  for (const std::string plans : {"expltext", "expljson", "explxml", "explyaml"}) {
    for (const std::string format : {"csv", "json", "log"}) {
      const std::string log = plans + "." + format + ".gz";
      const ByClient found = by_client(log);
      for (const auto& [client, events] : truth) {
        std::vector<KeptEvent> planned;
        for (const KeptEvent& event : events) {
          static const std::set<std::string> kPlanned = {"SELECT", "select", "INSERT", "insert"};
          const std::string word = event.text.substr(0, event.text.find(' '));
          if (event.kind == Event::Kind::kExecuted && kPlanned.contains(word)) planned.push_back(event);
        }
        const auto same = found.find(client);
        ASSERT_NE(same, found.end()) << log << ": " << client;
        const std::vector<std::string> got = described(same->second, lacks, {Event::Kind::kPlanOnly});
        // The cursor's statement shows when the cursor is closed.
        if (client == "cursor") {
          ASSERT_EQ(got.size(), 1U);
          EXPECT_NE(got[0].find("SELECT * FROM child"), std::string::npos);
          continue;
        }
        EXPECT_EQ(described(planned, lacks, {Event::Kind::kExecuted}), got) << log << ": " << client;
        for (const KeptEvent& event : same->second) {
          if (event.kind != Event::Kind::kPlanOnly) continue;
          EXPECT_GT(event.plan_nodes, 0) << log;
        }
      }
    }
  }
}

// One run in three formats: times and durations, too.
TEST(GroundTruthEquality, OneRunHasOneTiming) {
  for (const std::string group :
       {"all", "stmtall", "verbose", "explboth", "expltext", "expljson", "explxml", "explyaml"}) {
    const std::string ending = group == "all" ? "" : ".gz";
    const auto timing = [&](const std::string& format) {
      std::vector<std::string> list;
      for (const auto& [client, events] : by_client(group + "." + format + ending)) {
        for (const KeptEvent& event : events) {
          list.push_back(fmt::format("{} {} {} {} {} {} {}", client, static_cast<int>(event.kind), event.time,
                                     event.duration, event.prepare, event.plan_nodes, event.text));
        }
      }
      return list;
    };
    const std::vector<std::string> csv = timing("csv");
    EXPECT_EQ(csv, timing("json")) << group;
    EXPECT_EQ(csv, timing("log")) << group;
  }
}

}  // namespace
}  // namespace pgsieve
