// Policy: what a team has decided about findings, applied to the findings of one run.
//
// Pure functions of findings, facts and the policy; nothing here reads a capture or prints.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "analyzer/policy/baseline.h"
#include "analyzer/workload/unit_names.h"
#include "analyzer/workload/workload.h"
#include "rules/rule.h"

namespace pgsieve {

// [[suppress]]: every condition that is set must hold.
struct Suppression {
  std::string rule, id, table, tag, test, app;  // tag: "KEY=VALUE"; test, table, tag and app may hold * and ?
  std::string sql;                              // regular expression over the normalised statement
  std::optional<std::regex> sql_expression;
  std::string reason;
  std::string issue;
  std::optional<int64_t> until;  // day_number(): the last day it holds
  std::string where;             // "pgsieve.toml:12"
};

// [[location]]: where findings belong that carry no place in the source.
struct LocationRule {
  std::map<std::string, std::string> match;  // route, test, table, rule, app or a tag → pattern with * and ?
  std::string file;
  uint64_t line = 0;
};

// [[budget]]: limits of one test, route or tagged job.
struct Budget {
  std::string test, route, tag;  // one of them; may hold * and ?; tag: "KEY=VALUE"
  std::optional<uint64_t> statements, patterns, rows;
  std::optional<double> time_ms;
  std::string where;
};

// A ratchet: "calls*2" or "calls+10": above it a known finding is worse.
struct Ratchet {
  double factor = 1;
  double addend = 0;
};
std::optional<Ratchet> parse_ratchet(std::string_view text);

struct Policy {
  std::map<std::string, FindingSeverity> severities;  // by rule
  std::map<std::string, Ratchet> ratchets;
  std::vector<Suppression> suppressions;
  std::vector<LocationRule> locations;
  std::vector<Budget> budgets;
  UnitSources unit_sources;

  bool gate = false;  // lint: baseline and --against decide what is new
  bool has_baseline = false;
  Baseline baseline;
  std::map<std::string, uint64_t> against;  // id → count, of an earlier report
  bool has_against = false;
  int64_t today = 0;
};

// What came of it, beside the standing that each finding has now.
struct Outcome {
  uint64_t fresh = 0, worse = 0, known = 0, suppressed = 0, set_up = 0;
  uint64_t stale = 0, not_exercised = 0;
  std::optional<int64_t> next_expiry;  // days until the next suppression or accepted entry in use ends
  uint64_t expiring = 0;               // how many end on that day
  bool gate = false, has_baseline = false;
  std::vector<std::string> stale_entries;  // "v1:… n-plus-one: SELECT …", one each
  std::vector<std::string> notices;        // complete sentences: unused suppressions, expired ones, …
  std::set<std::string> stale_ids;

  // "2 new, 31 known, 4 suppressed (1 expires in 9 days), 1 stale"
  std::string summary() const;
};

// Where a finding comes from: fills its tags test, route, file and line from whatever carries them (the
// loop's own source, tags under other names, [[location]]).
void attribute(const Workload& workload, const Policy& policy, Finding& finding);

// A unit, as in Workload::units, that some budget is about.
bool budgeted(const Policy& policy, const std::string& unit);

// Adds a finding of the rule "budget" for every unit that is over one of its limits.
void judge_budgets(const Workload& workload, const Policy& policy, std::vector<Finding>& findings);

// Sets severity and standing of every finding, in place. `hidden`: findings below the confidence asked for;
// they keep baseline entries from being stale.
Outcome apply(const Policy& policy, const Workload& workload, std::vector<Finding>& findings,
              const std::vector<Finding>& hidden);

// An entry's scope ran in this capture: every unit it was seen in; without units, its parent's or own
// statement.
class Exercised {
 public:
  explicit Exercised(const Workload& workload);
  bool covers(const BaselineEntry& entry) const;

 private:
  const Workload& workload_;
  std::set<std::string> forms_;  // canonical forms of all statements
};

// "*" any characters, "?" one; letter case counts.
bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace pgsieve
