// The jsonlog format (src/backend/utils/error/jsonlog.c, PostgreSQL 15 and later): one object per line, keys
// in any order, absent when they have no value. Key spellings of csvlog's columns ("log_time", "user_name",
// …), as some collectors write them, are understood too.
//
// The reader takes strings as views into the line and undoes escapes only in those that have any. Values that
// are objects or arrays are skipped. A line that is no whole object is damaged and counts as unread.
#include <algorithm>
#include <cstring>
#include <iterator>

#include "analyzer/base/bytes.h"
#include "analyzer/capture/log_reader.h"
#include "analyzer/capture/log_time.h"
#include "analyzer/capture/severity.h"

namespace pgsieve {
namespace {

enum class Key : uint8_t {
  kOther,
  kTime,
  kUser,
  kDatabase,
  kPid,
  kHost,
  kConnection,
  kSessionId,
  kLine,
  kTransaction,
  kSeverity,
  kState,
  kMessage,
  kDetail,
  kHint,
  kInternalQuery,
  kContext,
  kStatement,
  kApplication,
  kQueryId,
  kPosition,
};

constexpr std::pair<std::string_view, Key> kKeys[] = {
    {"timestamp", Key::kTime},
    {"user", Key::kUser},
    {"dbname", Key::kDatabase},
    {"pid", Key::kPid},
    {"remote_host", Key::kHost},
    {"session_id", Key::kSessionId},
    {"line_num", Key::kLine},
    {"vxid", Key::kTransaction},
    {"error_severity", Key::kSeverity},
    {"state_code", Key::kState},
    {"message", Key::kMessage},
    {"detail", Key::kDetail},
    {"hint", Key::kHint},
    {"internal_query", Key::kInternalQuery},
    {"context", Key::kContext},
    {"statement", Key::kStatement},
    {"application_name", Key::kApplication},
    {"query_id", Key::kQueryId},
    {"cursor_position", Key::kPosition},
    {"log_time", Key::kTime},
    {"user_name", Key::kUser},
    {"database_name", Key::kDatabase},
    {"process_id", Key::kPid},
    {"connection_from", Key::kConnection},
    {"session_line_num", Key::kLine},
    {"virtual_transaction_id", Key::kTransaction},
    {"sql_state_code", Key::kState},
    {"query", Key::kStatement},
};

Key key_of(std::string_view name) {
  for (const auto& [text, key] : kKeys) {
    if (text.size() == name.size() && std::memcmp(text.data(), name.data(), name.size()) == 0) return key;
  }
  return Key::kOther;
}

void skip_space(std::string_view text, size_t& at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r')) ++at;
}

// A string whose opening quote is at text[at]; at moves behind the closing one. False: it never closes.
bool read_string(std::string_view text, size_t& at, std::string_view& raw, bool& escaped) {
  const size_t start = ++at;
  escaped = false;
  for (;;) {
    at = find_either(text, at, '"', '\\');
    if (at >= text.size()) return false;
    if (text[at] == '"') break;
    escaped = true;
    at = std::min(at + 2, text.size());
  }
  raw = text.substr(start, at - start);
  ++at;
  return true;
}

// Four hexadecimal digits; above 0xFFFF when they are not.
uint32_t hex4(std::string_view text) {
  if (text.size() < 4) return 0x10000;
  uint32_t code = 0;
  for (const char c : text.substr(0, 4)) {
    const char lower = static_cast<char>(c | 0x20);
    if (c >= '0' && c <= '9') {
      code = code * 16 + static_cast<uint32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      code = code * 16 + static_cast<uint32_t>(lower - 'a' + 10);
    } else {
      return 0x10000;
    }
  }
  return code;
}

size_t put_utf8(uint32_t code, char* out) {
  const auto byte = [](uint32_t bits) { return static_cast<char>(static_cast<unsigned char>(bits)); };
  if (code < 0x80) {
    out[0] = byte(code);
    return 1;
  }
  if (code < 0x800) {
    out[0] = byte(0xC0 | (code >> 6));
    out[1] = byte(0x80 | (code & 0x3F));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = byte(0xE0 | (code >> 12));
    out[1] = byte(0x80 | ((code >> 6) & 0x3F));
    out[2] = byte(0x80 | (code & 0x3F));
    return 3;
  }
  out[0] = byte(0xF0 | (code >> 18));
  out[1] = byte(0x80 | ((code >> 12) & 0x3F));
  out[2] = byte(0x80 | ((code >> 6) & 0x3F));
  out[3] = byte(0x80 | (code & 0x3F));
  return 4;
}

// The escape at raw[at] == '\\'; at moves behind it. Never writes more bytes than it reads. An unknown escape
// stays as it is.
size_t undo_escape(std::string_view raw, size_t& at, char* out) {
  const char kind = at + 1 < raw.size() ? raw[at + 1] : '\0';
  static constexpr std::string_view kFrom = "nrtbf\"\\/";
  static constexpr std::string_view kTo = "\n\r\t\b\f\"\\/";
  if (const size_t simple = kFrom.find(kind); simple != std::string_view::npos) {
    at += 2;
    out[0] = kTo[simple];
    return 1;
  }
  uint32_t code = kind == 'u' ? hex4(raw.substr(at + 2)) : 0x10000;
  if (code > 0xFFFF) {
    out[0] = raw[at++];
    return 1;
  }
  at += 6;
  if (code >= 0xD800 && code < 0xDC00 && raw.substr(at).starts_with("\\u")) {
    const uint32_t low = hex4(raw.substr(at + 2));
    if (low >= 0xDC00 && low < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      at += 6;
    }
  }
  return put_utf8(code, out);
}

std::string_view unescape(std::string_view raw, TextArena& arena) {
  char* place = arena.allocate(raw.size());
  size_t length = 0;
  size_t at = 0;
  while (at < raw.size()) {
    const void* found = std::memchr(raw.data() + at, '\\', raw.size() - at);
    const size_t next =
        found == nullptr ? raw.size() : static_cast<size_t>(static_cast<const char*>(found) - raw.data());
    std::memcpy(place + length, raw.data() + at, next - at);
    length += next - at;
    at = next;
    if (at < raw.size()) length += undo_escape(raw, at, place + length);
  }
  arena.shrink_last(raw.size() - length);
  return {place, length};
}

// Skips an object or array at text[at]. Depth is counted, not recursed into.
bool skip_nested(std::string_view text, size_t& at) {
  size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      std::string_view raw;
      bool escaped = false;
      if (!read_string(text, at, raw, escaped)) return false;
      continue;
    }
    ++at;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return true;
  }
  return false;
}

uint64_t number(std::string_view text) {
  uint64_t result = 0;
  for (const char c : text.substr(0, 19)) {
    if (c < '0' || c > '9') return 0;
    result = result * 10 + static_cast<uint64_t>(c - '0');
  }
  return result;
}

class JsonReader final : public LogReader {
 public:
  explicit JsonReader(int32_t zone_seconds) : zone_seconds_(zone_seconds) {}

  LogFormatKind kind() const override { return LogFormatKind::kJson; }
  size_t complete_records(std::string_view buffer) const override {
    const size_t newline = buffer.rfind('\n');  // a line end is never inside a JSON string
    return newline == std::string_view::npos ? 0 : newline + 1;
  }
  size_t find_record(std::string_view text) const override {
    const size_t newline = text.find('\n');
    return newline == std::string_view::npos ? newline : newline + 1;
  }
  void read(const ChunkInput& input, LogChunk& out) const override;

 private:
  bool read_object(std::string_view line, LogEntry& entry, TextArena& arena, TimeMemo& memo) const;
  void store(Key key, std::string_view text, LogEntry& entry, TimeMemo& memo) const;

  int32_t zone_seconds_;
};

void JsonReader::store(Key key, std::string_view text, LogEntry& entry, TimeMemo& memo) const {
  switch (key) {
    case Key::kTime:
      read_log_time(text, zone_seconds_, memo, entry.time);
      break;
    case Key::kUser:
      entry.user = text;
      break;
    case Key::kDatabase:
      entry.database = text;
      break;
    case Key::kPid:
      entry.pid = number(text);
      break;
    case Key::kHost:
      entry.host = text;
      break;
    case Key::kConnection: {
      const size_t colon = text.rfind(':');
      entry.host = text.substr(0, colon);
      break;
    }
    case Key::kSessionId:
      entry.session_id = text;
      break;
    case Key::kLine:
      entry.session_line = number(text);
      break;
    case Key::kTransaction:
      entry.transaction = text;
      break;
    case Key::kSeverity: {
      bool localized = false;
      entry.severity = severity_from_word(text, localized);
      entry.localized |= localized;
      break;
    }
    case Key::kState:
      entry.sqlstate = text;
      break;
    case Key::kMessage:
      entry.message = text;
      break;
    case Key::kDetail:
      entry.detail = text;
      break;
    case Key::kHint:
      entry.hint = text;
      break;
    case Key::kInternalQuery:
      entry.query = text;
      break;
    case Key::kContext:
      entry.context = text;
      break;
    case Key::kStatement:
      entry.statement = text;
      break;
    case Key::kApplication:
      entry.application = text;
      break;
    case Key::kQueryId:
      entry.query_id = text.starts_with('-') ? ~number(text.substr(1)) + 1 : number(text);
      break;
    case Key::kPosition:
      entry.position = number(text);
      break;
    case Key::kOther:
      break;
  }
}

bool JsonReader::read_object(std::string_view line, LogEntry& entry, TextArena& arena, TimeMemo& memo) const {
  size_t at = 0;
  skip_space(line, at);
  if (at >= line.size() || line[at++] != '{') return false;
  bool any = false;
  for (;;) {
    skip_space(line, at);
    if (at < line.size() && line[at] == '}') return any && entry.severity != Severity::kUnknown;
    std::string_view name;
    bool escaped = false;
    if (at >= line.size() || line[at] != '"' || !read_string(line, at, name, escaped)) return false;
    skip_space(line, at);
    if (at >= line.size() || line[at++] != ':') return false;
    skip_space(line, at);
    if (at >= line.size()) return false;
    const Key key = key_of(name);
    if (line[at] == '"') {
      std::string_view text;
      if (!read_string(line, at, text, escaped)) return false;
      if (key != Key::kOther) store(key, escaped ? unescape(text, arena) : text, entry, memo);
    } else if (line[at] == '{' || line[at] == '[') {
      if (!skip_nested(line, at)) return false;
    } else {
      const size_t end = std::min(line.find_first_of(",} \t\r", at), line.size());
      const std::string_view text = line.substr(at, end - at);
      if (key != Key::kOther && text != "null") store(key, text, entry, memo);
      at = end;
    }
    any = true;
    skip_space(line, at);
    if (at < line.size() && line[at] == ',') ++at;
  }
}

void JsonReader::read(const ChunkInput& input, LogChunk& out) const {
  const std::string_view text = input.text;
  TimeMemo memo;
  uint64_t lines = 0;
  size_t at = 0;
  if (input.first && text.starts_with("\xEF\xBB\xBF")) {
    at = 3;
    out.account.blank_bytes += 3;
  }
  while (at < text.size()) {
    const size_t start = at;
    const size_t newline = std::min(text.find('\n', at), text.size());
    at = std::min(newline + 1, text.size());
    const std::string_view line = text.substr(start, newline - start);
    ++lines;
    LogEntry& entry = out.entries.emplace_back();
    if (read_object(line, entry, out.arena, memo)) {
      entry.offset = input.offset + start;
      entry.line = lines;
      out.account.entry_bytes += at - start;
      continue;
    }
    out.entries.pop_back();
    if (line.find_first_not_of(" \r\t") == std::string_view::npos) {
      out.account.blank_bytes += at - start;
      continue;
    }
    if (line.starts_with('{') && out.account.damaged_records++ == 0)
      out.account.damaged_offset = input.offset + start;
    out.account.add_unread(line, at - start, input.file, lines, input.offset + start);
  }
  out.account.lines += lines;
}

}  // namespace

std::unique_ptr<LogReader> make_json_reader(const ReaderOptions& options) {
  return std::make_unique<JsonReader>(options.zone_seconds);
}

}  // namespace pgsieve
