#include "tests/rules/scenario_stream.h"

#include <algorithm>
#include <fstream>

namespace pgsieve::testing {

namespace {

using nlohmann::json;

struct Timed {
  Microseconds end = 0;
  const json* event = nullptr;
  std::string prefix;
};

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void emit(const Timed& timed, bool with_rows, EventSink& sink) {
  const json& source = *timed.event;
  const std::string text = source.at("sql").get<std::string>();
  StatementScan scan;
  std::string scratch;
  scan_statement(text, scan, scratch);
  std::vector<std::string> values;
  for (const json& parameter : source.value("p", json::array())) values.push_back(text_of(parameter));
  std::vector<BoundValue> bound(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    bound[i].text = values[i];
    bound[i].hash = slot_value_hash(values[i]);
  }
  std::vector<std::string> names;
  std::vector<ResultColumn> columns;
  std::vector<ResultCell> cells;
  const std::string application = source.value("app", "app");
  Event event;
  event.kind = source.contains("err") && !source["err"].is_null() && source["err"] != false
                   ? Event::Kind::kFailed
                   : Event::Kind::kExecuted;
  event.session = hash64(timed.prefix + text_of(source.at("s")));
  event.application = application;
  event.database = "db";
  event.user = "user";
  event.time = timed.end;
  event.duration = static_cast<Microseconds>(source.value("d", 1.0) * 1000.0);
  event.text = text;
  event.scan = &scan;
  event.parameters = bound;
  event.parameters_known = true;
  event.extended = !bound.empty();
  if (with_rows) {
    const json rows = source.value("rows", json::array());
    const json origins = source.value("cols", json::array());
    event.rows = static_cast<int64_t>(rows.size());
    names.reserve(origins.size() * 2);
    for (const json& origin : origins) {
      ResultColumn column;
      if (origin.is_array() && origin.size() == 2 && origin[0].is_string() && origin[1].is_string()) {
        column.table = names.emplace_back(origin[0].get<std::string>());
        column.column = names.emplace_back(origin[1].get<std::string>());
        column.name = column.column;
        column.table_oid = static_cast<uint32_t>(hash64(column.table)) | 1U;
        column.attribute = static_cast<uint16_t>(hash64(column.column) | 1U);
      }
      columns.push_back(column);
    }
    for (size_t row = 0; row < rows.size(); ++row) {
      for (size_t at = 0; at < rows[row].size() && at < columns.size(); ++at) {
        if (rows[row][at].is_null()) continue;
        cells.push_back(
            {static_cast<uint32_t>(row), static_cast<uint16_t>(at), slot_value_hash(text_of(rows[row][at]))});
      }
    }
    event.columns = columns;
    event.cells = cells;
  }
  sink.on_event(event);
}

void collect(const Scenario& scenario, Microseconds shift, const std::string& prefix,
             std::vector<Timed>& events) {
  constexpr Microseconds kEpoch = 1'790'000'000LL * kSecond;
  for (const json& event : scenario.events) {
    const double end_ms = event.at("t").get<double>() + event.value("d", 1.0);
    events.push_back({kEpoch + shift + static_cast<Microseconds>(end_ms * 1000.0), &event, prefix});
  }
}

void run(std::vector<Timed>& events, bool with_rows, EventSink& sink) {
  std::stable_sort(events.begin(), events.end(),
                   [](const Timed& left, const Timed& right) { return left.end < right.end; });
  for (const Timed& event : events) emit(event, with_rows, sink);
}

}  // namespace

std::vector<Scenario> load_scenarios() {
  std::ifstream file(std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/scenarios/scenarios.json");
  std::vector<Scenario> scenarios;
  json all = json::parse(file);
  for (json& entry : all) {
    scenarios.push_back(
        {entry.at("id"), entry.at("verdict"), entry.at("desc"), std::move(entry.at("events"))});
  }
  return scenarios;
}

void play(const Scenario& scenario, bool with_rows, EventSink& sink, Microseconds shift,
          const std::string& prefix) {
  std::vector<Timed> events;
  collect(scenario, shift, prefix, events);
  run(events, with_rows, sink);
}

void play_together(const std::vector<Scenario>& scenarios, const std::vector<Microseconds>& offsets,
                   bool with_rows, EventSink& sink) {
  std::vector<Timed> events;
  for (size_t i = 0; i < scenarios.size(); ++i)
    collect(scenarios[i], offsets[i], scenarios[i].id + "/", events);
  run(events, with_rows, sink);
}

}  // namespace pgsieve::testing
