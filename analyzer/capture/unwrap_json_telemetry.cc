// The journal as JSON, and OpenTelemetry's logs.
#include <fmt/format.h>

#include "analyzer/base/time.h"
#include "analyzer/capture/json_fields.h"
#include "analyzer/capture/json_vendors.h"

namespace pgsieve {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// The journal as JSON: {"MESSAGE":"…","_PID":"…","__REALTIME_TIMESTAMP":"usec"}; bytes that are no UTF-8 come
// as an array of numbers, and what is longer than 4 KB as null, but for journalctl --all. What the server
// wrote to syslog has marks and goes to the joiner; what it wrote to stderr is whole lines.
bool JsonVendors::journal(const object& record, JsonFound& found, std::string& lines) {
  std::string_view message;
  std::string bytes;
  array numbers;
  if (!get_field(record, "MESSAGE", message)) {
    element none;
    found.is_omitted = record.at_key("MESSAGE").get(none) == simdjson::SUCCESS && none.is_null() &&
                       number_field(record, "__REALTIME_TIMESTAMP") > 0;
    if (found.is_omitted) return true;
    if (!get_field(record, "MESSAGE", numbers)) return false;
    for (const element number : numbers) {
      uint64_t byte = 0;
      if (number.get(byte) == simdjson::SUCCESS) bytes += static_cast<char>(byte & 0xFF);
    }
    message = bytes;
  }
  found.time = epoch_time(number_field(record, "_SOURCE_REALTIME_TIMESTAMP"));
  if (found.time == kUnknownTime) found.time = epoch_time(number_field(record, "__REALTIME_TIMESTAMP"));
  if (first_field(record, {"_TRANSPORT"}) == "stdout") {
    append_text(message, found.time, lines);
    return true;
  }
  const std::string_view pid = first_field(record, {"_PID", "SYSLOG_PID"});
  const std::string time = format_time(found.time);
  found.is_other = !joiner_.add(time, "", pid.empty() ? "0" : pid, message, lines);
  return true;
}

namespace {

constexpr size_t kMaxNesting = 8;

void append_any_value(const object& value, size_t depth, std::string& json);

// {"values":[{"key":…,"value":{…}}]} as members of an object, each followed by a comma.
void append_members(const array& pairs, size_t depth, std::string& json) {
  for (const element item : pairs) {
    object pair, value;
    std::string_view key;
    if (item.get(pair) != simdjson::SUCCESS || !get_field(pair, "key", key) ||
        !get_field(pair, "value", value))
      continue;
    append_json_string(key, json);
    json += ':';
    append_any_value(value, depth + 1, json);
    json += ',';
  }
}

void close_list(char bracket, std::string& json) {
  if (json.ends_with(',')) json.pop_back();
  json += bracket;
}

// OTLP's AnyValue ({"stringValue":…}, {"kvlistValue":…}, …) as plain JSON.
void append_any_value(const object& value, size_t depth, std::string& json) {
  std::string_view text;
  object inner;
  array values;
  element number;
  if (get_field(value, "stringValue", text)) {
    append_json_string(text, json);
  } else if (value.at_key("intValue").get(number) == simdjson::SUCCESS &&
             number.get(text) == simdjson::SUCCESS && !text.empty() &&
             text.find_first_not_of("-0123456789") == std::string_view::npos) {
    json += text;
  } else if (value.at_key("intValue").get(number) == simdjson::SUCCESS ||
             value.at_key("doubleValue").get(number) == simdjson::SUCCESS ||
             value.at_key("boolValue").get(number) == simdjson::SUCCESS) {
    json += simdjson::minify(number);
  } else if (depth < kMaxNesting && get_field(value, "kvlistValue", inner)) {
    json += '{';
    if (get_field(inner, "values", values)) append_members(values, depth, json);
    close_list('}', json);
  } else if (depth < kMaxNesting && get_field(value, "arrayValue", inner)) {
    json += '[';
    if (get_field(inner, "values", values)) {
      for (const element item : values) {
        object one;
        if (item.get(one) != simdjson::SUCCESS) continue;
        append_any_value(one, depth + 1, json);
        json += ',';
      }
    }
    close_list(']', json);
  } else {
    json += "null";
  }
}

}  // namespace

// One log record. Its body is the line, or a map of fields that some receiver took the line apart into; then
// it is read like any record with these fields. Receivers that keep the message as the body put jsonlog's
// other fields among the attributes.
void JsonVendors::otlp_record(const object& entry, JsonFound& found, std::string& lines) {
  const Microseconds time = time_field(entry, {"timeUnixNano", "observedTimeUnixNano"});
  if (found.time == kUnknownTime) found.time = time;
  object body;
  array attributes;
  std::string_view line;
  if (!get_field(entry, "body", body)) {
    ++report_.other_records;
    return;
  }
  std::string json;
  const bool is_line = get_field(body, "stringValue", line);
  if (!is_line) {
    append_any_value(body, 0, json);
  } else if ((is_bare_message(line) || find_level(line).length == 0) && !line.starts_with('{') &&
             get_field(entry, "attributes", attributes)) {
    json = "{\"message\":";
    append_json_string(line, json);
    json += ',';
    append_members(attributes, 0, json);
    close_list('}', json);
    if (json.find("\"error_severity\":") == std::string::npos) json.clear();
  }
  if (is_line && json.empty()) return append_text(line, time, lines);
  const JsonFound inner = read_text(json, lines);
  if (inner.name.empty() || inner.is_other) ++report_.other_records;
}

// OTLP logs: an element of resourceLogs.
bool JsonVendors::otlp(const object& record, JsonFound& found, std::string& lines) {
  array scopes;
  if (!get_field(record, "scopeLogs", scopes) && !get_field(record, "instrumentationLibraryLogs", scopes))
    return false;
  for (const element scope : scopes) {
    object fields;
    array logs;
    if (scope.get(fields) != simdjson::SUCCESS ||
        (!get_field(fields, "logRecords", logs) && !get_field(fields, "logs", logs)))
      continue;
    for (const element log : logs) {
      object entry;
      if (log.get(entry) == simdjson::SUCCESS) {
        otlp_record(entry, found, lines);
      } else {
        ++report_.other_records;
      }
    }
  }
  return true;
}

}  // namespace pgsieve
