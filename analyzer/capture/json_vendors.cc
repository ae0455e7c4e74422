#include "analyzer/capture/json_vendors.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "analyzer/base/time.h"
#include "analyzer/capture/json_fields.h"

namespace pgsieve {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

namespace {

// AlloyDB puts "[file.cc:123]  " in front of the server's prefix.
std::string_view without_source_location(std::string_view text) {
  const size_t close = text.starts_with('[') ? text.substr(0, 80).find("]  ") : std::string_view::npos;
  if (close == std::string_view::npos) return text;
  const std::string_view location = text.substr(1, close - 1);
  const size_t colon = location.find(':');
  const bool file = colon != std::string_view::npos && location.substr(0, colon).find('.') < colon &&
                    location.substr(0, colon).find_first_of(" []/") == std::string_view::npos;
  const std::string_view line = location.substr(std::min(colon + 1, location.size()));
  if (!file || line.empty() || line.find_first_not_of("0123456789") != std::string_view::npos) return text;
  return text.substr(close + 3);
}

}  // namespace

void JsonVendors::append_text(std::string_view text, Microseconds time, std::string& lines) {
  text_.append(without_source_location(text), time, lines);
}

// A record with the fields of the server's jsonlog, found inside another: goes on as a line of it.
bool JsonVendors::jsonlog(const object& record, std::string& lines) {
  std::string_view severity, message;
  if (!get_field(record, "error_severity", severity) || !get_field(record, "message", message)) return false;
  lines += simdjson::minify(record);
  lines += '\n';
  report_.inner = LogFormatKind::kJson;
  return true;
}

// A result table: {"columns":[{"name":…}],"rows":[[…]]} (Log Analytics). Each row is a record.
bool JsonVendors::rows(const object& record, JsonFound& found, std::string& lines) {
  array columns, table;
  if (!get_field(record, "columns", columns) || !get_field(record, "rows", table)) return false;
  std::vector<std::string> names;
  for (const element column : columns) {
    object described;
    std::string_view name;
    if (column.get(described) == simdjson::SUCCESS) get_field(described, "name", name);
    append_json_string(name, names.emplace_back());
  }
  std::string json;
  for (const element row : table) {
    array cells;
    if (row.get(cells) != simdjson::SUCCESS) continue;
    json.clear();
    size_t column = 0;
    for (const element cell : cells) {
      if (column >= names.size()) break;
      json += json.empty() ? "{" : ",";
      json += names[column++] + ":" + simdjson::minify(cell);
    }
    if (json.empty()) continue;
    const JsonFound inner = read_text(json + "}", lines);
    if (inner.name.empty() || inner.is_other) {
      ++report_.other_records;
      continue;
    }
    found.name = inner.name;
    if (found.time == kUnknownTime) found.time = inner.time;
  }
  return !found.name.empty();
}

// Loki's answer to a query:
// {"data":{"resultType":"streams","result":[{"stream":{…},"values":[["NANOSECONDS","LINE"],…]}]}}. Newest
// first unless asked otherwise.
bool JsonVendors::loki(const object& record, JsonFound& found, std::string& lines) {
  object data;
  array streams;
  std::string_view type;
  if (!get_field(record, "data", data) || !get_field(data, "resultType", type) || type != "streams" ||
      !get_field(data, "result", streams))
    return false;
  std::vector<std::pair<uint64_t, std::string_view>> values;
  for (const element item : streams) {
    object stream;
    array list;
    if (item.get(stream) != simdjson::SUCCESS || !get_field(stream, "values", list)) continue;
    const size_t first = values.size();
    for (const element pair : list) {
      std::string_view time, line;
      if (pair.at(0).get(time) != simdjson::SUCCESS || pair.at(1).get(line) != simdjson::SUCCESS) continue;
      uint64_t nanoseconds = 0;
      std::from_chars(time.data(), time.data() + time.size(), nanoseconds);
      values.emplace_back(nanoseconds, line);
    }
    if (values.size() > first && values[first].first > values.back().first)
      std::reverse(values.begin() + static_cast<std::ptrdiff_t>(first), values.end());
  }
  std::stable_sort(values.begin(), values.end(),
                   [](const auto& left, const auto& right) { return left.first < right.first; });
  for (const auto& [time, line] : values) append_text(line, static_cast<Microseconds>(time / 1000), lines);
  found.name = "Loki";
  if (!values.empty()) found.time = static_cast<Microseconds>(values.front().first / 1000);
  return true;
}

// What a search engine gives back: {"hits":{"hits":[{"_source":{…}}]}}, or one hit a record.
bool JsonVendors::search_hits(const object& record, JsonFound& found, std::string& lines) {
  object hits, source;
  array list;
  if (get_field(record, "_source", source)) {
    found = read_nested(source, lines);
    return !found.name.empty();
  }
  if (!get_field(record, "hits", hits) || !get_field(hits, "hits", list)) return false;
  for (const element item : list) {
    object hit;
    JsonFound inner;
    if (item.get(hit) != simdjson::SUCCESS || !search_hits(hit, inner, lines)) continue;
    found.name = inner.name;
    if (found.time == kUnknownTime) found.time = inner.time;
  }
  return !found.name.empty();
}

// A syslog record as JSON: the server cut its message into numbered parts.
bool JsonVendors::syslog_part(const object& record, std::string_view text, const JsonFound& found,
                              std::string& lines) {
  std::string_view pid = first_field(record, {"procid", "PID", "pid", "PROCID", "syslog_pid", "syslogtag"});
  if (const size_t open = pid.find('['); open != std::string_view::npos)  // "postgres[7]:"
    pid = pid.substr(open + 1, pid.find(']', open) - open - 1);
  if (pid.empty() || pid.find_first_not_of("0123456789") != std::string_view::npos ||
      !EntryJoiner::is_marked(text, pid))
    return false;
  return joiner_.add(format_time(found.time), "", pid, text, lines);
}

// A line under a usual key.
bool JsonVendors::shipper(const object& record, JsonFound& found, std::string& lines) {
  const std::string_view line =
      first_field(record, {"@message", "message", "event_message", "line", "msg", "Message", "Line", "_raw",
                           "full_message", "short_message", "_line", "body", "Body"});
  if (line.data() == nullptr) {
    // Splunk: {"preview":false,"result":{"_raw":…}}; Datadog: {"id":…,"attributes":{"message":…}}.
    object inner;
    if (!get_field(record, "result", inner) && !get_field(record, "attributes", inner)) return false;
    found = read_nested(inner, lines);
    return !found.name.empty();
  }
  std::string_view value;
  // "msg" beside a level or a logger is another program's own log.
  if (line.data() == first_field(record, {"msg"}).data() &&
      first_field(record, {"level", "logger"}).data() != nullptr)
    return false;
  found.name = get_field(record, "@message", value) || number_field(record, "ingestionTime") > 0
                   ? "CloudWatch"
                   : "JSON";
  found.time = time_field(
      record, {"timestamp", "@timestamp", "time", "ts", "TimeGenerated", "_time", "Date", "_ts", "dt"});
  if (syslog_part(record, line, found, lines)) {
    found.name = "syslog";
  } else {
    append_text(line, found.time, lines);
  }
  return true;
}

JsonFound JsonVendors::read_nested(const object& record, std::string& lines) {
  JsonFound found;
  if (depth_ == kMaxDepth) return found;
  ++depth_;
  found = read(record, lines);
  --depth_;
  return found;
}

// A record made of another's parts.
JsonFound JsonVendors::read_text(std::string_view json, std::string& lines) {
  simdjson::dom::parser parser;
  object record;
  if (parser.parse(json.data(), json.size()).get(record) != simdjson::SUCCESS) {
    ++damaged_;
    return {};
  }
  return read_nested(record, lines);
}

JsonFound JsonVendors::read(const object& record, std::string& lines) {
  JsonFound found;
  std::string_view severity, portion;
  // `aws rds download-db-log-file-portion`: a part of the file as it is, which may end within a line.
  if (get_field(record, "LogFileData", portion)) {
    lines += portion;
    found.name = "JSON";
    return found;
  }
  if (log_table(record, found, lines) || parsed_metadata(record, found, lines) ||
      bare_message(record, found, lines))
    return found;
  if (get_field(record, "error_severity", severity)) {
    // At the top it is the log itself, unless it has been laid out anew.
    if ((depth_ > 0 || laid_out_) && jsonlog(record, lines)) found.name = "JSON";
    found.time = time_field(record, {"timestamp"});
  } else if (otlp(record, found, lines)) {
    found.name = "OTLP";
  } else if (docker(record, lines)) {
    found.name = "docker";
  } else if (journal(record, found, lines)) {
    found.name = "journald";
  } else if (google(record, found, lines)) {
    found.name = "Cloud Logging";
  } else if (azure(record, found, lines)) {
    found.name = "Azure";
  } else if (rows(record, found, lines) || search_hits(record, found, lines) || loki(record, found, lines) ||
             shipper(record, found, lines)) {
    return found;
  } else if (cloud_native_pg(record, found, lines)) {
    found.name = "CloudNativePG";
  }
  return found;
}

JsonFound JsonVendors::read(const array& record, std::string& lines) {
  JsonFound found;
  insights(record, found, lines);
  return found;
}

void JsonVendors::finish(std::string& lines) {
  for (std::string& piece : pieces_) {
    if (!piece.empty()) mixer_.add(&piece == &pieces_[1], piece, lines);
    piece.clear();
  }
  mixer_.finish(lines);
  joiner_.finish(lines);
}

}  // namespace pgsieve
