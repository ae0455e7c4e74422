// Exports of pg_stat_statements (versions 1.1 to 1.12) as CSV with a header line: `psql --csv`, COPY … CSV
// HEADER, or a client's export with tabs or semicolons. Columns go by name: query and calls must be there;
// times are milliseconds (total_exec_time, before 1.8 total_time, …). Each row becomes one Event of kind
// kCount.
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>

#include "analyzer/capture/event_readers.h"

namespace pgsieve {
namespace {

constexpr size_t kHeaderBytes = 8192;  // the names of the columns fit in
constexpr size_t kMaxRowBytes = size_t{16} * 1024 * 1024;

enum Column : size_t { kQuery, kCalls, kTotal, kMean, kMin, kMax, kRows, kUser, kDatabase, kColumns };

Column column_of(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  static constexpr std::pair<std::string_view, Column> kNames[] = {
      {"query", kQuery},       {"calls", kCalls},         {"total_exec_time", kTotal},
      {"total_time", kTotal},  {"mean_exec_time", kMean}, {"mean_time", kMean},
      {"min_exec_time", kMin}, {"min_time", kMin},        {"max_exec_time", kMax},
      {"max_time", kMax},      {"rows", kRows},           {"rolname", kUser},
      {"usename", kUser},      {"username", kUser},       {"user", kUser},
      {"datname", kDatabase},  {"database", kDatabase},   {"dbname", kDatabase}};
  const auto* found = std::find_if(std::begin(kNames), std::end(kNames),
                                   [&](const auto& known) { return known.first == name; });
  return found == std::end(kNames) ? kColumns : found->second;
}

// One row off the front of `text` (RFC 4180: fields may be quoted, quotes doubled, line breaks inside
// quotes); the bytes used, 0 when the row goes on beyond the text.
size_t read_row(std::string_view text, char delimiter, bool ended, std::vector<std::string>& fields) {
  fields.assign(1, "");
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        fields.back() += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        fields.back() += '"';
        ++i;
      } else if (i + 1 == text.size() && !ended) {
        return 0;
      } else {
        quoted = false;
      }
    } else if (c == '"' && fields.back().empty()) {
      quoted = true;
    } else if (c == delimiter) {
      fields.emplace_back();
    } else if (c == '\n') {
      if (fields.back().ends_with('\r')) fields.back().pop_back();
      return i + 1;
    } else {
      fields.back() += c;
    }
  }
  return ended ? text.size() : 0;
}

struct Layout {
  char delimiter = ',';
  std::array<size_t, kColumns> at;
  size_t columns = 0;
  size_t header_bytes = 0;
};

std::optional<Layout> read_layout(std::string_view head) {
  std::vector<std::string> names;
  for (const char delimiter : {',', '\t', ';', '|'}) {
    Layout layout;
    layout.delimiter = delimiter;
    layout.at.fill(std::string::npos);
    layout.header_bytes =
        read_row(head.substr(0, kHeaderBytes), delimiter, head.size() < kHeaderBytes, names);
    layout.columns = names.size();
    for (size_t i = 0; i < names.size(); ++i) {
      if (const Column column = column_of(names[i]);
          column != kColumns && layout.at[column] == std::string::npos)
        layout.at[column] = i;
    }
    const auto has = [&](Column column) { return layout.at[column] != std::string::npos; };
    if (layout.header_bytes > 0 && has(kQuery) && has(kCalls)) return layout;
  }
  return std::nullopt;
}

double number(const std::vector<std::string>& row, size_t at) {
  double value = 0;
  if (at >= row.size()) return 0;
  std::from_chars(row[at].data(), row[at].data() + row[at].size(), value);
  return std::isfinite(value) && value > 0 ? value : 0;
}

class StatStatementsReader final : public EventReader {
 public:
  Status read(std::string_view head, Source& source, uint32_t file, EventSink& sink, ReadAccount& account,
              IngestStats& stats) override;

 private:
  bool send(const Layout& layout, const std::vector<std::string>& row, Event& event, EventSink& sink);

  StatementScan scan_;
  std::string scratch_;
};

// False: no usable row.
bool StatStatementsReader::send(const Layout& layout, const std::vector<std::string>& row, Event& event,
                                EventSink& sink) {
  if (row.size() != layout.columns) return false;
  const std::string& query = row[layout.at[kQuery]];
  const double calls = number(row, layout.at[kCalls]);
  if (query.empty() || calls < 1 || calls > 9e18) return false;
  event.kind = Event::Kind::kCount;
  event.text = query;
  event.calls = static_cast<uint64_t>(calls);
  const double total = number(row, layout.at[kTotal]);
  event.mean_ms = layout.at[kMean] != std::string::npos ? number(row, layout.at[kMean]) : total / calls;
  event.min_ms = number(row, layout.at[kMin]);
  event.max_ms = number(row, layout.at[kMax]);
  if (layout.at[kRows] != std::string::npos)
    event.rows = static_cast<int64_t>(std::min(number(row, layout.at[kRows]), 9e18));
  if (layout.at[kUser] < row.size()) event.user = row[layout.at[kUser]];
  if (layout.at[kDatabase] < row.size()) event.database = row[layout.at[kDatabase]];
  scan_statement(event.text, scan_, scratch_);
  if (scan_.statements == 0) return false;
  event.scan = &scan_;
  event.text_truncated = scan_.incomplete;
  event.parameters_known = std::none_of(scan_.slots.begin(), scan_.slots.end(),
                                        [](const Slot& slot) { return slot.kind == Slot::Kind::kParameter; });
  sink.on_event(event);
  return true;
}

Status StatStatementsReader::read(std::string_view head, Source& source, uint32_t file, EventSink& sink,
                                  ReadAccount& account, IngestStats& stats) {
  std::string buffer(head);
  Status failed;
  bool ended = false;
  while (!ended && buffer.size() < kHeaderBytes) {
    Result<size_t> got = source.read(buffer, kHeaderBytes);
    if (!got) failed = got.error();
    ended = !got || *got == 0;
  }
  if (buffer.starts_with("\xEF\xBB\xBF")) {
    buffer.erase(0, 3);
    account.blank_bytes += 3;
  }
  const std::optional<Layout> layout = read_layout(buffer);
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
    size_t length = rest.empty() ? 0 : read_row(rest, layout->delimiter, ended, row);
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
    if (send(*layout, row, event, sink)) {
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
  stats.settings["pg_stat_statements"] = "aggregates: no order, no sessions, no values";
  return failed;
}

}  // namespace

bool is_stat_statements(std::string_view head) {
  const std::optional<Layout> layout = read_layout(head);
  // A time column besides: a table of other things may have a query and calls, too.
  return layout && (layout->at[kTotal] != std::string::npos || layout->at[kMean] != std::string::npos);
}

std::unique_ptr<EventReader> make_stat_statements_reader() {
  return std::make_unique<StatStatementsReader>();
}

}  // namespace pgsieve
