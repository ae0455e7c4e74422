// The clouds' log services: Google's Cloud Logging, Azure Monitor, Amazon's CloudWatch.
#include <array>

#include "analyzer/base/time.h"
#include "analyzer/capture/json_fields.h"
#include "analyzer/capture/json_vendors.h"

namespace pgsieve {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// Cloud SQL and AlloyDB: {"insertId":…,"textPayload":"…"} or {"jsonPayload":{"message":"…"}}. A jsonPayload
// may hold a whole record of another kind: jsonlog or CloudNativePG's, of a container.
bool JsonVendors::google(const object& record, JsonFound& found, std::string& lines) {
  std::string_view payload;
  object json;
  const Microseconds time = time_field(record, {"timestamp", "receiveTimestamp"});
  const bool fields = get_field(record, "jsonPayload", json);
  const bool line =
      fields && !get_field(json, "error_severity", payload) && get_field(json, "message", payload);
  if (line || get_field(record, "textPayload", payload)) {
    found.time = time;
    // A long entry comes in several records of one time, and only the first has the server's prefix.
    const bool part = time != kUnknownTime && time == text_time_ && !payload.starts_with('\t') &&
                      !payload.starts_with('[') && parse_time(payload).length == 0 &&
                      find_level(payload).length == 0;
    text_time_ = time;
    if (part) {
      lines += '\t';
      append_entry(payload, "", lines);
    } else {
      append_text(payload, time, lines);
    }
    return true;
  }
  if (fields) {
    const JsonFound inner = read_nested(json, lines);
    found.is_other = inner.name.empty() || inner.is_other;
    found.time = inner.time == kUnknownTime ? time : inner.time;
    return true;
  }
  if (!get_field(record, "insertId", payload)) return false;
  found.is_other = true;
  return true;
}

namespace {

// "2026-11-22 10:00:00 UTC [pid] LEVEL:  " for a message that comes without a prefix.
std::string made_up_prefix(const object& fields, Microseconds time, std::string_view severity) {
  uint64_t pid = 0;
  for (const std::string_view key :
       {"record_process_id_s", "processId_d", "processId", "record_process_id_d", "ProcessId"}) {
    if (pid == 0) pid = number_field(fields, key);
  }
  return format_time(time) + " [" + std::to_string(pid) + "] " + std::string(severity) + ":  ";
}

}  // namespace

// Azure: diagnostics {"properties":{"message":"<prefix>LOG:  …","detail":"…","errorLevel":…}} and Log
// Analytics rows with the same fields as "record_message_s", … Where the message has no level word, the
// fields make the line.
bool JsonVendors::azure(const object& record, JsonFound& found, std::string& lines) {
  object fields;
  if (!get_field(record, "properties", fields)) fields = record;
  const std::string_view message =
      first_field(fields, {"record_message_s", "message_s", "message", "Message"});
  const std::string_view severity = first_field(
      fields, {"record_errorLevel_s", "record_error_severity_s", "errorLevel_s", "errorLevel", "ErrorLevel"});
  const bool named = first_field(fields, {"record_message_s", "message_s"}).data() != nullptr;
  if (message.empty() || (severity.empty() && !named)) return false;
  found.time = time_field(fields, {"timestamp", "record_log_time_s", "timestamp_s"});
  if (found.time == kUnknownTime)
    found.time = time_field(record, {"time", "TimeGenerated", "TimeGenerated [UTC]"});
  const std::string_view own_prefix = first_field(fields, {"prefix_s", "prefix"});
  std::string whole;
  LevelWord level = is_bare_message(message) ? LevelWord() : find_level(message);
  if (level.length == 0 && !severity.empty()) {
    whole = own_prefix.empty() ? made_up_prefix(fields, found.time, severity)
                               : std::string(own_prefix) + std::string(severity) + ":  ";
  } else if (!message.starts_with(own_prefix)) {
    whole = own_prefix;
  }
  whole += message;
  while (whole.ends_with('\n')) whole.pop_back();
  level = find_level(whole);
  const std::string head = whole.substr(0, level.at);
  static constexpr std::pair<std::string_view, std::array<std::string_view, 4>> kFurther[] = {
      {"DETAIL:  ", {"record_detail_s", "detail_s", "detail", "Detail"}},
      {"HINT:  ", {"record_hint_s", "hint_s", "hint", "Hint"}},
      {"CONTEXT:  ", {"record_context_s", "context_s", "context", "Context"}},
      {"STATEMENT:  ", {"record_query_s", "query_s", "query", "statement"}}};
  std::string further;
  for (const auto& [word, keys] : kFurther) {
    const std::string_view value = first_field(fields, {keys[0], keys[1], keys[2], keys[3]});
    if (!value.empty() && whole.find(value) == std::string::npos)
      append_entry(head + std::string(word) + std::string(value), "", further);
  }
  append_text(whole, found.time, lines);
  lines += further;
  return true;
}

// A row of CloudWatch Logs Insights: [{"field":"@timestamp","value":"…"},{"field":"@message","value":"…"}].
bool JsonVendors::insights(const array& fields, JsonFound& found, std::string& lines) {
  std::string_view message;
  for (const element item : fields) {
    object pair;
    std::string_view name, value;
    if (item.get(pair) != simdjson::SUCCESS || !get_field(pair, "field", name) ||
        !get_field(pair, "value", value))
      continue;
    if (name == "@message") message = value;
    if (name == "@timestamp") found.time = parse_time(value).time;
  }
  if (message.data() == nullptr) return false;
  found.name = "CloudWatch";
  append_text(message, found.time, lines);
  return true;
}

}  // namespace pgsieve
