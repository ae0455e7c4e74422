// The stderr format: every entry starts with log_line_prefix and a level word; the server puts a tab before
// every further line of an entry. So a line that starts with a tab is never an entry, whatever it says.
//
// A line with neither prefix nor tab is another program's output, or a continuation whose tab a shipper
// trimmed. It is taken as a continuation when the entry before it carries a statement and no line of the
// chunk has a tab, so that they seem to be trimmed; both cases are counted. Anything else is unread.
#include <cstring>

#include "analyzer/capture/log_reader.h"
#include "analyzer/capture/message.h"
#include "analyzer/capture/prefix.h"
#include "analyzer/capture/severity.h"

namespace pgsieve {
namespace {

// One line of the chunk: [start, end), and where the next one starts.
struct Line {
  size_t start = 0, end = 0, next = 0;
};

Line line_at(std::string_view text, size_t start) {
  const void* found = std::memchr(text.data() + start, '\n', text.size() - start);
  if (found == nullptr) return {start, text.size(), text.size()};
  const auto end = static_cast<size_t>(static_cast<const char*>(found) - text.data());
  return {start, end, end + 1};
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \r\t") == std::string_view::npos;
}

bool looks_dated(std::string_view line) {
  return line.size() > 5 && line[4] == '-' && line[0] >= '0' && line[0] <= '9' && line[3] >= '0' &&
         line[3] <= '9';
}

bool carries_statement(const LogEntry& entry) {
  if (is_secondary(entry.severity)) return entry.severity != Severity::kLocation;
  const MessageKind kind = classify_message(entry.message).kind;
  return kind != MessageKind::kOther && kind != MessageKind::kConnection &&
         kind != MessageKind::kDisconnection && kind != MessageKind::kDuration;
}

class StderrReader final : public LogReader {
 public:
  explicit StderrReader(PrefixMatcher matcher) : matcher_(std::move(matcher)) {}

  LogFormatKind kind() const override { return LogFormatKind::kStderr; }
  size_t complete_records(std::string_view buffer) const override;
  size_t find_record(std::string_view text) const override;
  void read(const ChunkInput& input, LogChunk& out) const override;

 private:
  struct Reading;
  bool starts_entry(std::string_view text, size_t at) const;
  void read_message(Reading& reading, Line line, size_t message) const;

  PrefixMatcher matcher_;
};

struct StderrReader::Reading {
  const ChunkInput& input;
  LogChunk& out;
  PrefixMemo memo;
  uint64_t lines = 0;
  size_t at = 0;
  std::vector<std::string_view> pieces;  // the lines of a message of several
  enum : uint8_t { kUnasked, kKept, kTrimmed } tabs = kUnasked;

  // Asked only where a line without prefix and tab turns up.
  bool tabs_trimmed() {
    if (tabs == kUnasked) tabs = input.text.find("\n\t") == std::string_view::npos ? kTrimmed : kKept;
    return tabs == kTrimmed;
  }
};

bool StderrReader::starts_entry(std::string_view text, size_t at) const {
  if (at >= text.size() || text[at] == '\t' || text[at] == '\n') return false;
  LogEntry entry;
  TimeMemo memo;
  const Line line = line_at(text, at);
  return matcher_.match(text.substr(line.start, line.end - line.start), entry, memo) > 0;
}

size_t StderrReader::complete_records(std::string_view buffer) const {
  size_t fallback = 0;
  size_t end = buffer.size();
  while (end > 0) {
    const size_t newline = buffer.substr(0, end).rfind('\n');
    if (newline == std::string_view::npos) break;
    const size_t start = newline + 1;
    if (starts_entry(buffer, start)) return start;
    if (fallback == 0 && start < buffer.size() && buffer[start] != '\t') fallback = start;
    end = newline;
  }
  // Nothing but foreign lines so far: any line without a tab will do, unless the buffer starts with an entry.
  return starts_entry(buffer, 0) ? 0 : fallback;
}

size_t StderrReader::find_record(std::string_view text) const {
  for (size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    if (starts_entry(text, at + 1)) return at + 1;
  }
  return std::string_view::npos;
}

// Takes the message that starts at `message` of `line`, with its continuation lines.
void StderrReader::read_message(Reading& reading, Line line, size_t message) const {
  const std::string_view text = reading.input.text;
  LogEntry& entry = reading.out.entries.back();
  entry.message = text.substr(line.start + message, line.end - line.start - message);
  reading.at = line.next;
  reading.pieces.clear();
  bool tabs = false;
  bool loose = false;
  while (reading.at < text.size()) {
    const bool tab = text[reading.at] == '\t';
    if (!tab && tabs) break;
    const Line more = line_at(text, reading.at);
    std::string_view piece = text.substr(more.start, more.end - more.start);
    if (!tab) {
      LogEntry probe;
      if (piece.empty() || piece == "\r" || looks_dated(piece) || !reading.tabs_trimmed() ||
          (!loose && !carries_statement(entry)) || matcher_.match(piece, probe, reading.memo) > 0) {
        break;
      }
      loose = true;
      ++reading.out.account.loose_continuations;
    } else {
      tabs = !loose;
      piece.remove_prefix(1);
    }
    reading.pieces.push_back(piece);
    ++reading.lines;
    reading.at = more.next;
  }
  const std::string_view last = reading.pieces.empty() ? entry.message : reading.pieces.back();
  const bool windows = last.ends_with('\r');
  if (windows && entry.message.ends_with('\r')) entry.message.remove_suffix(1);
  if (reading.pieces.empty()) return;
  char* joined = reading.out.arena.allocate(reading.at - line.start);
  size_t length = entry.message.size();
  std::memcpy(joined, entry.message.data(), length);
  for (std::string_view piece : reading.pieces) {
    if (windows && piece.ends_with('\r')) piece.remove_suffix(1);
    joined[length++] = '\n';
    std::memcpy(joined + length, piece.data(), piece.size());
    length += piece.size();
  }
  reading.out.arena.shrink_last(reading.at - line.start - length);
  entry.message = {joined, length};
}

void StderrReader::read(const ChunkInput& input, LogChunk& out) const {
  Reading reading{input, out, {}, 0, 0, {}};
  const std::string_view text = input.text;
  if (input.first && text.starts_with("\xEF\xBB\xBF")) {
    reading.at = 3;
    out.account.blank_bytes += 3;
  }
  while (reading.at < text.size()) {
    const size_t start = reading.at;
    const Line line = line_at(text, start);
    const std::string_view content = text.substr(start, line.end - start);
    ++reading.lines;
    const uint64_t number = reading.lines;
    size_t message = 0;
    if (text[start] != '\t') {
      LogEntry& entry = out.entries.emplace_back();
      message = matcher_.match(content, entry, reading.memo);
    }
    if (message > 0) {
      LogEntry& entry = out.entries.back();
      entry.offset = input.offset + start;
      entry.line = number;
      read_message(reading, line, message);
      if (const size_t state = verbose_state_length(entry.message);
          state > 0 && !is_secondary(entry.severity)) {
        entry.sqlstate = entry.message.substr(0, 5);
        entry.message.remove_prefix(state);
      }
      out.account.entry_bytes += reading.at - start;
      continue;
    }
    if (text[start] != '\t') out.entries.pop_back();
    reading.at = line.next;
    if (is_blank(content)) {
      out.account.blank_bytes += line.next - start;
    } else {
      out.account.add_unread(content, line.next - start, input.file, number, input.offset + start);
    }
  }
  out.account.lines += reading.lines;
}

}  // namespace

size_t LogReader::find_record(std::string_view text) const {
  for (size_t at = text.find('\n'); at != std::string_view::npos && at + 1 < text.size();
       at = text.find('\n', at + 1)) {
    if (text[at + 1] != '\t' && text[at + 1] != ' ') return at + 1;
  }
  return std::string_view::npos;
}

std::unique_ptr<LogReader> make_stderr_reader(const ReaderOptions& options) {
  Result<PrefixMatcher> matcher = PrefixMatcher::compile(options.prefix, options.zone_seconds);
  if (!matcher) return nullptr;
  return std::make_unique<StderrReader>(std::move(*matcher));
}

std::unique_ptr<LogReader> make_log_reader(LogFormatKind kind, const ReaderOptions& options) {
  switch (kind) {
    case LogFormatKind::kStderr:
    case LogFormatKind::kSyslog:  // unwrapped before: its inner lines are stderr lines
      return make_stderr_reader(options);
    case LogFormatKind::kCsv:
      return make_csv_reader(options);
    case LogFormatKind::kJson:
      return make_json_reader(options);
    default:
      return nullptr;
  }
}

}  // namespace pgsieve
