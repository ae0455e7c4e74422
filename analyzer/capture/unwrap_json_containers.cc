// Containers: docker's json-file and CloudNativePG's records.
#include "analyzer/capture/json_fields.h"
#include "analyzer/capture/json_vendors.h"

namespace pgsieve {

using simdjson::dom::array;
using simdjson::dom::object;

// docker's json-file: {"log":"…\n","stream":"stderr","time":"…"}. Lines longer than 16 KiB come in pieces
// that lack the "\n".
bool JsonVendors::docker(const object& record, std::string& lines) {
  std::string_view log, stream;
  if (!get_field(record, "log", log)) return false;
  get_field(record, "stream", stream);
  const bool standard_error = stream == "stderr";
  std::string& piece = pieces_[standard_error ? 1 : 0];
  const bool more = !log.ends_with('\n') &&
                    (log.size() >= 16'000 || first_field(record, {"logtag", "partial_message"}) == "P" ||
                     first_field(record, {"partial_message"}) == "true");
  if (piece.size() + log.size() > Unwrapper::kMaxRecordBytes) {
    ++damaged_;
    piece.clear();
  }
  piece += log;
  if (more) return true;
  if (piece.ends_with('\n')) piece.pop_back();
  mixer_.add(standard_error, piece, lines);
  piece.clear();
  return true;
}

namespace {

// A row of a csvlog, its columns under the names that PostgreSQL's documentation gives them: goes on as
// jsonlog. NULL is empty, or what exporters write for it.
void append_row(const object& row, std::string& lines) {
  static constexpr std::pair<std::string_view, std::string_view> kColumns[] = {
      {"log_time", "timestamp"},
      {"user_name", "user"},
      {"database_name", "dbname"},
      {"process_id", "pid"},
      {"connection_from", "remote_host"},
      {"session_id", "session_id"},
      {"session_line_num", "line_num"},
      {"command_tag", "ps"},
      {"session_start_time", "session_start"},
      {"virtual_transaction_id", "vxid"},
      {"transaction_id", "txid"},
      {"error_severity", "error_severity"},
      {"sql_state_code", "state_code"},
      {"message", "message"},
      {"detail", "detail"},
      {"hint", "hint"},
      {"internal_query", "internal_query"},
      {"context", "context"},
      {"query", "statement"},
      {"application_name", "application_name"},
      {"backend_type", "backend_type"},
      {"query_id", "query_id"}};
  std::string_view value;
  std::string line = "{";
  for (const auto& [column, key] : kColumns) {
    if (!get_field(row, column, value)) {
      const uint64_t number = number_field(row, column);
      if (number == 0) continue;
      line.append(line.size() > 1 ? ",\"" : "\"").append(key).append("\":").append(std::to_string(number));
      continue;
    }
    if (value.empty() || value == "\\N" || value == "NULL" || value == "[NULL]") continue;
    if (line.size() > 1) line += ',';
    const bool numeric = key == "pid" || key == "line_num" || key == "query_id";
    line.append("\"").append(key).append("\":");
    if (numeric && value.find_first_not_of("-0123456789") == std::string_view::npos) {
      line += value;
    } else {
      append_json_string(key == "remote_host" ? value.substr(0, value.rfind(':')) : value, line);
    }
  }
  lines += line + "}\n";
}

}  // namespace

// {"logger":"postgres","msg":"record","record":{csvlog columns, all strings}}: goes on as jsonlog.
bool JsonVendors::cloud_native_pg(const object& record, JsonFound& found, std::string& lines) {
  object row;
  if (!get_field(record, "record", row)) {
    std::string_view logger, message;
    if (!get_field(record, "logger", logger) &&
        !(get_field(record, "level", message) && get_field(record, "msg", message)))
      return false;
    found.is_other = true;
    return true;
  }
  std::string_view value;
  if (!get_field(row, "error_severity", value)) {
    found.is_other = true;
    return true;
  }
  append_row(row, lines);
  found.time = time_field(row, {"log_time"});
  report_.inner = LogFormatKind::kJson;
  return true;
}

// A table that holds a csvlog (the one of PostgreSQL's documentation, or a foreign table of file_fdw), as CSV
// with a header or as JSON.
bool JsonVendors::log_table(const object& record, JsonFound& found, std::string& lines) {
  std::string_view value;
  if (!get_field(record, "log_time", value) || !get_field(record, "error_severity", value) ||
      !get_field(record, "message", value))
    return false;
  append_row(record, lines);
  found.name = "table";
  found.time = time_field(record, {"log_time"});
  report_.inner = LogFormatKind::kJson;
  return true;
}

namespace {

// The object under the key, or the first of the array under it.
bool get_first(const object& from, std::string_view key, object& value) {
  array list;
  return get_field(from, key, value) ||
         (get_field(from, key, list) && list.size() > 0 && list.at(0).get(value) == simdjson::SUCCESS);
}

}  // namespace

// Supabase: {"event_message":MESSAGE,"timestamp":…,"metadata":[{"parsed":[{csvlog columns}]}]}, as its API,
// its exports and its drains have it (the brackets come and go). The statement's text is in the message.
bool JsonVendors::parsed_metadata(const object& record, JsonFound& found, std::string& lines) {
  object metadata, parsed;
  std::string_view message, severity, time;
  if (!get_field(record, "event_message", message) || !get_first(record, "metadata", metadata) ||
      !get_first(metadata, "parsed", parsed) || !get_field(parsed, "error_severity", severity) ||
      (!is_bare_message(message) && find_level(message).length > 0))
    return false;
  found.time = time_field(record, {"timestamp"});
  std::string row;
  append_row(parsed, row);
  lines += "{\"timestamp\":";
  append_json_string(get_field(parsed, "timestamp", time) ? std::string(time) : format_time(found.time),
                     lines);
  lines += ",\"message\":";
  append_json_string(message, lines);
  lines.append(",").append(row, 1, row.size() - 1);
  found.name = "table";
  report_.inner = LogFormatKind::kJson;
  return true;
}

// The same without "parsed", as the log explorer of its web pages exports it: {"event_message":MESSAGE,
// "id":…,"timestamp":…}, perhaps with some of the csvlog's columns beside. Nothing tells sessions apart.
bool JsonVendors::bare_message(const object& record, JsonFound& found, std::string& lines) {
  std::string_view message, severity;
  if (!get_field(record, "event_message", message) ||
      (!is_bare_message(message) && find_level(message).length > 0))
    return false;
  found.name = "table";
  found.time = time_field(record, {"timestamp", "postgres_logs.timestamp"});
  severity = first_field(record, {"error_severity", "parsed.error_severity"});
  const bool own = severity.data() != nullptr || is_bare_message(message);
  found.is_other = !own;
  if (!own) return true;
  std::string row;
  append_row(record, row);
  lines += "{\"timestamp\":";
  append_json_string(format_time(found.time), lines);
  lines += ",\"message\":";
  append_json_string(message, lines);
  if (row.find("\"error_severity\"") == std::string::npos) {
    lines += ",\"error_severity\":";
    append_json_string(severity.data() == nullptr ? "LOG" : severity, lines);
  }
  if (row.size() > 3) lines += ",";
  lines.append(row, 1, row.size() - 1);
  report_.inner = LogFormatKind::kJson;
  return true;
}

}  // namespace pgsieve
