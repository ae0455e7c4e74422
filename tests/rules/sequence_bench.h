// A workload made of a sequence of statements, for rules that judge what happened between statements.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/hash.h"
#include "analyzer/sql/scan.h"
#include "analyzer/workload/builder.h"
#include "rules/rule.h"

namespace pgsieve {

// What many sequences are made of: a list, one of its rows, and times a person takes between them (ms).
inline const std::string kList = "SELECT id, title FROM visits ORDER BY id LIMIT 20";
inline std::string visit(int id) {
  return "SELECT id, title, notes FROM visits WHERE id = " + std::to_string(id);
}
inline const std::vector<Microseconds> kThinkTimes = {23, 41, 35, 28, 47, 22, 50, 31, 44, 26, 38, 49, 21, 33};

class SequenceBench {
 public:
  explicit SequenceBench(std::string_view ddl = {})
      : builder_(options(ddl.empty() ? nullptr : &schema_)) {
    if (ddl.empty()) return;
    Result<Schema> schema = parse_schema(ddl, "test.sql");
    EXPECT_TRUE(schema.ok());
    if (schema.ok()) schema_ = std::move(*schema);
  }

  struct Row {
    std::vector<std::string> cells;
  };

  // One statement of 1 ms, `gap` after the last one of the session.
  void run(std::string_view text, Microseconds gap = kMillisecond, std::string_view tags = {}) {
    answer(text, gap, tags, {}, {});
  }

  // The same with its result, as the wire shows it: columns "table.column".
  void run_with_rows(std::string_view text, const std::vector<std::string>& columns,
                     const std::vector<Row>& rows, Microseconds gap = kMillisecond) {
    answer(text, gap, {}, columns, rows);
  }

  // The same with bound parameters.
  void run_bound(std::string_view text, const std::vector<std::string>& parameters,
                 Microseconds gap = kMillisecond) {
    for (const std::string& parameter : parameters)
      bound_.push_back({.text = parameter, .hash = slot_value_hash(parameter)});
    answer(text, gap, {}, {}, {});
    bound_.clear();
  }

  // From here on the parameters are not in the capture.
  void hide_parameters() { parameters_known_ = false; }

  // What follows comes by the extended protocol, was sent so, and takes so long.
  void extended(Event::Sent sent, Microseconds duration) {
    extended_ = true;
    sent_ = sent;
    duration_ = duration;
  }
  // The times of the capture are cut to this.
  void clock_step(Microseconds step) { clock_step_ = step; }

  void pause() { clock_ += 10 * kSecond; }
  void session(uint64_t id) { session_ = id; }

  std::vector<Finding> findings(std::string_view rule, std::map<std::string, std::string> options = {}) {
    const Workload workload = builder_.finish();
    const std::vector<std::string> only = {std::string(rule)};
    return run_rules({workload, schema_, {}, std::move(options)}, only);
  }

 private:
  static WorkloadOptions options(const Schema* schema) {
    WorkloadOptions options;
    options.schema = schema;
    return options;
  }

  void answer(std::string_view text, Microseconds gap, std::string_view tags,
              const std::vector<std::string>& columns, const std::vector<Row>& rows) {
    const std::string full = std::string(text) + std::string(tags);
    StatementScan scan;
    std::string scratch;
    scan_statement(full, scan, scratch);
    std::vector<ResultColumn> origins;
    for (const std::string& column : columns) {
      const std::string_view name = column;
      const size_t dot = name.find('.');
      origins.push_back({.name = name.substr(dot + 1),
                         .table_oid = 1,
                         .attribute = 1,
                         .table = name.substr(0, dot),
                         .column = name.substr(dot + 1)});
    }
    std::vector<ResultCell> cells;
    for (uint32_t row = 0; row < rows.size(); ++row)
      for (uint16_t column = 0; column < rows[row].cells.size(); ++column)
        cells.push_back({row, column, slot_value_hash(rows[row].cells[column])});
    Event event;
    event.session = session_;
    event.database = "db";
    event.user = "user";
    event.application = "app";
    clock_ += gap + duration_;
    event.time = clock_ - clock_ % clock_step_;
    event.duration = duration_;
    event.extended = extended_;
    event.sent = sent_;
    event.text = full;
    event.scan = &scan;
    event.parameters_known = parameters_known_;
    if (parameters_known_) event.parameters = bound_;
    if (!columns.empty()) {
      event.rows = static_cast<int64_t>(rows.size());
      event.columns = origins;
      event.cells = cells;
    }
    builder_.on_event(event);
  }

  Schema schema_;
  WorkloadBuilder builder_;
  std::vector<BoundValue> bound_;
  Microseconds clock_ = 1'790'000'000LL * kSecond;
  Microseconds duration_ = kMillisecond, clock_step_ = 1;
  bool extended_ = false, parameters_known_ = true;
  Event::Sent sent_ = Event::Sent::kUnknown;
  uint64_t session_ = 1;
};

}  // namespace pgsieve
