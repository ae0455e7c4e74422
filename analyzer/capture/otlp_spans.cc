// OTLP spans as JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding), one export per line
// or one document: client spans that carry a statement (db.query.text, formerly db.statement) become Events.
//
// A trace is taken as a session: its statements are one request's, in order of their start. Spans arrive when
// they end, and exporters batch, so spans wait kWindow behind the newest one and leave in order of start. ORM
// and driver may both report one statement, as a span within a span of the same text: the inner one counts.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "analyzer/capture/event_readers.h"
#include "analyzer/capture/json_records.h"

namespace pgsieve {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr size_t kMaxRecordBytes = size_t{64} * 1024 * 1024;
constexpr size_t kMaxWaiting = 50'000;
constexpr Microseconds kWindow = 60 * kSecond;
constexpr uint16_t kMaxParameters = 1000;

struct Span {
  std::string trace, id, parent, text, user, database, application, location, state, error;
  std::vector<std::string> values;
  std::vector<bool> null_values;
  Microseconds start = kUnknownTime, end = kUnknownTime;
  int64_t rows = -1;
  bool failed = false;
  uint64_t offset = 0, line = 0;
};

std::string_view text_of(const object& from, std::string_view key) {
  std::string_view value;
  return from.at_key(key).get(value) == simdjson::SUCCESS ? value : std::string_view();
}

// 64-bit numbers are strings in OTLP's JSON, but not everywhere.
int64_t number_of(const element& value) {
  int64_t number = -1;
  std::string_view text;
  if (value.get(number) == simdjson::SUCCESS) return number;
  if (value.get(text) == simdjson::SUCCESS) std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// An attribute's value as text; false when it has none.
bool value_text(const object& value, std::string& text) {
  element item;
  std::string_view string;
  bool truth = false;
  double real = 0;
  if (value.at_key("stringValue").get(string) == simdjson::SUCCESS) {
    text = string;
  } else if (value.at_key("intValue").get(item) == simdjson::SUCCESS) {
    text = std::to_string(number_of(item));
  } else if (value.at_key("boolValue").get(truth) == simdjson::SUCCESS) {
    text = truth ? "true" : "false";
  } else if (value.at_key("doubleValue").get(real) == simdjson::SUCCESS) {
    text = fmt::format("{}", real);
  } else {
    return false;
  }
  return true;
}

Microseconds nanoseconds(const object& span, std::string_view key) {
  element value;
  if (span.at_key(key).get(value) != simdjson::SUCCESS) return kUnknownTime;
  const int64_t number = number_of(value);
  return number <= 0 ? kUnknownTime : number / 1000;
}

// What the attributes of a span (or of its resource) say.
struct Attributes {
  std::map<std::string, std::string, std::less<>> text;
  std::vector<std::string> values;  // db.postgresql.values
  std::vector<bool> null_values;
  bool has_values = false;

  std::string_view first(std::initializer_list<std::string_view> keys) const {
    for (const std::string_view key : keys) {
      if (const auto found = text.find(key); found != text.end()) return found->second;
    }
    return {};
  }
};

Attributes read_attributes(const object& owner) {
  Attributes attributes;
  array list;
  if (owner.at_key("attributes").get(list) != simdjson::SUCCESS) return attributes;
  for (const element item : list) {
    object pair, value;
    std::string text;
    if (item.get(pair) != simdjson::SUCCESS || pair.at_key("value").get(value) != simdjson::SUCCESS) continue;
    const std::string_view key = text_of(pair, "key");
    if (value_text(value, text)) {
      attributes.text.emplace(key, text);
      continue;
    }
    object array_value;
    array values;
    if (key != "db.postgresql.values" || value.at_key("arrayValue").get(array_value) != simdjson::SUCCESS)
      continue;
    attributes.has_values = true;
    if (array_value.at_key("values").get(values) != simdjson::SUCCESS) continue;
    for (const element one : values) {
      object single;
      text.clear();
      const bool known = one.get(single) == simdjson::SUCCESS && value_text(single, text);
      attributes.values.push_back(text);
      attributes.null_values.push_back(!known);
    }
  }
  return attributes;
}

// "db.query.parameter.0", "db.query.parameter.1", …: some count from 0, some from 1.
void numbered_values(const Attributes& attributes, Span& span) {
  static constexpr std::string_view kPrefix = "db.query.parameter.";
  std::map<uint16_t, std::string_view> values;
  for (auto at = attributes.text.lower_bound(kPrefix);
       at != attributes.text.end() && at->first.starts_with(kPrefix); ++at) {
    uint16_t number = 0;
    const std::string_view digits = std::string_view(at->first).substr(kPrefix.size());
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc() && end == digits.data() + digits.size() && number < kMaxParameters)
      values.emplace(number, at->second);
  }
  if (values.empty()) return;
  const uint16_t base = values.begin()->first == 0 ? 0 : 1;
  for (const auto& [number, value] : values) {
    if (number - base != static_cast<int>(span.values.size())) return;
    span.values.emplace_back(value);
    span.null_values.push_back(false);
  }
}

// False: no statement sent to PostgreSQL.
bool read_span(const object& record, const Attributes& resource, Span& span) {
  const Attributes attributes = read_attributes(record);
  const std::string_view system = attributes.first({"db.system.name", "db.system"});
  if (!system.empty() && system.find("postgres") == std::string_view::npos && system != "other_sql")
    return false;
  span.text = attributes.first({"db.query.text", "db.statement"});
  if (span.text.empty()) return false;
  span.trace = text_of(record, "traceId");
  span.id = text_of(record, "spanId");
  span.parent = text_of(record, "parentSpanId");
  span.start = nanoseconds(record, "startTimeUnixNano");
  span.end = nanoseconds(record, "endTimeUnixNano");
  span.user = attributes.first({"db.user"});
  span.database = attributes.first({"db.namespace", "db.name"});
  span.application = resource.first({"service.name"});
  span.state = attributes.first({"db.response.status_code"});
  const std::string_view rows = attributes.first({"db.response.returned_rows", "db.rows_affected"});
  std::from_chars(rows.data(), rows.data() + rows.size(), span.rows);
  const std::string_view file = attributes.first({"code.file.path", "code.filepath"});
  const std::string_view line = attributes.first({"code.line.number", "code.lineno"});
  const std::string_view function = attributes.first({"code.function.name", "code.function"});
  span.location = file.empty() ? function : file;
  if (!file.empty() && !line.empty()) span.location.append(":").append(line);
  object status;
  if (record.at_key("status").get(status) == simdjson::SUCCESS) {
    element code;
    std::string_view word;
    if (status.at_key("code").get(code) == simdjson::SUCCESS) {
      span.failed = code.get(word) == simdjson::SUCCESS ? word == "STATUS_CODE_ERROR" : number_of(code) == 2;
    }
    span.error = text_of(status, "message");
  }
  if (attributes.has_values) {
    span.values = attributes.values;
    span.null_values = attributes.null_values;
  } else {
    numbered_values(attributes, span);
  }
  return true;
}

class SpanReader final : public EventReader {
 public:
  Status read(std::string_view head, Source& source, uint32_t file, EventSink& sink, ReadAccount& account,
              IngestStats& stats) override;

 private:
  struct Pass {
    uint32_t file;
    EventSink& sink;
    ReadAccount& account;
    IngestStats& stats;
    uint64_t offset = 0, lines = 0;
  };
  struct Earlier {
    bool operator()(const Span& left, const Span& right) const { return left.start < right.start; }
  };

  void take(std::string_view json, Pass& pass);
  bool repeated(const Span& span);
  void wait(Span span, Pass& pass);
  void send(const Span& span, Pass& pass);

  simdjson::dom::parser parser_;
  std::multiset<Span, Earlier> waiting_;
  Microseconds newest_ = kUnknownTime;
  std::unordered_map<std::string, uint64_t> texts_by_span_;    // hash of the text a span carries
  std::unordered_map<std::string, uint64_t> texts_by_parent_;  // hash of the text a child of the span carried
  StatementScan scan_;
  std::string scratch_;
  std::vector<BoundValue> values_;
};

Status SpanReader::read(std::string_view head, Source& source, uint32_t file, EventSink& sink,
                        ReadAccount& account, IngestStats& stats) {
  Pass pass{file, sink, account, stats};
  JsonRecords records(kMaxRecordBytes);
  std::string buffer(head);
  Status failed;
  uint64_t total = 0;
  bool ended = false;
  while (!ended) {
    records.feed(buffer, [&](std::string_view json) { take(json, pass); });
    total += buffer.size();
    pass.offset = total;
    pass.lines += static_cast<uint64_t>(std::count(buffer.begin(), buffer.end(), '\n'));
    buffer.clear();
    Result<size_t> got = source.read(buffer, size_t{256} * 1024);
    if (!got) failed = got.error();
    ended = !got || *got == 0;
  }
  for (const Span& span : waiting_) send(span, pass);
  waiting_.clear();
  if (records.inside()) {
    ++account.damaged_records;
    account.damaged_offset = total;
  }
  account.damaged_records += records.oversized();
  const uint64_t unread = std::min(total, account.unread_bytes + records.skipped_bytes());
  account.unread_bytes = unread;
  account.entry_bytes += total - unread;
  account.lines += pass.lines;
  return failed;
}

void SpanReader::take(std::string_view json, Pass& pass) {
  element root;
  object resource_spans, resource;
  array scopes;
  if (parser_.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    if (pass.account.damaged_records++ == 0) pass.account.damaged_offset = pass.offset;
    pass.account.add_unread(json.substr(0, 200), json.size(), pass.file, pass.lines + 1, pass.offset);
    return;
  }
  if (root.get(resource_spans) != simdjson::SUCCESS) return;
  Attributes shared;
  if (resource_spans.at_key("resource").get(resource) == simdjson::SUCCESS)
    shared = read_attributes(resource);
  if (resource_spans.at_key("scopeSpans").get(scopes) != simdjson::SUCCESS &&
      resource_spans.at_key("instrumentationLibrarySpans").get(scopes) != simdjson::SUCCESS) {
    return;
  }
  for (const element scope : scopes) {
    object fields;
    array spans;
    if (scope.get(fields) != simdjson::SUCCESS || fields.at_key("spans").get(spans) != simdjson::SUCCESS)
      continue;
    for (const element item : spans) {
      object record;
      Span span;
      if (item.get(record) != simdjson::SUCCESS) continue;
      if (!read_span(record, shared, span)) {
        ++pass.stats.other_entries;
        continue;
      }
      ++pass.stats.entries;
      span.offset = pass.offset;
      span.line = pass.lines + 1;
      if (repeated(span)) {
        ++pass.stats.skipped_duplicates;
      } else {
        wait(std::move(span), pass);
      }
    }
  }
}

bool SpanReader::repeated(const Span& span) {
  if (span.id.empty()) return false;
  if (texts_by_span_.size() > 4 * kMaxWaiting) texts_by_span_.clear();
  if (texts_by_parent_.size() > 4 * kMaxWaiting) texts_by_parent_.clear();
  const uint64_t text = hash64(span.text);
  const auto child = texts_by_parent_.find(span.trace + span.id);
  const bool wraps = child != texts_by_parent_.end() && child->second == text;
  bool wrapped = false;
  if (!span.parent.empty()) {
    const auto parent = texts_by_span_.find(span.trace + span.parent);
    wrapped = parent != texts_by_span_.end() && parent->second == text;
    texts_by_parent_[span.trace + span.parent] = text;
  }
  texts_by_span_[span.trace + span.id] = text;
  return wraps || wrapped;
}

void SpanReader::wait(Span span, Pass& pass) {
  newest_ = std::max(newest_, span.start);
  waiting_.insert(std::move(span));
  while (!waiting_.empty() &&
         (waiting_.size() > kMaxWaiting || waiting_.begin()->start + kWindow < newest_)) {
    if (waiting_.begin()->start == kUnknownTime && waiting_.size() <= kMaxWaiting) break;
    send(*waiting_.begin(), pass);
    waiting_.erase(waiting_.begin());
  }
}

void SpanReader::send(const Span& span, Pass& pass) {
  Event event;
  event.kind = span.failed ? Event::Kind::kFailed : Event::Kind::kExecuted;
  event.session = span.trace.empty() ? 0 : hash64(span.trace) | 1;
  event.user = span.user;
  event.database = span.database;
  event.application = span.application;
  event.time = span.end != kUnknownTime ? span.end : span.start;
  if (span.start != kUnknownTime && span.end >= span.start) event.duration = span.end - span.start;
  event.sqlstate = span.state;
  event.error_message = span.error;
  event.trace_id = span.trace;
  event.code_location = span.location;
  event.rows = span.rows;
  event.file = pass.file;
  event.offset = span.offset;
  event.line = span.line;
  values_.clear();
  for (size_t i = 0; i < span.values.size(); ++i) {
    BoundValue value;
    value.null = span.null_values[i];
    value.text = span.values[i];
    value.hash = value.null ? 0 : slot_value_hash(value.text);
    values_.push_back(value);
  }
  event.parameters = values_;
  event.extended = !values_.empty();
  event.client_timed = true;
  event.sent = Event::Sent::kAfterAnswer;  // a span lasts until the client has its answer
  if (event.time != kUnknownTime) {
    if (pass.stats.first == kUnknownTime || event.time < pass.stats.first) pass.stats.first = event.time;
    pass.stats.last = std::max(pass.stats.last, event.time);
  }
  scan_statement(span.text, scan_, scratch_);
  std::vector<std::string_view> parts;
  if (scan_.statements > 1) parts = split_statements(span.text);
  if (scan_.statements == 1) parts.push_back(span.text);
  if (parts.size() > 1 && event.duration != kUnknownTime)
    event.duration /= static_cast<Microseconds>(parts.size());
  for (const std::string_view part : parts) {
    if (parts.size() > 1) scan_statement(part, scan_, scratch_);
    event.text = part;
    event.scan = &scan_;
    event.text_truncated = scan_.incomplete;
    const bool needs_values = std::any_of(scan_.slots.begin(), scan_.slots.end(), [&](const Slot& slot) {
      return slot.kind == Slot::Kind::kParameter && (slot.parameter == 0 || slot.parameter > values_.size());
    });
    event.parameters_known = !needs_values;
    pass.sink.on_event(event);
    event.sent = Event::Sent::kBeforeAnswer;  // of the same string
  }
}

}  // namespace

std::unique_ptr<EventReader> make_span_reader() {
  return std::make_unique<SpanReader>();
}

}  // namespace pgsieve
