// Workloads and planners for tests of the advisor.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/advisor/candidate.h"
#include "analyzer/advisor/planner.h"
#include "analyzer/schema/resolve_columns.h"
#include "analyzer/sql/scan.h"
#include "analyzer/workload/workload.h"

namespace pgsieve::testing {

inline Schema schema_from(std::string_view ddl) {
  Result<Schema> schema = parse_schema(ddl, "test.sql");
  EXPECT_TRUE(schema.ok());
  return schema.ok() ? std::move(*schema) : Schema();
}

// One statement, executed `calls` times in `ms` each, always with the values in its text.
inline Pattern pattern_of(std::string_view text, uint64_t calls = 10, double ms = 100) {
  Pattern pattern;
  pattern.key.fingerprint = fingerprint_statement(text).hash;
  pattern.query = normalize_for_display(text);
  pattern.reference_text = std::string(text);
  pattern.reference_time = 1;
  pattern.shape = std::make_shared<const StatementShape>(draw_shape(text));
  pattern.calls = calls;
  if (ms > 0) {
    pattern.timed_calls = calls;
    pattern.durations.add(static_cast<int64_t>(ms * 1000), calls);
  }
  for (uint64_t i = 0; i < std::min<uint64_t>(calls, 4); ++i)
    pattern.samples.add(i, {.duration = static_cast<Microseconds>(ms * 1000),
                            .time = static_cast<Microseconds>(i),
                            .text = std::string(text),
                            .parameters = {}});
  return pattern;
}

inline void add(Workload& workload, Pattern pattern) {
  workload.patterns[pattern.key] = std::move(pattern);
}

// SQL of the candidates of one statement.
inline std::vector<std::string> candidates_of(std::string_view statement, const Schema& schema,
                                              const Statistics& statistics = {},
                                              const CandidateOptions& options = {}) {
  Pattern pattern = pattern_of(statement);
  pattern.shape = std::make_shared<const StatementShape>(resolve_columns(*pattern.shape, schema));
  const ConditionContext context{.schema = schema, .statistics = statistics};
  std::vector<std::string> sql;
  for (const Candidate& candidate : find_candidates(pattern, context, {}, options).candidates)
    sql.push_back(create_index_sql(candidate.index));
  return sql;
}

// Answers from a function of (statement, names of what is offered): cost and what is used.
class TablePlanner final : public WhatIfPlanner {
 public:
  struct Answer {
    double cost;
    std::vector<std::string> used;  // SQL of the keys: "a, b"
  };
  using Ask = std::function<Answer(const std::string& statement, const std::set<std::string>& offered)>;
  explicit TablePlanner(Ask ask) : ask_(std::move(ask)) {}

  static std::string keys_of(const IndexDefinition& definition) {
    std::string keys;
    for (const IndexKey& key : definition.keys) keys += (keys.empty() ? "" : ", ") + key_sql(key);
    return keys;
  }

  Result<PlanAnswer> plan(std::string_view statement, std::span<const IndexDefinition> offered) override {
    ++calls_;
    std::set<std::string> names;
    for (const IndexDefinition& each : offered) names.insert(keys_of(each));
    const auto [fresh, inserted] = asked.insert({std::string(statement), names});
    EXPECT_TRUE(inserted) << "asked twice: " << *fresh->second.begin();
    const Answer answer = ask_(std::string(statement), names);
    PlanAnswer made;
    made.cost = answer.cost;
    made.rows = 1;
    for (size_t i = 0; i < offered.size(); ++i)
      if (std::ranges::find(answer.used, keys_of(offered[i])) != answer.used.end()) made.used.push_back(i);
    if (answer.used.empty()) made.scanned.emplace_back("t");
    return made;
  }
  bool can_imagine(const IndexDefinition& definition) override { return definition.method == "btree"; }
  double size_bytes(const IndexDefinition& definition) override {
    return 1e6 * static_cast<double>(definition.keys.size() + definition.include.size());
  }
  std::string describe() const override { return "a table of answers"; }
  uint64_t calls() const override { return calls_; }

  std::set<std::pair<std::string, std::set<std::string>>> asked;

 private:
  Ask ask_;
  uint64_t calls_ = 0;
};

}  // namespace pgsieve::testing
