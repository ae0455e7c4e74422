// The csvlog format (src/backend/utils/error/csvlog.c): 22 columns and more, no header, quotes doubled inside
// quoted fields, line ends kept inside them, unquoted empty is NULL. Exports may quote every field. What
// makes a row is its content: the first column is a time stamp and nothing else, the process id and the line
// number are numbers, and column 11 is a level word or column 12 an SQLSTATE. A stderr line with commas in
// its statement has enough columns, but never these.
//
// A row cut in the middle leaves a quote open that some later row's quote closes; what follows a closing
// quote is then no comma or line end. Such a row is damaged: reading goes on at the next line that starts
// like a row (a time stamp and a comma), and the lines between count as unread.
#include <array>
#include <cstring>

#include "analyzer/base/bytes.h"
#include "analyzer/capture/log_reader.h"
#include "analyzer/capture/log_time.h"
#include "analyzer/capture/severity.h"

namespace pgsieve {
namespace {

constexpr size_t kColumns = 26;
constexpr size_t kMinColumns = 22;

struct Field {
  std::string_view text;  // without the outer quotes
  bool doubled = false;   // holds doubled quotes
};

struct Row {
  std::array<Field, kColumns> fields;
  size_t count = 0;  // of all columns, those beyond kColumns included
  size_t end = 0;    // where the next row starts
  enum class State : uint8_t { kWhole, kMalformed, kCut } state = State::kWhole;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A row starts with a time stamp, quoted or not.
bool starts_row(std::string_view text) {
  if (text.starts_with('"')) text.remove_prefix(1);
  return text.size() >= 20 && is_digit(text[0]) && is_digit(text[3]) && text[4] == '-' && text[7] == '-' &&
         is_digit(text[9]) && (text[10] == ' ' || text[10] == 'T') && is_digit(text[12]) && text[13] == ':' &&
         text[16] == ':';
}

// The next line start behind `at` at which a row can start; npos: none.
size_t next_row(std::string_view text, size_t at) {
  for (size_t newline = text.find('\n', at); newline != std::string_view::npos;
       newline = text.find('\n', newline + 1)) {
    if (starts_row(text.substr(newline + 1))) return newline + 1;
  }
  return std::string_view::npos;
}

// The field at text[at]; at moves to the byte behind it. False: the field is cut or malformed (row.state says
// which).
bool read_field(std::string_view text, size_t& at, Field& field, Row& row) {
  const size_t start = at;
  if (at >= text.size() || text[at] != '"') {
    while (at < text.size() && text[at] != ',' && text[at] != '\n') ++at;
    field = {text.substr(start, at - start), false};
    return true;
  }
  bool doubled = false;
  for (++at;;) {
    const void* found = at < text.size() ? std::memchr(text.data() + at, '"', text.size() - at) : nullptr;
    if (found == nullptr) {
      row.state = Row::State::kCut;
      return false;
    }
    at = static_cast<size_t>(static_cast<const char*>(found) - text.data());
    if (at + 1 >= text.size() || text[at + 1] != '"') break;
    doubled = true;
    at += 2;
  }
  field = {text.substr(start + 1, at - start - 1), doubled};
  ++at;
  if (at < text.size() && text[at] == '\r' && (at + 1 == text.size() || text[at + 1] == '\n')) ++at;
  if (at < text.size() && text[at] != ',' && text[at] != '\n') {
    row.state = Row::State::kMalformed;
    return false;
  }
  return true;
}

void read_row(std::string_view text, size_t at, Row& row) {
  row.count = 0;
  row.state = Row::State::kWhole;
  for (;;) {
    Field extra;
    if (!read_field(text, at, row.count < kColumns ? row.fields[row.count] : extra, row)) {
      row.end = at;
      return;
    }
    ++row.count;
    if (at >= text.size()) break;
    if (text[at++] == '\n') break;
  }
  row.end = at;
  Field& last = row.fields[std::min(row.count, kColumns) - 1];
  if (last.text.ends_with('\r')) last.text.remove_suffix(1);
}

// The field's value, quotes undone.
std::string_view value(const Field& field, TextArena& arena) {
  if (!field.doubled) return field.text;
  char* place = arena.allocate(field.text.size());
  size_t length = 0;
  size_t at = 0;
  while (at < field.text.size()) {
    const size_t quote = std::min(field.text.find('"', at), field.text.size() - 1);
    std::memcpy(place + length, field.text.data() + at, quote + 1 - at);
    length += quote + 1 - at;
    at = quote + 1 + (field.text[quote] == '"' ? 1 : 0);
  }
  arena.shrink_last(field.text.size() - length);
  return {place, length};
}

uint64_t number(std::string_view text) {
  uint64_t result = 0;
  for (const char c : text.substr(0, 19)) {
    if (!is_digit(c)) return 0;
    result = result * 10 + static_cast<uint64_t>(c - '0');
  }
  return result;
}

uint64_t query_id(std::string_view text) {
  return text.starts_with('-') ? ~number(text.substr(1)) + 1 : number(text);
}

std::string_view without_port(std::string_view host) {
  const size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == host.size()) return host;
  for (const char c : host.substr(colon + 1)) {
    if (!is_digit(c)) return host;
  }
  return host.substr(0, colon);
}

bool is_number(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_sqlstate(std::string_view text) {
  return text.size() == 5 &&
         text.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
}

// What may stand behind the digits of a time stamp: a zone of any name.
bool is_zone(std::string_view text) {
  if (text.empty()) return true;
  return text.size() < 40 && text[0] == ' ' && text.find_first_of(" [],:(\"'", 1) == std::string_view::npos;
}

// The header line of a table's export ("COPY postgres_log TO … CSV HEADER").
bool is_header(std::string_view line) {
  if (line.starts_with('"')) line.remove_prefix(1);
  return line.starts_with("log_time") && line.find("session_line_num") != std::string_view::npos;
}

class CsvReader final : public LogReader {
 public:
  explicit CsvReader(int32_t zone_seconds) : zone_seconds_(zone_seconds) {}

  LogFormatKind kind() const override { return LogFormatKind::kCsv; }
  size_t complete_records(std::string_view buffer) const override;
  size_t find_record(std::string_view text) const override { return next_row(text, 0); }
  void read(const ChunkInput& input, LogChunk& out) const override;

 private:
  bool read_entry(const Row& row, LogChunk& out, TimeMemo& memo) const;

  int32_t zone_seconds_;
};

// The last row start before which the quotes are balanced. When there is none although rows seem to start, a
// quote is open somewhere: then rows are walked one by one, going on behind a malformed one.
size_t CsvReader::complete_records(std::string_view buffer) const {
  size_t quotes = 0;
  bool counted = false;
  size_t end = buffer.size();
  size_t counted_to = 0;
  while (end > 0) {
    const size_t newline = buffer.rfind('\n', end - 1);
    if (newline == std::string_view::npos) break;
    if (starts_row(buffer.substr(newline + 1))) {
      if (!counted) {
        quotes = count_byte(buffer.substr(0, newline), '"');
        counted = true;
      } else {
        quotes -= count_byte(buffer.substr(newline, counted_to - newline), '"');
      }
      counted_to = newline;
      if (quotes % 2 == 0) return newline + 1;
    }
    end = newline;
  }
  if (!counted) return 0;
  size_t start = 0;
  Row row;
  for (size_t at = 0; at < buffer.size();) {
    read_row(buffer, at, row);
    if (row.state == Row::State::kCut) break;
    at = row.state == Row::State::kWhole ? row.end : next_row(buffer, at);
    if (at >= buffer.size()) break;
    if (starts_row(buffer.substr(at))) start = at;
  }
  return start;
}

bool CsvReader::read_entry(const Row& row, LogChunk& out, TimeMemo& memo) const {
  LogEntry& entry = out.entries.emplace_back();
  const auto& fields = row.fields;
  bool localized = false;
  const bool columns = row.count >= kMinColumns && is_number(fields[3].text) && is_number(fields[6].text);
  const size_t time_length = columns ? read_log_time(fields[0].text, zone_seconds_, memo, entry.time) : 0;
  if (columns) entry.severity = severity_from_word(fields[11].text, localized);
  const bool level =
      entry.severity != Severity::kUnknown || (!fields[11].text.empty() && is_sqlstate(fields[12].text));
  if (time_length == 0 || !is_zone(fields[0].text.substr(time_length)) || !level) {
    out.entries.pop_back();
    return false;
  }
  // Tables are exported with a word for NULL at times.
  const auto given = [&out](const auto& field) {
    return field.text == "NULL" || field.text == "\\N" ? std::string_view() : value(field, out.arena);
  };
  entry.localized = localized;
  entry.user = given(fields[1]);
  entry.database = given(fields[2]);
  entry.pid = number(fields[3].text);
  entry.host = without_port(fields[4].text);
  entry.session_id = fields[5].text;
  entry.session_line = number(fields[6].text);
  entry.transaction = fields[9].text;
  entry.sqlstate = fields[12].text;
  entry.message = value(fields[13], out.arena);
  entry.detail = given(fields[14]);
  entry.hint = given(fields[15]);
  entry.query = given(fields[16]);
  entry.context = given(fields[18]);
  entry.statement = given(fields[19]);
  entry.position = number(fields[20].text);
  if (row.count > 22) entry.application = given(fields[22]);
  if (row.count > 25) entry.query_id = query_id(fields[25].text);
  return true;
}

void CsvReader::read(const ChunkInput& input, LogChunk& out) const {
  const std::string_view text = input.text;
  TimeMemo memo;
  Row row;
  uint64_t lines = 0;
  size_t at = 0;
  if (input.first && text.starts_with("\xEF\xBB\xBF")) {
    at = 3;
    out.account.blank_bytes += 3;
  }
  while (at < text.size()) {
    const size_t start = at;
    if (starts_row(text.substr(start))) {
      read_row(text, start, row);
      if (row.state == Row::State::kWhole && read_entry(row, out, memo)) {
        LogEntry& entry = out.entries.back();
        entry.offset = input.offset + start;
        entry.line = lines + 1;
        at = row.end;
        lines += count_byte(text.substr(start, at - start), '\n') + (text[at - 1] == '\n' ? 0 : 1);
        out.account.entry_bytes += at - start;
        continue;
      }
      if (out.account.damaged_records++ == 0) out.account.damaged_offset = input.offset + start;
    }
    // Unread up to the next line that can start a row.
    const size_t end = std::min(next_row(text, start), text.size());
    while (at < end) {
      const size_t newline = std::min(text.find('\n', at), end - 1);
      const std::string_view line = text.substr(at, newline + 1 - at);
      ++lines;
      if (line.find_first_not_of(" \r\n\t") == std::string_view::npos || is_header(line)) {
        out.account.blank_bytes += line.size();
      } else {
        out.account.add_unread(line.substr(0, line.size() - (line.ends_with('\n') ? 1 : 0)), line.size(),
                               input.file, lines, input.offset + at);
      }
      at += line.size();
    }
  }
  out.account.lines += lines;
}

}  // namespace

std::unique_ptr<LogReader> make_csv_reader(const ReaderOptions& options) {
  return std::make_unique<CsvReader>(options.zone_seconds);
}

}  // namespace pgsieve
