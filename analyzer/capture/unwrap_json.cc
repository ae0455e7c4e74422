// Logs inside JSON records: docker's json-file, CloudNativePG, Cloud SQL and AlloyDB, CloudWatch, Azure, the
// journal, OTLP logs, and shippers that put the line under "message". Which it is shows in the keys of each
// record; JsonRecords finds the records.
//
// Exports often come newest first. When the first records say so, everything is put aside in a temporary file
// and handed out backwards.
#include <simdjson.h>

#include <array>

#include "analyzer/capture/entry_joiner.h"
#include "analyzer/capture/json_records.h"
#include "analyzer/capture/reverse_spool.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

bool get(const object& from, std::string_view key, std::string_view& value) {
  return from.at_key(key).get(value) == simdjson::SUCCESS;
}
bool get(const object& from, std::string_view key, object& value) {
  return from.at_key(key).get(value) == simdjson::SUCCESS;
}
bool get(const object& from, std::string_view key, array& value) {
  return from.at_key(key).get(value) == simdjson::SUCCESS;
}

// The first of the keys that holds a string.
std::string_view first_of(const object& from, std::initializer_list<std::string_view> keys) {
  std::string_view value;
  for (const std::string_view key : keys) {
    if (get(from, key, value)) return value;
  }
  return {};
}

// A number or a string of digits under the key; 0: neither.
uint64_t number_of(const object& from, std::string_view key) {
  element value;
  if (from.at_key(key).get(value) != simdjson::SUCCESS) return 0;
  uint64_t number = 0;
  double real = 0;
  std::string_view text;
  if (value.get(number) == simdjson::SUCCESS) return number;
  if (value.get(real) == simdjson::SUCCESS) return real > 0 && real < 1e19 ? static_cast<uint64_t>(real) : 0;
  if (value.get(text) != simdjson::SUCCESS) return 0;
  for (const char c : text.substr(0, 19)) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  return number;
}

// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size.
Microseconds epoch_time(uint64_t number) {
  if (number == 0) return kUnknownTime;
  if (number < 100'000'000'000ULL) return static_cast<Microseconds>(number) * kSecond;
  if (number < 100'000'000'000'000ULL) return static_cast<Microseconds>(number) * kMillisecond;
  if (number < 100'000'000'000'000'000ULL) return static_cast<Microseconds>(number);
  return static_cast<Microseconds>(number / 1000);
}

Microseconds time_of(const object& record, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    std::string_view text;
    if (get(record, key, text)) {
      const ParsedTime parsed = parse_time(text);
      if (parsed.length > 0) return parsed.time;
    }
    const Microseconds time = epoch_time(number_of(record, key));
    if (time != kUnknownTime) return time;
  }
  return kUnknownTime;
}

// What one record holds.
struct Found {
  std::string_view name;  // of the wrapper; empty: none of ours
  Microseconds time = kUnknownTime;
  bool is_other = false;  // another program's record in one of our wrappers
};

void append_json_string(std::string_view text, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

// Whether a line's head, up to its level word, has a time in it.
bool head_has_time(std::string_view head) {
  for (size_t i = 0; i + 10 < head.size(); ++i) {
    if (head[i] >= '0' && head[i] <= '9' && parse_time(head.substr(i)).length > 0) return true;
    if (head[i] == '.' && i >= 10 &&
        head.substr(i - 10, 10).find_first_not_of("0123456789") == std::string_view::npos)
      return true;
  }
  return false;
}

class JsonUnwrapper final : public Unwrapper {
 public:
  explicit JsonUnwrapper(UnwrapReport& report) : report_(report), records_(kMaxRecordBytes) {}

  void feed(std::string_view bytes, std::string& out) override {
    records_.feed(bytes, [&](std::string_view json) { take(json, out); });
    offset_ += bytes.size();
    count_oversized();
  }

  bool finish(std::string& out) override {
    if (!finished_) {
      finished_ = true;
      if (records_.inside()) damaged();
      for (std::string& piece : pieces_) {
        if (!piece.empty()) deliver(piece + "\n", kUnknownTime, out);
        piece.clear();
      }
      scratch_.clear();
      joiner_.finish(scratch_);
      if (!scratch_.empty()) deliver(scratch_, kUnknownTime, out);
      release_held(out);
    }
    if (!reversing_) return false;
    return spool_.read_back(out);
  }

  // What the record is; its lines go to `lines`.
  Found read(const object& record, std::string& lines);

  bool insights(const array& fields, Found& found, std::string& lines);

 private:
  void take(std::string_view json, std::string& out);
  void deliver(const std::string& lines, Microseconds time, std::string& out);
  void release_held(std::string& out);
  void damaged() {
    if (report_.damaged_records++ == 0) report_.damaged_offset = offset_;
  }
  void count_oversized() {
    for (; oversized_ < records_.oversized(); ++oversized_) damaged();
  }

  void text(std::string_view text, Microseconds time, std::string& lines);
  bool docker(const object& record, std::string& lines);
  bool cloud_native_pg(const object& record, Found& found, std::string& lines);
  bool google(const object& record, Found& found, std::string& lines);
  bool azure(const object& record, Found& found, std::string& lines);
  bool journal(const object& record, Found& found, std::string& lines);
  bool otlp(const object& record, Found& found, std::string& lines);

  UnwrapReport& report_;
  JsonRecords records_;
  simdjson::dom::parser parser_;
  uint64_t offset_ = 0, oversized_ = 0;
  std::array<std::string, 2> pieces_;  // docker: of stdout, of stderr
  EntryJoiner joiner_;
  std::string scratch_;

  // Order: until it is known, records wait in held_.
  static constexpr size_t kHeldRecords = 64;
  std::vector<std::string> held_;
  Microseconds last_time_ = kUnknownTime;
  size_t newer_ = 0, older_ = 0;
  bool order_known_ = false, reversing_ = false, finished_ = false;
  ReverseSpool spool_;
};

void JsonUnwrapper::take(std::string_view json, std::string& out) {
  element root;
  if (parser_.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return damaged();
  scratch_.clear();
  Found found;
  object record;
  array fields;
  if (root.get(record) == simdjson::SUCCESS) {
    found = read(record, scratch_);
  } else if (root.get(fields) == simdjson::SUCCESS) {
    insights(fields, found, scratch_);
  }
  if (found.name.empty() || found.is_other) {
    ++report_.other_records;
    report_.other_bytes += json.size();
    return;
  }
  if (!scratch_.empty()) deliver(std::string(scratch_), found.time, out);
}

void JsonUnwrapper::deliver(const std::string& lines, Microseconds time, std::string& out) {
  if (order_known_) {
    if (!reversing_) {
      out += lines;
    } else if (!spool_.add(lines)) {
      damaged();
    }
    return;
  }
  if (time != kUnknownTime) {
    if (last_time_ != kUnknownTime && time > last_time_) ++newer_;
    if (last_time_ != kUnknownTime && time < last_time_) ++older_;
    last_time_ = time;
  }
  held_.push_back(lines);
  if (held_.size() >= kHeldRecords) release_held(out);
}

void JsonUnwrapper::release_held(std::string& out) {
  if (order_known_) return;
  order_known_ = true;
  reversing_ = older_ > newer_ * 4;
  if (reversing_ && !spool_.open()) reversing_ = false;
  if (reversing_) report_.warning = "The export is newest first; it was read backwards.";
  for (const std::string& lines : held_) deliver(lines, kUnknownTime, out);
  held_.clear();
}

// A text line or entry: goes on as it is, with the record's time in front when its prefix has none.
void JsonUnwrapper::text(std::string_view text, Microseconds time, std::string& lines) {
  // AlloyDB puts "[file.cc:123]  " in front.
  if (text.starts_with('[')) {
    const size_t close = text.substr(0, 80).find("] ");
    if (close != std::string_view::npos && text.substr(0, close).find(".cc:") != std::string_view::npos) {
      text.remove_prefix(std::min(text.find_first_not_of(' ', close + 1), text.size()));
    }
  }
  if (text.empty()) return;
  const LevelWord level = find_level(text);
  const bool stamped = level.length == 0 || time == kUnknownTime || text.starts_with('\t') ||
                       head_has_time(text.substr(0, level.at));
  append_entry(text, stamped ? "" : format_time(time) + " ", lines);
}

// docker's json-file: {"log":"…\n","stream":"stderr","time":"…"}. Lines longer than 16 KiB come in pieces
// that lack the "\n".
bool JsonUnwrapper::docker(const object& record, std::string& lines) {
  std::string_view log, stream;
  if (!get(record, "log", log)) return false;
  get(record, "stream", stream);
  std::string& piece = pieces_[stream == "stderr" ? 1 : 0];
  const bool more = !log.ends_with('\n') &&
                    (log.size() >= 16'000 || first_of(record, {"logtag", "partial_message"}) == "P" ||
                     first_of(record, {"partial_message"}) == "true");
  if (piece.size() + log.size() > kMaxRecordBytes) {
    damaged();
    piece.clear();
  }
  piece += log;
  if (more) return true;
  lines += piece;
  if (!lines.ends_with('\n')) lines += '\n';
  piece.clear();
  return true;
}

// {"logger":"postgres","msg":"record","record":{csvlog columns, all strings}}: goes on as jsonlog.
bool JsonUnwrapper::cloud_native_pg(const object& record, Found& found, std::string& lines) {
  object row;
  if (!get(record, "record", row)) {
    std::string_view logger, message;
    if (!get(record, "logger", logger) && !(get(record, "level", message) && get(record, "msg", message)))
      return false;
    found.is_other = true;
    return true;
  }
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
  if (!get(row, "error_severity", value)) {
    found.is_other = true;
    return true;
  }
  lines += '{';
  for (const auto& [column, key] : kColumns) {
    if (!get(row, column, value) || value.empty()) continue;
    if (lines.size() > 1) lines += ',';
    const bool numeric = key == "pid" || key == "line_num" || key == "query_id";
    lines.append("\"").append(key).append("\":");
    if (numeric && value.find_first_not_of("-0123456789") == std::string_view::npos) {
      lines += value;
    } else {
      append_json_string(key == "remote_host" ? value.substr(0, value.rfind(':')) : value, lines);
    }
  }
  lines += "}\n";
  found.time = time_of(row, {"log_time"});
  report_.inner = LogFormatKind::kJson;
  return true;
}

// Cloud SQL and AlloyDB: {"insertId":…,"textPayload":"…"} or {"jsonPayload":{"message":"…"}}.
bool JsonUnwrapper::google(const object& record, Found& found, std::string& lines) {
  std::string_view payload;
  object json;
  if (!get(record, "textPayload", payload) &&
      !(get(record, "jsonPayload", json) && get(json, "message", payload))) {
    if (!get(record, "insertId", payload)) return false;
    found.is_other = true;
    return true;
  }
  found.time = time_of(record, {"timestamp", "receiveTimestamp"});
  text(payload, found.time, lines);
  return true;
}

// Azure: diagnostics {"properties":{"message":"<prefix>LOG:  …","detail":"…","errorLevel":…}} and Log
// Analytics rows with the same fields as "record_message_s", … Where the message has no level word, the
// fields make the line.
bool JsonUnwrapper::azure(const object& record, Found& found, std::string& lines) {
  object fields;
  if (!get(record, "properties", fields)) fields = record;
  const std::string_view message = first_of(fields, {"record_message_s", "message_s", "message", "Message"});
  const std::string_view severity = first_of(
      fields, {"record_errorLevel_s", "record_error_severity_s", "errorLevel_s", "errorLevel", "ErrorLevel"});
  const bool named = first_of(fields, {"record_message_s", "message_s"}).data() != nullptr;
  if (message.empty() || (severity.empty() && !named)) return false;
  found.time = time_of(fields, {"timestamp", "record_log_time_s", "timestamp_s"});
  if (found.time == kUnknownTime)
    found.time = time_of(record, {"time", "TimeGenerated", "TimeGenerated [UTC]"});
  const std::string_view own_prefix = first_of(fields, {"prefix_s", "prefix"});
  std::string whole(own_prefix);
  LevelWord level = find_level(message);
  if (level.length == 0 && !severity.empty()) {
    if (whole.empty()) {
      uint64_t pid = 0;
      for (const std::string_view key :
           {"record_process_id_s", "processId_d", "processId", "record_process_id_d", "ProcessId"}) {
        if (pid == 0) pid = number_of(fields, key);
      }
      whole = format_time(found.time) + " [" + std::to_string(pid) + "] ";
    }
    whole.append(severity).append(":  ");
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
    const std::string_view value = first_of(fields, {keys[0], keys[1], keys[2], keys[3]});
    if (!value.empty() && whole.find(value) == std::string::npos)
      append_entry(head + std::string(word) + std::string(value), "", further);
  }
  text(whole, found.time, lines);
  lines += further;
  return true;
}

// The journal as JSON: {"MESSAGE":"…","_PID":"…","__REALTIME_TIMESTAMP":"usec"}; bytes that are no UTF-8 come
// as an array of numbers. What the server wrote to syslog has marks and goes to the joiner; what it wrote to
// stderr is whole lines.
bool JsonUnwrapper::journal(const object& record, Found& found, std::string& lines) {
  std::string_view message;
  std::string bytes;
  array numbers;
  if (!get(record, "MESSAGE", message)) {
    if (!get(record, "MESSAGE", numbers)) return false;
    for (const element number : numbers) {
      uint64_t byte = 0;
      if (number.get(byte) == simdjson::SUCCESS) bytes += static_cast<char>(byte & 0xFF);
    }
    message = bytes;
  }
  found.time = epoch_time(number_of(record, "_SOURCE_REALTIME_TIMESTAMP"));
  if (found.time == kUnknownTime) found.time = epoch_time(number_of(record, "__REALTIME_TIMESTAMP"));
  if (first_of(record, {"_TRANSPORT"}) == "stdout") {
    text(message, found.time, lines);
    return true;
  }
  const std::string_view pid = first_of(record, {"_PID", "SYSLOG_PID"});
  const std::string time = format_time(found.time);
  found.is_other = !joiner_.add(time, "", pid.empty() ? "0" : pid, message, lines);
  return true;
}

// OTLP logs: an element of resourceLogs.
bool JsonUnwrapper::otlp(const object& record, Found& found, std::string& lines) {
  array scopes;
  if (!get(record, "scopeLogs", scopes) && !get(record, "instrumentationLibraryLogs", scopes)) return false;
  for (const element scope : scopes) {
    object fields;
    array logs;
    if (scope.get(fields) != simdjson::SUCCESS ||
        (!get(fields, "logRecords", logs) && !get(fields, "logs", logs)))
      continue;
    for (const element log : logs) {
      object entry, body;
      std::string_view line;
      if (log.get(entry) != simdjson::SUCCESS || !get(entry, "body", body) ||
          !get(body, "stringValue", line)) {
        ++report_.other_records;
        continue;
      }
      const Microseconds time = time_of(entry, {"timeUnixNano", "observedTimeUnixNano"});
      if (found.time == kUnknownTime) found.time = time;
      text(line, time, lines);
    }
  }
  return true;
}

// A row of CloudWatch Logs Insights: [{"field":"@timestamp","value":"…"},{"field":"@message","value":"…"}].
bool JsonUnwrapper::insights(const array& fields, Found& found, std::string& lines) {
  std::string_view message;
  for (const element item : fields) {
    object pair;
    std::string_view name, value;
    if (item.get(pair) != simdjson::SUCCESS || !get(pair, "field", name) || !get(pair, "value", value))
      continue;
    if (name == "@message") message = value;
    if (name == "@timestamp") found.time = parse_time(value).time;
  }
  if (message.data() == nullptr) return false;
  found.name = "CloudWatch";
  text(message, found.time, lines);
  return true;
}

Found JsonUnwrapper::read(const object& record, std::string& lines) {
  Found found;
  std::string_view value;
  if (get(record, "error_severity", value)) return found;  // jsonlog: no wrapper
  if (otlp(record, found, lines)) {
    found.name = "OTLP";
  } else if (docker(record, lines)) {
    found.name = "docker";
  } else if (journal(record, found, lines)) {
    found.name = "journald";
  } else if (google(record, found, lines)) {
    found.name = "Cloud Logging";
  } else if (azure(record, found, lines)) {
    found.name = "Azure";
  } else if (const std::string_view line = first_of(record, {"@message", "message", "line"});
             line.data() != nullptr) {
    found.name =
        get(record, "@message", value) || number_of(record, "ingestionTime") > 0 ? "CloudWatch" : "JSON";
    found.time = time_of(record, {"timestamp", "@timestamp", "time", "ts"});
    text(line, found.time, lines);
  } else if (cloud_native_pg(record, found, lines)) {
    found.name = "CloudNativePG";
  }
  return found;
}

}  // namespace

// Some record of the head holds a server's line or row.
bool is_wrapped_json(std::string_view head, std::string_view& name) {
  const size_t start = head.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || (head[start] != '{' && head[start] != '[')) return false;
  JsonRecords records(Unwrapper::kMaxRecordBytes);
  simdjson::dom::parser parser;
  UnwrapReport report;
  JsonUnwrapper probe(report);
  bool found_one = false;
  std::string lines;
  records.feed(head, [&](std::string_view json) {
    element root;
    object record;
    array fields;
    Found found;
    if (found_one || parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return;
    lines.clear();
    if (root.get(record) == simdjson::SUCCESS) {
      found = probe.read(record, lines);
    } else if (root.get(fields) == simdjson::SUCCESS) {
      probe.insights(fields, found, lines);
    }
    if (found.name.empty() || found.is_other) return;
    // A further wrapper may be inside, or the head may hold only continuation lines: the known containers are
    // believed.
    found_one = found.name != "JSON" || find_level(lines).length > 0;
    if (found_one) name = found.name;
  });
  return found_one;
}

std::unique_ptr<Unwrapper> make_json(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<JsonUnwrapper>(report);
}

}  // namespace pgsieve
