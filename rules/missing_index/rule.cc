// missing-index: see rule.md. For every statement: which index could it use (candidate.h), does one exist
// that serves (serving.h), and what shows that its absence costs something (evidence.h).
#include <fmt/format.h>

#include <algorithm>

#include "analyzer/advisor/index_definition.h"
#include "analyzer/sql/expression_text.h"
#include "rules/common.h"
#include "rules/missing_index/evidence.h"
#include "rules/missing_index/serving.h"
#include "rules/yardstick.h"

namespace pgsieve {
namespace {

using missing_index::CandidateKey;
using missing_index::Evidence;
using missing_index::IndexCandidate;
using missing_index::Need;

std::string join_names(const IndexCandidate& candidate) {
  std::string names;
  for (const CandidateKey& key : candidate.keys) names += (names.empty() ? "" : ", ") + key.name();
  return names;
}

std::string create_index(const IndexCandidate& candidate, const Relation& relation) {
  std::string keys;
  for (const CandidateKey& key : candidate.keys) keys += (keys.empty() ? "" : ", ") + key.sql();
  const std::string method = candidate.method == "btree" ? std::string() : " USING " + candidate.method;
  return fmt::format("CREATE INDEX CONCURRENTLY ON {}{} ({});", quoted_relation(relation), method, keys);
}

// The same index as the advisor knows it: what `pgsieve index` calls it by.
IndexDefinition definition_of(const IndexCandidate& candidate, const Relation& relation) {
  IndexDefinition definition;
  definition.schema = candidate.table != nullptr ? candidate.table->schema : std::string(relation.schema);
  definition.table = relation.name;
  definition.method = candidate.method;
  for (const CandidateKey& key : candidate.keys) {
    IndexKey& added = definition.keys.emplace_back();
    added.column = key.column;
    added.expression = key.expression;
    added.opclass = key.opclass;
  }
  return definition;
}

std::string_view purpose(Need need) {
  switch (need) {
    case Need::kJoin:
      return "looks rows up by";
    case Need::kOrder:
      return "takes the first rows in the order of";
    case Need::kPrefix:
      return "searches by the beginning of";
    case Need::kSearch:
      return "searches inside";
    case Need::kRange:
    case Need::kOpenRange:
      return "reads a range of";
    default:
      return "filters by";
  }
}

Fix index_fix(const IndexCandidate& candidate, const Relation& relation) {
  Fix fix{.kind = "ddl",
          .title = fmt::format("Create a {} index on {}({})",
                               candidate.method == "btree" ? "b-tree" : candidate.method, relation.name,
                               join_names(candidate)),
          .code = create_index(candidate, relation),
          .language = "sql",
          .safety =
              "CONCURRENTLY does not block writes, can't run inside a transaction, and leaves an INVALID "
              "index behind when "
              "it fails. Every further index costs each INSERT and many an UPDATE."};
  const bool trigrams = std::ranges::any_of(
      candidate.keys, [](const CandidateKey& key) { return key.opclass == "gin_trgm_ops"; });
  if (trigrams) fix.code = "CREATE EXTENSION IF NOT EXISTS pg_trgm;\n" + fix.code;
  if (candidate.table != nullptr && !candidate.table->partition_strategy.empty())
    fix.safety +=
        " On a partitioned table CONCURRENTLY is refused: create the index on each partition, then ON ONLY "
        "the parent, "
        "and attach them.";
  return fix;
}

Finding make_finding(const Pattern& pattern, const IndexCandidate& candidate, Evidence evidence) {
  const Relation& relation = pattern.shape->relations[candidate.relation];
  const std::string names = join_names(candidate);
  Finding finding = pattern_finding("missing-index", pattern, qualified_name(relation) + "(" + names + ")");
  finding.table = qualified_name(relation);
  for (const CandidateKey& key : candidate.keys) finding.columns.push_back(key.name());
  finding.confidence = evidence.confidence;
  finding.severity =
      evidence.confidence >= Confidence::kMedium ? FindingSeverity::kWarning : FindingSeverity::kInfo;
  finding.message = fmt::format("{} {} {} with no index that serves: {}", finding.table,
                                purpose(candidate.need), names, evidence.reasons.front());
  finding.evidence = std::move(evidence.reasons);
  if (candidate.foreign_key)
    finding.evidence.push_back(candidate.keys.front().name() +
                               " is a foreign key; deleting a referenced row scans the table too");
  if (!candidate.note.empty()) finding.evidence.push_back(candidate.note);
  finding.why_not_higher = std::move(evidence.why_not_higher);
  finding.properties["method"] = candidate.method;
  std::string opclasses;
  for (const CandidateKey& key : candidate.keys)
    if (!key.opclass.empty()) opclasses += (opclasses.empty() ? "" : ", ") + key.name() + " " + key.opclass;
  if (!opclasses.empty()) finding.properties["opclass"] = opclasses;
  if (candidate.need == Need::kOr)
    finding.why_not_higher.emplace_back(
        "the other branches of the OR need an index each, or none of them is used");
  finding.fixes.push_back(index_fix(candidate, relation));
  finding.properties["ddl"] = finding.fixes.front().code;
  const IndexDefinition definition = definition_of(candidate, relation);
  finding.properties["index_id"] = definition_id(definition);
  finding.properties["index_key"] = definition_key(definition);
  finding.fixes.front().safety += fmt::format(
      " `pgsieve index show {}` weighs it against the others; `pgsieve index accept` and `reject` remember "
      "what was decided.",
      finding.properties["index_id"]);
  return finding;
}

void check_pattern(const RuleContext& context, const Pattern& pattern, double floor_ms,
                   std::vector<Finding>& findings) {
  std::vector<Finding> found;
  for (const IndexCandidate& candidate : missing_index::find_candidates(pattern, context.schema)) {
    if (candidate.keys.empty()) continue;
    const Index* serving = missing_index::serving_index(candidate, *pattern.shape);
    Evidence evidence = missing_index::weigh(candidate, pattern, context, floor_ms, serving);
    if (evidence.verdict != Evidence::Verdict::kFor) continue;
    Finding finding = make_finding(pattern, candidate, std::move(evidence));
    const bool repeated =
        std::ranges::any_of(found, [&finding](const Finding& each) { return each.object == finding.object; });
    if (!repeated) found.push_back(std::move(finding));
  }
  std::ranges::move(found, std::back_inserter(findings));
}

}  // namespace

void check_missing_index(const RuleContext& context, std::vector<Finding>& findings) {
  const double floor_ms = lookup_floor_ms(context);
  for (const auto& [key, pattern] : context.workload.patterns)
    if (pattern.calls > 0 && !pattern.shape->catalog_only && !pattern.shape->blocks.empty())
      check_pattern(context, pattern, floor_ms, findings);
}

}  // namespace pgsieve
