// A workload made of single statements with known facts, to try rules that judge one pattern at a time.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/sql/scan.h"
#include "rules/rule.h"

namespace pgsieve {

class PatternBench {
 public:
  explicit PatternBench(std::string_view ddl = {}) {
    if (ddl.empty()) return;
    Result<Schema> schema = parse_schema(ddl, "test.sql");
    EXPECT_TRUE(schema.ok());
    if (schema.ok()) schema_ = std::move(*schema);
  }

  // One statement and the time of each of its executions.
  Pattern& add(std::string_view text, std::initializer_list<double> milliseconds) {
    PatternKey key{.fingerprint = fingerprint_statement(text).hash};
    Pattern& pattern = workload.patterns[key];
    pattern.key = key;
    pattern.query = normalize_for_display(text);
    pattern.reference_text = text;
    pattern.shape = std::make_shared<const StatementShape>(draw_shape(text));
    for (const double time : milliseconds) {
      pattern.durations.add(static_cast<int64_t>(time * 1000));
      ++pattern.calls;
      ++pattern.timed_calls;
    }
    return pattern;
  }

  std::vector<Finding> run(std::string_view rule) const {
    const RuleContext context{.workload = workload, .schema = schema_, .orm = {}, .options = {}};
    const std::vector<std::string> only = {std::string(rule)};
    return run_rules(context, only);
  }

  // The findings of a rule on a single statement.
  static std::vector<Finding> judge(std::string_view rule, std::string_view ddl, std::string_view text,
                                    std::initializer_list<double> milliseconds) {
    PatternBench bench(ddl);
    bench.add(text, milliseconds);
    return bench.run(rule);
  }

  Schema& schema() { return schema_; }
  Workload workload;

 private:
  Schema schema_;
};

}  // namespace pgsieve
