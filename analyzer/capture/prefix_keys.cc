// Fields that a filled-in prefix names by a key: "user=jo", "db:shop", {"pid":77}.
#include <algorithm>

#include "analyzer/base/time.h"
#include "analyzer/capture/prefix_forms.h"
#include "analyzer/capture/prefix_reader.h"

namespace pgsieve::internal {

namespace {

constexpr std::string_view kNames = "uda";
constexpr std::string_view kWords = "udahr";  // of no form that tells them from other words
constexpr size_t kStateLength = 5;

// Words for the time in front of it.
bool is_key_of_time(std::string_view key) {
  static constexpr std::string_view kKeys[] = {"time", "ts", "timestamp", "log_time", "epoch", "date", "at"};
  return std::find(std::begin(kKeys), std::end(kKeys), key) != std::end(kKeys);
}

// Length of the value at the start of the text, if it has a form that only the escape's have; 0: it has none.
size_t formed_length(std::string_view text, char escape) {
  const size_t digits = span_of(text, is_digit);
  const size_t hex = span_of(text, is_hex);
  const auto behind = [text](size_t at) { return text.substr(std::min(at, text.size())); };
  switch (escape) {
    case 'p':
    case 'l':
    case 'x':
      return digits;
    case 'c':
      return hex >= 6 && behind(hex).starts_with('.') ? hex + 1 + span_of(behind(hex + 1), is_hex) : 0;
    case 'v':
      return digits > 0 && behind(digits).starts_with('/')
                 ? digits + 1 + span_of(behind(digits + 1), is_digit)
                 : 0;
    case 'Q':
      return text.starts_with('-') ? 1 + span_of(behind(1), is_digit) : digits;
    case 's':
      return parse_time(text).length;
    case 'h':
    case 'r':
      return text.starts_with("[local]") ? 7 : host_length(text);
    case 'e':
      return span_of(text, [](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); }) == kStateLength
                 ? kStateLength
                 : 0;
    case 'i':
      return command_tag_length(text);
    case 'b':
      return backend_type_length(text);
    default:
      return 0;
  }
}

}  // namespace

void PrefixReader::find_keys() {
  for (size_t at = 0; at < text_.size(); ++at) {
    const size_t length = span_of(text_.substr(at), [](char c) { return is_name(c); });
    if (length == 0) continue;
    const std::string_view escape = escape_of_key(text_.substr(at, length));
    const std::string_view behind = text_.substr(at + length);
    const size_t blanks = span_of(behind, [](char c) { return c == ' '; });
    const bool key = behind.substr(blanks).starts_with('=') || behind.starts_with("\":");
    if (!escape.empty() && key) keyed_ += escape[1];
    if (length > 1 && !escape.empty() && blanks == 1 && formed_length(behind.substr(1), escape[1]) > 0)
      blank_keys_ = true;
    at += length;
  }
}

bool PrefixReader::step_key(std::string_view rest) {
  const size_t length = span_of(rest, [](char c) { return is_name(c); });
  const std::string_view escape = escape_of_key(rest.substr(0, length));
  size_t value = length;
  while (value < rest.size() && rest[value] == ' ') ++value;
  if (length == 0 || value >= rest.size()) return false;
  const bool equals = rest[value] == '=';
  const bool colon = value == length && (length > 1 || colon_keys_) && rest[value] == ':';
  const bool blank = value == length + 1;
  if (equals || colon) ++value;
  while (value < rest.size() && rest[value] == ' ') ++value;
  if (const std::string_view stamp = rest.substr(value);
      is_key_of_time(rest.substr(0, length)) && value > length &&
      (parse_time(stamp).length > 0 || span_of(stamp, is_digit) == 10)) {
    put_literal(value);
    return true;
  }
  if (!equals && escape.empty() && !(colon && colon_keys_)) return false;
  // "pid 77": the value has the form; "user jo": another key shows that values are behind blanks.
  const size_t formed = escape.empty() ? 0 : formed_length(rest.substr(value), escape[1]);
  const bool word = !escape.empty() && kWords.find(escape[1]) != std::string_view::npos;
  if (!equals && !colon && !(blank && length > 1 && (formed > 0 || (word && blank_keys_)))) return false;
  if (escape.empty()) {
    put_literal(value);
    return true;
  }
  colon_keys_ = colon_keys_ || colon;
  const char quote = value < rest.size() ? rest[value] : ' ';
  const bool quoted = quote == '"' || quote == '\'';
  if (quoted) ++value;
  size_t end = value + formed;
  if (quoted) end = std::min(rest.find(quote, value), rest.size());
  if (!quoted && formed == 0) {
    end = end_of_value(rest, value, escape);
    if (const size_t close = closing(rest, value); close > 0) end = close;
    end = std::max(end, value + known_name_length(rest.substr(value), escape));
  }
  const size_t before = at_;
  std::string_view chosen = escape;
  if (escape == "%h" && rest.substr(value, end - value).find('(') != std::string_view::npos) chosen = "%r";
  note_session_field(chosen);
  put_literal(value);
  put(chosen, end - value);
  return at_ > before;
}

// Where the bracket closes that the key stands behind; 0: there is none.
size_t PrefixReader::closing(std::string_view rest, size_t value) const {
  if (out_.empty() || !opens(out_.back())) return 0;
  const char open = out_.back();
  const char close = open == '(' ? ')' : open == '[' ? ']' : '>';
  size_t depth = 1;
  for (size_t at = value; at < rest.size(); ++at) {
    if (rest[at] == open) ++depth;
    if (rest[at] == close && --depth == 0) return at;
    if (is_delimiter(rest[at]) && rest[at] != open && rest[at] != close && rest[at] != ' ') return 0;
  }
  return 0;
}

// Of the connection messages' names, which may hold blanks and any marks.
size_t PrefixReader::known_name_length(std::string_view text, std::string_view escape) const {
  size_t longest = 0;
  const auto& names = escape == "%u"   ? evidence_.users
                      : escape == "%d" ? evidence_.databases
                                       : evidence_.applications;
  for (const std::string& name : names) {
    const char next = name.size() < text.size() ? text[name.size()] : ' ';
    if (name.size() > longest && text.starts_with(name) && !is_name(next) && !is_digit(next))
      longest = name.size();
  }
  return kNames.find(escape[1]) == std::string_view::npos ? 0 : longest;
}

bool PrefixReader::step_quoted_key(std::string_view rest) {
  const size_t length = span_of(rest.substr(1), [](char c) { return is_name(c); });
  if (length == 0 || !rest.substr(1 + length).starts_with("\":")) return false;
  size_t value = length + 3;
  while (value < rest.size() && rest[value] == ' ') ++value;
  const bool quoted = rest.substr(value).starts_with('"');
  if (quoted) ++value;
  const std::string_view escape = escape_of_key(rest.substr(1, length));
  if (escape.empty()) {
    put_literal(value);
    return true;
  }
  const size_t end = quoted ? rest.find('"', value) : rest.find_first_of(",} ", value);
  note_session_field(escape);
  put_literal(value);
  put(escape, std::min(end, rest.size()) - value);
  return true;
}

size_t PrefixReader::end_of_value(std::string_view rest, size_t value, std::string_view escape) const {
  const auto no_word = [](char c) { return !is_name(c) && !is_digit(c); };
  size_t end = value;
  while (end < rest.size()) {
    // Whatever stands between the fields, a known key is the next one.
    const size_t next = end + span_of(rest.substr(end), no_word);
    const size_t known = next + span_of(rest.substr(std::min(next, rest.size())), is_name);
    if (next > end && known < rest.size() && known > next + 1 &&
        (rest[known] == '=' || rest[known] == ':' || (blank_keys_ && rest[known] == ' ')) &&
        !escape_of_key(rest.substr(next, known - next)).empty())
      break;
    if (is_delimiter(rest[end]) && rest[end] != '(' && rest[end] != ')' && rest[end] != '[' &&
        !(rest[end] == ']' && rest.substr(value).starts_with("["))) {
      const size_t key = end + span_of(rest.substr(end), is_delimiter);
      const size_t word = span_of(rest.substr(key), is_name);
      if (key + word >= rest.size() || (word > 0 && (rest[key + word] == '=' || rest[key + word] == ':')))
        break;
      if (escape != "%a" && escape != "%i" && escape != "%b" && escape != "%s") break;
    }
    ++end;
  }
  if (rest.substr(value).starts_with("[unknown]")) return value + 9;
  if (rest.substr(value, 1) == "[" && rest.substr(end, 1) == "]") ++end;
  while (end > value && (rest[end - 1] == ':' || rest[end - 1] == ' ')) --end;
  return end;
}

}  // namespace pgsieve::internal
