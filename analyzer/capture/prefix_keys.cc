// Fields that a filled-in prefix names by a key: "user=jo", "db:shop", {"pid":77}.
#include <algorithm>

#include "analyzer/capture/prefix_forms.h"
#include "analyzer/capture/prefix_reader.h"

namespace pgsieve::internal {

void PrefixReader::find_keys() {
  for (size_t at = 0; at < text_.size(); ++at) {
    const size_t length = span_of(text_.substr(at), [](char c) { return is_name(c); });
    if (length == 0) continue;
    const std::string_view escape = escape_of_key(text_.substr(at, length));
    const std::string_view behind = text_.substr(at + length);
    const size_t blanks = span_of(behind, [](char c) { return c == ' '; });
    const bool key = behind.substr(blanks).starts_with('=') || behind.starts_with("\":");
    if (!escape.empty() && key) keyed_ += escape[1];
    at += length;
  }
}

bool PrefixReader::step_key(std::string_view rest) {
  const size_t length = span_of(rest, [](char c) { return is_name(c); });
  const std::string_view escape = escape_of_key(rest.substr(0, length));
  size_t value = length;
  while (value < rest.size() && rest[value] == ' ') ++value;
  const bool colon = value == length && length > 1 && !escape.empty() && rest.substr(value).starts_with(":");
  if (length == 0 || value >= rest.size() || (rest[value] != '=' && !colon)) return false;
  ++value;
  while (value < rest.size() && rest[value] == ' ') ++value;
  if (escape.empty()) {
    put_literal(value);
    return true;
  }
  const char quote = value < rest.size() ? rest[value] : ' ';
  const bool quoted = quote == '"' || quote == '\'';
  if (quoted) ++value;
  const size_t end =
      quoted ? std::min(rest.find(quote, value), rest.size()) : end_of_value(rest, value, escape);
  const size_t before = at_;
  std::string_view chosen = escape;
  if (escape == "%h" && rest.substr(value, end - value).find('(') != std::string_view::npos) chosen = "%r";
  note_session_field(chosen);
  put_literal(value);
  put(chosen, end - value);
  return at_ > before;
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

size_t PrefixReader::end_of_value(std::string_view rest, size_t value, std::string_view escape) {
  size_t end = value;
  while (end < rest.size()) {
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
