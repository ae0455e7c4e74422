// Records of text with the server's line in one of their fields, as shippers print them for people: Fluent
// Bit's standard output, logfmt, Logstash's rubydebug, the OpenTelemetry collector's debug exporter, and
// `journalctl -o verbose`.
//
//   [0] tail.0: [[1700000000.123, {}], {"log"=>"LINE", "stream"=>"stderr"}]    (an older one has one bracket)
//   time="2026-11-22T01:02:03Z" level=info msg="LINE"
//   {                                    Body: Str(LINE)        Sun 2026-11-22 01:02:03.000004 UTC [s=…;i=…]
//       "message" => "LINE",             Attributes:                MESSAGE=LINE
//   }
//
// Each is known by the form of its records, and by a server's line in one of the first of them.
#include <algorithm>
#include <array>
#include <string>

#include "analyzer/base/time.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

constexpr std::string_view kKeys[] = {"log", "message", "msg", "MESSAGE", "original"};

bool is_key_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_.@-").find(c) != std::string_view::npos;
}

// Appends a quoted text with its escapes undone.
void append_unescaped(std::string_view text, std::string& out) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out.push_back(text[i]);
      continue;
    }
    const char c = text[++i];
    constexpr std::string_view kLetters = "ntr", kMeanings = "\n\t\r";
    const size_t letter = kLetters.find(c);
    out.push_back(letter == std::string_view::npos ? c : kMeanings[letter]);
  }
}

// Where the text that begins at `from` ends before a quote that no backslash hides.
size_t closing_quote(std::string_view text, size_t from) {
  for (size_t at = from; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at;
    }
  }
  return text.size();
}

void append_value(std::string_view value, std::string& out) {
  if (value.starts_with('\t')) {  // further lines of an entry
    out.append(value);
    if (!value.ends_with('\n')) out.push_back('\n');
    return;
  }
  append_entry(value, "", out);
}

// "[0] TAG: [" and what follows it.
bool begins_fluent_bit(std::string_view line) {
  if (!line.starts_with('[')) return false;
  const size_t digits = line.find_first_not_of("0123456789", 1);
  if (digits == 1 || digits == std::string_view::npos || !line.substr(digits).starts_with("] ")) return false;
  const size_t open = line.substr(0, 300).find(": [", digits);
  return open != std::string_view::npos && line.find("{\"", open) != std::string_view::npos &&
         line.find("\"=>", open) != std::string_view::npos;
}

// Behind the opening quote of the line's own field; npos: it has none.
size_t fluent_bit_value(std::string_view line) {
  for (const std::string_view key : kKeys) {
    const std::string mark = "\"" + std::string(key) + "\"=>\"";
    if (const size_t at = line.find(mark); at != std::string_view::npos) return at + mark.size();
  }
  return std::string_view::npos;
}

class FluentBitUnwrapper final : public LineUnwrapper {
 public:
  using LineUnwrapper::LineUnwrapper;
  bool finish(std::string& out) override {
    LineUnwrapper::finish(out);
    close(out);
    return false;
  }

 protected:
  void line(std::string_view text, std::string& out) override {
    if (begins_fluent_bit(text)) {
      close(out);
      const size_t value = fluent_bit_value(text);
      if (value == std::string_view::npos) return other(text);
      open_ = true;
      record_ = text.substr(value);
    } else if (open_) {
      record_.append("\n").append(text);
    } else if (!text.empty()) {
      return other(text);
    }
    if (record_.ends_with("}]") || record_.size() > kMaxRecordBytes) close(out);
  }

 private:
  // Strings are printed as they are, or, by some versions, with escapes.
  void close(std::string& out) {
    if (!open_) return;
    open_ = false;
    const std::string_view record = record_;
    size_t end = record.size() - std::min<size_t>(record.size(), record.ends_with("\"}]") ? 3 : 0);
    for (size_t at = record.find("\", \""); at != std::string_view::npos;
         at = record.find("\", \"", at + 1)) {
      const size_t key = at + 4;
      const auto* behind =
          std::find_if_not(record.begin() + static_cast<std::ptrdiff_t>(key), record.end(), is_key_byte);
      if (!record.substr(static_cast<size_t>(behind - record.begin())).starts_with("\"=>")) continue;
      end = at;
      break;
    }
    const std::string_view value = record.substr(0, end);
    escaped_ |= value.starts_with("\\t") || value.starts_with("{\\") ||
                (!value.starts_with('{') && value.find("\\\"") != std::string_view::npos);
    if (!escaped_) return append_value(value, out);
    std::string undone;
    append_unescaped(value, undone);
    append_value(undone, out);
  }

  std::string record_;  // from the value on
  bool open_ = false, escaped_ = false;
};

// Behind the opening quote of "msg="…""; npos: the line is no logfmt.
size_t logfmt_value(std::string_view line) {
  const size_t equals = line.substr(0, 80).find('=');
  if (equals == 0 || equals == std::string_view::npos ||
      !std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(equals), is_key_byte))
    return std::string_view::npos;
  for (const std::string_view key : kKeys) {
    const std::string mark = std::string(key) + "=\"";
    const size_t at = line.find(mark);
    if (at != std::string_view::npos && (at == 0 || line[at - 1] == ' ')) return at + mark.size();
  }
  return std::string_view::npos;
}

// Behind the opening quote of `"message" => "…"`.
size_t ruby_value(std::string_view line) {
  const size_t blanks = std::min(line.find_first_not_of(' '), line.size());
  constexpr std::string_view kMark = "\"message\" => \"";
  return blanks > 0 && line.substr(blanks).starts_with(kMark) ? blanks + kMark.size()
                                                              : std::string_view::npos;
}

// The string that stands in quotes in each line, where `value_of` says. The lines without one are other
// fields of the same record, or other records.
class QuotedValueUnwrapper final : public LineUnwrapper {
 public:
  using ValueOf = size_t (*)(std::string_view line);  // behind the opening quote; npos: the line has none
  enum class Rest : uint8_t { kSameRecord, kOtherRecords };
  QuotedValueUnwrapper(UnwrapReport& report, ValueOf value_of, Rest rest)
      : LineUnwrapper(report), value_of_(value_of), rest_(rest) {}

 protected:
  void line(std::string_view text, std::string& out) override {
    const size_t value = value_of_(text);
    if (value == std::string_view::npos) {
      if (rest_ == Rest::kOtherRecords && !text.empty()) other(text);
      return;
    }
    undone_.clear();
    append_unescaped(text.substr(value, closing_quote(text, value) - value), undone_);
    append_value(undone_, out);
  }

 private:
  ValueOf value_of_;
  Rest rest_;
  std::string undone_;
};

constexpr std::string_view kBody = "Body: Str(";

class DebugExporterUnwrapper final : public LineUnwrapper {
 public:
  using LineUnwrapper::LineUnwrapper;
  bool finish(std::string& out) override {
    LineUnwrapper::finish(out);
    close(out);
    return false;
  }

 protected:
  void line(std::string_view text, std::string& out) override {
    if (text.starts_with(kBody)) {
      close(out);
      open_ = true;
      value_ = text.substr(kBody.size());
    } else if (open_ && (text == "Attributes:" || text.starts_with("Trace ID:"))) {
      close(out);
    } else if (open_ && value_.size() <= kMaxRecordBytes) {
      value_.append("\n").append(text);
    }
  }

 private:
  void close(std::string& out) {
    if (!open_) return;
    open_ = false;
    if (value_.ends_with(')')) value_.pop_back();
    append_value(value_, out);
  }
  std::string value_;
  bool open_ = false;
};

// Whether one of the first lines is a record's, with a server's line in it.
template <typename Value>
bool holds_server_line(std::string_view head, const Value& value) {
  size_t lines = 0;
  for (size_t start = 0; start < head.size() && lines < 2000; ++lines) {
    const size_t end = std::min(head.find('\n', start), head.size());
    const std::string_view line = head.substr(start, end - start);
    start = end + 1;
    const size_t at = value(line);
    if (at != std::string_view::npos && find_level(line.substr(at)).length > 0) return true;
  }
  return false;
}

std::string_view first_line(std::string_view head) {
  return head.substr(0, head.find('\n'));
}

size_t body_value(std::string_view line) {
  return line.starts_with(kBody) ? kBody.size() : std::string_view::npos;
}
size_t journal_value(std::string_view line) {
  const size_t at = line.find("MESSAGE=");
  return at != std::string_view::npos && line.find_first_not_of(' ') == at ? at + 8 : std::string_view::npos;
}

template <typename Kind>
std::unique_ptr<Unwrapper> make(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<Kind>(report);
}

std::unique_ptr<Unwrapper> make_logfmt(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<QuotedValueUnwrapper>(report, logfmt_value,
                                                QuotedValueUnwrapper::Rest::kOtherRecords);
}

std::unique_ptr<Unwrapper> make_ruby(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<QuotedValueUnwrapper>(report, ruby_value, QuotedValueUnwrapper::Rest::kSameRecord);
}

}  // namespace

const WrapperKind* detect_fields(std::string_view head) {
  static const WrapperKind kFluentBit{"Fluent Bit", make<FluentBitUnwrapper>};
  static const WrapperKind kLogfmt{"logfmt", make_logfmt};
  static const WrapperKind kRuby{"rubydebug", make_ruby};
  static const WrapperKind kJournal{"journald", make_journal_verbose};
  static const WrapperKind kDebugExporter{"OTLP", make<DebugExporterUnwrapper>};
  const std::string_view first = first_line(head);
  if (begins_fluent_bit(first)) return holds_server_line(head, fluent_bit_value) ? &kFluentBit : nullptr;
  if (logfmt_value(first) != std::string_view::npos)
    return holds_server_line(head, logfmt_value) ? &kLogfmt : nullptr;
  if (first == "{") return holds_server_line(head, ruby_value) ? &kRuby : nullptr;
  if (begins_journal_record(first)) return holds_server_line(head, journal_value) ? &kJournal : nullptr;
  const bool bodies = head.find("\nBody: Str(") != std::string_view::npos;
  return bodies && holds_server_line(head, body_value) ? &kDebugExporter : nullptr;
}

}  // namespace pgsieve
