// The contract between rules and the rest: a rule is a pure function from facts to findings.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/shared_text.h"
#include "analyzer/schema/schema.h"
#include "analyzer/workload/seen_columns.h"
#include "analyzer/workload/seen_references.h"
#include "analyzer/workload/workload.h"

namespace pgsieve {

enum class FindingSeverity : uint8_t { kInfo, kWarning, kError };
enum class Confidence : uint8_t { kLow, kMedium, kHigh, kProved };
std::string_view severity_name(FindingSeverity severity);  // "info", "warning", "error"
std::string_view confidence_name(Confidence confidence);   // "low", "medium", "high", "proved"
bool confidence_from_name(std::string_view name, Confidence& out);

// One way out. `kind`: "sql", "orm", "ddl", "advice".
struct Fix {
  std::string kind;
  std::string title;     // "Eager-load the posts with the users"
  std::string code;      // SQL, DDL or source code; may be empty for advice
  std::string language;  // "sql", "python", "ruby", "php", "java", "typescript", "go", "elixir", "csharp"
  std::string safety;    // what to check before applying it
};

// What a team has decided about a finding. Rules leave it alone: a finding is new until something says
// otherwise.
enum class Standing : uint8_t { kNew, kWorse, kKnown, kSuppressed };
std::string_view standing_name(Standing standing);  // "new", "worse", "known", "suppressed"

// A level of a chain of loops: users → posts → comments.
struct ChainLink {
  PatternKey pattern;
  SharedText query;
  std::string table;
  uint64_t count = 0;
};

struct Finding {
  std::string rule;  // "n-plus-one"
  FindingSeverity severity = FindingSeverity::kWarning;
  Confidence confidence = Confidence::kMedium;
  std::string id;      // finding_id() of rule, query, parent_query and object; set by run_rules()
  std::string object;  // tells several findings of one rule on one statement apart: "orders(customer_id)"
  PatternKey pattern;  // the statement it is about
  SharedText query;    // normalised; shared with the pattern, like every text of traffic here
  PatternKey parent;
  SharedText parent_query;   // empty: none
  uint64_t count = 0;        // executions that make it a finding
  std::string table;         // main table, as written ("" unknown)
  std::vector<std::string> columns;
  std::string message;                      // one sentence, with the numbers
  std::vector<std::string> evidence;        // sentences, strongest first
  std::vector<std::string> why_not_higher;  // what would raise the confidence
  std::vector<Fix> fixes;                   // best first
  std::map<std::string, std::string>
      tags;  // where it comes from: controller, action, route, test, file, line, application
  std::map<std::string, std::string> properties;  // further machine-readable facts, e.g. index method
  double time_ms = 0;                             // time lost to it, as seen
  uint64_t scopes = 0;                            // requests / transactions / sessions it was seen in
  SharedText sample;     // a real statement with its values (empty when values are not kept)
  std::string chain_id;  // findings of one chain of loops share it, and the text report shows them as one;
                         // set by run_rules()
  std::vector<ChainLink> chain;  // root parent first, this statement last
  Standing standing = Standing::kNew;
  std::string standing_note;  // why: a reason somebody gave, what it was before
};

class RuleMemo;
std::shared_ptr<RuleMemo> make_rule_memo();

struct RuleContext {
  const Workload& workload;
  const Schema& schema;                               // may be empty()
  std::string orm;                                    // forced by --orm; empty: recognised
  std::map<std::string, std::string> options;         // "rule.option" → value
  unsigned threads = 1;                               // that a rule may use
  std::shared_ptr<RuleMemo> memo = make_rule_memo();  // of this run, for one thread; never null
  std::shared_ptr<const Schema> seen = seen_under_stars(workload, schema);  // null: no such table
  std::shared_ptr<const SeenReferences> references = seen_references(workload);  // never null
  double option(std::string_view name, double otherwise) const;
  const Schema* known_schema() const { return schema.empty() ? nullptr : &schema; }
};

struct Rule {
  std::string_view name;     // "n-plus-one"
  std::string_view summary;  // one line
  void (*check)(const RuleContext& context, std::vector<Finding>& findings);
};

// Every rule, in the order they are documented. A rule may read what rules before it found (e.g. unpaginated
// leaves N+1 children alone).
std::span<const Rule> all_rules();

// Runs the named rules (empty: all) and returns their findings, worst first: severity, confidence, time, then
// id.
std::vector<Finding> run_rules(const RuleContext& context, std::span<const std::string> only = {},
                               std::span<const std::string> skip = {});

// The stable identity of a finding, "v1:" and 12 characters: a hash of the rule and of the canonical forms
// (analyzer/sql/canonical.h) of the statement and its parent. The version is kCanonicalVersion. Equal
// findings of one run are one: their executions, scopes and times are added up.
std::string finding_id(std::string_view rule, std::string_view query, std::string_view parent_query = {},
                       std::string_view object = {});

}  // namespace pgsieve
