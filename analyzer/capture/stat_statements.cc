// Exports of pg_stat_statements (versions 1.1 to 1.12) as CSV with a header line (`psql --csv`, COPY … CSV
// HEADER, or a client's export with tabs or semicolons) or as JSON objects (json_agg(), row_to_json()).
// Columns go by name: query and calls must be there; times are milliseconds (total_exec_time, before 1.8
// total_time, …). Each row becomes one Event of kind kCount.
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>

#include "analyzer/capture/event_readers.h"
#include "analyzer/capture/json_records.h"
#include "analyzer/capture/stat_columns.h"

namespace pgsieve {
namespace {

constexpr size_t kMaxRowBytes = size_t{16} * 1024 * 1024;

// One row by column; what it lacks is empty.
using Cells = std::array<std::string_view, kColumns>;

double number(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::isfinite(value) && value > 0 ? value : 0;
}

class StatStatementsReader final : public EventReader {
 public:
  Status read(std::string_view head, Source& source, uint32_t file, EventSink& sink, ReadAccount& account,
              IngestStats& stats) override;

 private:
  bool send_row(const StatLayout& layout, const std::vector<std::string>& row, Event& event, EventSink& sink);
  bool send_object(std::string_view json, Event& event, EventSink& sink);
  bool send(const Cells& cells, Event& event, EventSink& sink);
  Status read_csv(std::string buffer, Source& source, uint32_t file, EventSink& sink, ReadAccount& account,
                  IngestStats& stats);
  Status read_json(std::string buffer, Source& source, uint32_t file, EventSink& sink, ReadAccount& account,
                   IngestStats& stats);

  StatementScan scan_;
  std::string scratch_;
  simdjson::dom::parser parser_;
};

// False: no usable row.
bool StatStatementsReader::send(const Cells& cells, Event& event, EventSink& sink) {
  const double calls = number(cells[kCalls]);
  if (cells[kQuery].empty() || calls < 1 || calls > 9e18) return false;
  event.kind = Event::Kind::kCount;
  event.text = cells[kQuery];
  event.calls = static_cast<uint64_t>(calls);
  event.mean_ms = !cells[kMean].empty() ? number(cells[kMean]) : number(cells[kTotal]) / calls;
  event.min_ms = number(cells[kMin]);
  event.max_ms = number(cells[kMax]);
  if (!cells[kRows].empty()) event.rows = static_cast<int64_t>(std::min(number(cells[kRows]), 9e18));
  event.user = cells[kUser];
  event.database = cells[kDatabase];
  scan_statement(event.text, scan_, scratch_);
  if (scan_.statements == 0) return false;
  event.scan = &scan_;
  event.text_truncated = scan_.incomplete;
  event.parameters_known = std::none_of(scan_.slots.begin(), scan_.slots.end(),
                                        [](const Slot& slot) { return slot.kind == Slot::Kind::kParameter; });
  sink.on_event(event);
  return true;
}

bool StatStatementsReader::send_row(const StatLayout& layout, const std::vector<std::string>& row,
                                    Event& event, EventSink& sink) {
  if (row.size() != layout.columns) return false;
  Cells cells;
  for (size_t column = 0; column < kColumns; ++column) {
    if (layout.at[column] < row.size()) cells[column] = row[layout.at[column]];
  }
  return send(cells, event, sink);
}

bool StatStatementsReader::send_object(std::string_view json, Event& event, EventSink& sink) {
  simdjson::dom::object object;
  if (parser_.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS) return false;
  std::array<std::string, kColumns> texts;
  for (const auto field : object) {
    const StatColumn column = stat_column(std::string(field.key));
    std::string_view text;
    if (column == kColumns || !texts[column].empty() || field.value.is_null()) continue;
    texts[column] =
        field.value.get(text) == simdjson::SUCCESS ? std::string(text) : simdjson::minify(field.value);
  }
  Cells cells;
  std::copy(texts.begin(), texts.end(), cells.begin());
  return send(cells, event, sink);
}

Status StatStatementsReader::read(std::string_view head, Source& source, uint32_t file, EventSink& sink,
                                  ReadAccount& account, IngestStats& stats) {
  std::string buffer(head);
  if (buffer.starts_with("\xEF\xBB\xBF")) {
    buffer.erase(0, 3);
    account.blank_bytes += 3;
  }
  stats.settings["pg_stat_statements"] = "aggregates: no order, no sessions, no values";
  const size_t start = buffer.find_first_not_of(" \t\r\n");
  const bool json = start != std::string::npos && (buffer[start] == '{' || buffer[start] == '[');
  return json ? read_json(std::move(buffer), source, file, sink, account, stats)
              : read_csv(std::move(buffer), source, file, sink, account, stats);
}

Status StatStatementsReader::read_json(std::string buffer, Source& source, uint32_t file, EventSink& sink,
                                       ReadAccount& account, IngestStats& stats) {
  JsonRecords records(kMaxRowBytes);
  uint64_t bytes = 0, line = 1, counted = 0, dropped = 0;
  Status failed;
  while (!buffer.empty()) {
    records.feed(buffer, [&](std::string_view json) {
      Event event;
      event.file = file;
      event.offset = account.blank_bytes + bytes;
      event.line = line;
      counted += json.size();
      if (send_object(json, event, sink)) {
        ++stats.entries;
        account.entry_bytes += json.size();
      } else {
        account.add_unread(json.substr(0, json.find('\n')), json.size(), file, line, event.offset);
      }
    });
    bytes += buffer.size();
    line += static_cast<uint64_t>(std::count(buffer.begin(), buffer.end(), '\n'));
    buffer.clear();
    Result<size_t> got = source.read(buffer, size_t{256} * 1024);
    if (!got) failed = got.error();
    dropped = records.oversized();
  }
  // What is no record is punctuation, but for one that was cut.
  const uint64_t rest = bytes - counted;
  if (records.inside() || dropped > 0) {
    account.add_unread("{", rest, file, line, bytes);
  } else {
    account.blank_bytes += rest;
  }
  account.lines += line;
  return failed;
}

Status StatStatementsReader::read_csv(std::string buffer, Source& source, uint32_t file, EventSink& sink,
                                      ReadAccount& account, IngestStats& stats) {
  Status failed;
  bool ended = false;
  while (!ended && buffer.size() < kStatHeaderBytes) {
    Result<size_t> got = source.read(buffer, kStatHeaderBytes);
    if (!got) failed = got.error();
    ended = !got || *got == 0;
  }
  const std::optional<StatLayout> layout = read_stat_layout(buffer);
  if (!layout) {
    Error unknown;
    unknown.message =
        "no pg_stat_statements export: the first line must name the columns, query and calls among them";
    unknown.file = source.name();
    return unknown;
  }
  std::vector<std::string> row;
  uint64_t offset = account.blank_bytes, line = 1;
  size_t used = layout->header_bytes;
  account.entry_bytes += used;
  while (true) {
    const std::string_view rest = std::string_view(buffer).substr(used);
    size_t length = rest.empty() ? 0 : read_stat_row(rest, layout->delimiter, ended, row);
    if (length == 0 && (ended || rest.size() > kMaxRowBytes)) {  // the end, or a quote that never closes
      if (rest.empty()) break;
      length = std::min(rest.find('\n'), rest.size() - 1) + 1;
      row.clear();
    }
    if (length == 0) {
      buffer.erase(0, used);
      offset += used;
      used = 0;
      Result<size_t> got = source.read(buffer, std::max(size_t{256} * 1024, buffer.size()));
      if (!got) failed = got.error();
      ended = !got || *got == 0;
      continue;
    }
    const std::string_view raw = rest.substr(0, length);
    const auto lines = static_cast<uint64_t>(std::count(raw.begin(), raw.end(), '\n'));
    Event event;
    event.file = file;
    event.offset = offset + used;
    event.line = line + 1;
    if (send_row(*layout, row, event, sink)) {
      ++stats.entries;
      account.entry_bytes += length;
    } else if (raw.find_first_not_of("\r\n") == std::string_view::npos) {
      account.blank_bytes += length;
    } else {
      account.add_unread(raw.substr(0, raw.find('\n')), length, file, line + 1, offset + used);
    }
    line += lines;
    used += length;
  }
  account.lines += line;
  return failed;
}

// An object whose members are the view's columns.
bool is_json_export(std::string_view head) {
  JsonRecords records(kMaxRowBytes);
  simdjson::dom::parser parser;
  bool first = true;
  bool found = false;
  records.feed(head, [&](std::string_view json) {
    simdjson::dom::object object;
    if (!first) return;
    first = false;
    if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS) return;
    std::array<bool, kColumns + 1> has{};
    for (const auto field : object) has[stat_column(std::string(field.key))] = true;
    found = has[kQuery] && has[kCalls] && (has[kTotal] || has[kMean]);
  });
  return found;
}

}  // namespace

bool is_stat_statements(std::string_view head) {
  if (head.starts_with('{') || head.starts_with('[')) return is_json_export(head);
  const std::optional<StatLayout> layout = read_stat_layout(head);
  // A time column besides: a table of other things may have a query and calls, too.
  return layout && (layout->at[kTotal] != std::string::npos || layout->at[kMean] != std::string::npos);
}

std::unique_ptr<EventReader> make_stat_statements_reader() {
  return std::make_unique<StatStatementsReader>();
}

}  // namespace pgsieve
