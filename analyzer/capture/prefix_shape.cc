#include "analyzer/capture/prefix_shape.h"

#include <algorithm>

#include "analyzer/base/time.h"
#include "analyzer/capture/prefix_forms.h"

namespace pgsieve {
namespace {

using internal::backend_type_length;
using internal::command_tag_length;
using internal::escape_of_key;
using internal::host_length;
using internal::is_delimiter;
using internal::is_digit;
using internal::is_hex;
using internal::is_name;
using internal::name_limit;
using internal::query_id_length;
using internal::span_of;

// What background processes have no value for.
constexpr std::string_view kSessionFields = "udahrLiQ";

// Takes the filled-in prefix apart; the result is a candidate.
class Reader {
 public:
  Reader(std::string_view head, std::string_view text, const PrefixEvidence& evidence)
      : text_(text), evidence_(evidence), out_(head) {
    for (size_t i = 0; i + 1 < head.size(); ++i) {
      if (head[i] == '%') seen_ += head[++i];
    }
    find_keys();
    find_session_pid();
  }

  std::string read(bool quit) {
    quit_ = quit;
    while (at_ < text_.size()) step();
    return out_;
  }
  bool has_session_field() const { return session_field_; }

 private:
  // The escapes that the text names by a key ("user=").
  void find_keys() {
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
  bool keyed(char escape) const { return keyed_.find(escape) != std::string::npos; }

  // A session id ("6a1b2c3d.4d") ends in the pid, in hexadecimal: it tells which number is the pid.
  void find_session_pid() {
    for (size_t at = 0; at < text_.size(); ++at) {
      const size_t start = span_of(text_.substr(at), is_hex);
      const std::string_view rest = text_.substr(std::min(at + start, text_.size()));
      if (start == 8 && rest.starts_with('.')) {
        const std::string_view pid = rest.substr(1, span_of(rest.substr(1), is_hex));
        if (!pid.empty() && pid.size() <= 8) session_pid_ = std::stoull(std::string(pid), nullptr, 16);
        return;
      }
      if (start > 0) at += start - 1;
    }
  }
  bool may_be_pid(std::string_view digits) const {
    return digits.size() <= 10 && (session_pid_ == 0 || std::stoull(std::string(digits)) == session_pid_);
  }

  // Whether the escape ("%u") is there already, padded or not.
  bool seen(std::string_view escape) const { return seen_.find(escape[1]) != std::string::npos; }

  void put(std::string_view escape, size_t length) {
    seen_ += escape[1];
    note_session_field(escape);
    put_padded(escape, length);
    at_ += length;
  }

  // %q stands before the first one's own key or bracket, where the background processes' prefix ends: behind
  // the last blank.
  void note_session_field(std::string_view escape) {
    if (session_field_ || kSessionFields.find(escape[1]) == std::string_view::npos) return;
    session_field_ = true;
    if (!quit_) return;
    const size_t blank = out_.rfind(' ');
    out_.insert(blank == std::string::npos ? out_.size() : blank + 1, "%q");
  }

  static bool opens(char c) { return c == '[' || c == '(' || c == '<'; }

  // Two blanks and more beside a field, and one behind an opening bracket, are its padding: "[    77]" is
  // "[%8p]", "jo        |" is "%-10u|".
  void put_padded(std::string_view escape, size_t length) {
    size_t before = 0;
    while (before < out_.size() && out_[out_.size() - 1 - before] == ' ') ++before;
    const std::string_view behind = text_.substr(std::min(at_ + length, text_.size()));
    const size_t after = span_of(behind, [](char c) { return c == ' '; });
    if (after > 1) {
      // A blank before a word is the prefix's own.
      const size_t own = after < behind.size() && is_delimiter(behind[after]) ? 0 : 1;
      out_ += "%-" + std::to_string(length + after - own) + std::string(escape.substr(1));
      at_ += after - own;
    } else if (before > 1 || (before == 1 && out_.size() > 1 && opens(out_[out_.size() - 2]))) {
      const size_t own = before < out_.size() && is_delimiter(out_[out_.size() - 1 - before]) ? 0 : 1;
      out_.resize(out_.size() - (before - own));
      out_ += "%" + std::to_string(length + before - own) + std::string(escape.substr(1));
    } else {
      out_ += escape;
    }
  }

  void put_literal(size_t length) {
    for (const char c : text_.substr(at_, length)) {
      if (c == '%') out_.push_back('%');
      out_.push_back(c);
    }
    at_ += length;
  }

  void step() {
    const std::string_view rest = text_.substr(at_);
    if (rest[0] == '"' && step_quoted_key(rest)) return;
    if (const size_t id = query_id_length(rest); id > 0 && !seen("%Q")) return put("%Q", id);
    if (is_digit(rest[0]) && step_digits(rest)) return;
    if (step_session_id(rest)) return;
    if (rest.starts_with("[local]")) return put("%h", 7);
    if (is_name(rest[0]) || rest[0] == ':' || is_digit(rest[0]) || rest[0] == '[' || rest[0] == '@') {
      if (step_key(rest) || step_words(rest)) return;
    }
    put_literal(1);
  }

  bool step_session_id(std::string_view rest) {
    const size_t start = span_of(rest, is_hex);
    if (start < 6 || start > 16 || start >= rest.size() || rest[start] != '.' || seen("%c")) return false;
    const size_t pid = span_of(rest.substr(start + 1), is_hex);
    const size_t length = start + 1 + pid;
    if (pid == 0 ||
        (length < rest.size() && (is_name(rest[length]) || is_digit(rest[length]) || rest[length] == '.')))
      return false;
    put("%c", length);
    return true;
  }

  bool step_digits(std::string_view rest) {
    if (const ParsedTime time = parse_time(rest); time.length > 0) {
      const bool fraction = time.length > 19 && rest[19] == '.';
      put(!seen("%m") && !seen("%t") && !seen("%n") ? (fraction ? "%m" : "%t") : "%s", time.length);
      return true;
    }
    const size_t digits = span_of(rest, is_digit);
    const char next = digits < rest.size() ? rest[digits] : ' ';
    if (digits == 10 && next == '.' && span_of(rest.substr(11), is_digit) == 3 && !seen("%m") &&
        !seen("%t")) {
      put("%n", 14);
      return true;
    }
    if (step_session_id(rest)) return true;
    if (next == '/' && digits + 1 < rest.size() && is_digit(rest[digits + 1])) {
      put("%v", digits + 1 + span_of(rest.substr(digits + 1), is_digit));
      return true;
    }
    if (host_length(rest) > 0) return false;
    const bool state =
        rest.size() >= 5 && span_of(rest, [](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); }) == 5;
    if (state && !seen("%e") && (rest.starts_with("00000") || (seen("%p") && digits < 5))) {
      put("%e", 5);
      return true;
    }
    if (is_name(next) || next == '@' || next == '-') {
      // "12-1]": a line number before the constant 1 of old advice; "12-34": pid and line.
      if (next != '-') return false;
    }
    if (!seen("%p") && may_be_pid(rest.substr(0, digits))) {
      put("%p", digits);
    } else if (!seen("%l") && rest.substr(0, digits) != "0") {  // lines are counted from 1
      put("%l", digits);
      if (text_.substr(at_).starts_with("-1")) put_literal(2);
    } else if (!seen("%x")) {
      put("%x", digits);
    } else {
      put("%P", digits);
    }
    return true;
  }

  // "key=value", and "key:value" of a key we know that is more than a letter.
  bool step_key(std::string_view rest) {
    const size_t length = span_of(rest, [](char c) { return is_name(c); });
    const std::string_view escape = escape_of_key(rest.substr(0, length));
    size_t value = length;
    while (value < rest.size() && rest[value] == ' ') ++value;
    const bool colon =
        value == length && length > 1 && !escape.empty() && rest.substr(value).starts_with(":");
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

  // "key":"value" and "key":value, as in JSON.
  bool step_quoted_key(std::string_view rest) {
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

  // Where what stands between two marks ends, the first of which was put last; 0: there are none.
  size_t enclosed_length(std::string_view rest) const {
    constexpr std::string_view kMarks = "\"\"''[]()<>";
    if (out_.empty() || kMarks.find(out_.back()) == std::string_view::npos) return 0;
    const char open = out_.back();
    const bool quote = open == '"' || open == '\'';
    if (quote ? std::count(out_.begin(), out_.end(), open) % 2 == 0 : !opens(open)) return 0;
    const char close = kMarks[kMarks.find(open) + 1];
    const size_t end = rest.find(close, rest.starts_with("[unknown]") ? 9 : 0);
    if (end == std::string_view::npos) return 0;
    const bool blanks = rest.substr(0, end).find(' ') != std::string_view::npos;
    return blanks && !quote && !(seen("%u") && seen("%d") && !seen("%a")) ? 0 : end;
  }

  // The value of a key goes on to the separator before the next key, or to the end of the prefix.
  static size_t end_of_value(std::string_view rest, size_t value, std::string_view escape) {
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

  // Names: user@database, hosts, or words by their place.
  bool step_words(std::string_view rest) {
    if (const size_t type = backend_type_length(rest); type > 0 && !seen("%b")) {
      put("%b", type);
      return true;
    }
    if (const size_t host = host_length(rest); host > 0) {
      put(rest[host - 1] == ')' ? "%r" : "%h", host);
      return true;
    }
    if (!is_name(rest[0]) && !is_digit(rest[0]) && !rest.starts_with("[unknown]") && rest[0] != '@')
      return false;
    const size_t end = std::min(rest.find(' '), rest.size());
    const size_t sign = rest.substr(0, end).find('@');
    if (sign != std::string_view::npos && !seen("%u") && !seen("%d") && !keyed('u') && !keyed('d')) {
      put("%u", sign);
      put_literal(1);
      const size_t database = span_of(rest.substr(sign + 1), [](char c) {
        return std::string_view(":/],|; (\"'\t").find(c) == std::string_view::npos;
      });
      put("%d", database);
      return true;
    }
    if (rest[0] == '@') return false;
    // A word before the one with user and database is the client's host, where it looks like one, or the name
    // that it gives itself.
    const size_t other = rest.find('@', end);
    const bool names_follow = other != std::string_view::npos && other + 1 < rest.size() &&
                              is_name(rest[other - 1]) && is_name(rest[other + 1]);
    if (names_follow && command_tag_length(rest) == 0 && !seen("%u") && !seen("%d") && !seen("%h") &&
        !keyed('u') && !keyed('h')) {
      const size_t enclosed = enclosed_length(rest);
      const size_t length = enclosed > 0 ? enclosed : end;
      const std::string_view word = rest.substr(0, length);
      put(word == "localhost" || word.find('.') != std::string_view::npos || seen("%a") ? "%h" : "%a",
          length);
      return true;
    }
    return step_free_words(rest);
  }

  bool step_free_words(std::string_view rest) {
    size_t end = rest.starts_with("[unknown]")
                     ? 9
                     : span_of(rest, [](char c) { return !is_delimiter(c) && c != ':' && c != '/'; });
    const size_t enclosed = enclosed_length(rest);
    if (enclosed > 0) end = enclosed;
    if (end == 0) return false;
    std::string_view word = rest.substr(0, end);
    if (const size_t tag = command_tag_length(rest); tag > 0 && !seen("%i")) {
      put("%i", tag);
      return true;
    }
    if (rest.substr(end).starts_with("(") &&
        is_digit(rest.substr(end + 1, 1).empty() ? 'x' : rest[end + 1])) {
      const size_t close = rest.find(')', end);
      if (close != std::string_view::npos) {
        put("%r", close + 1);
        return true;
      }
    }
    if (seen("%u") && seen("%d") && !seen("%a")) {
      if (enclosed > 0) {
        put("%a", enclosed);
        return true;
      }
      // An application name: whatever is left, blanks included, up to a closing mark.
      size_t last = name_limit(rest);
      while (last > end && (is_delimiter(rest[last - 1]) || rest[last - 1] == ':' || rest[last - 1] == '-'))
        --last;
      const size_t bar = rest.find_first_of(out_.ends_with(':') ? "|,;:" : "|,;", end);
      put("%a", rest.starts_with("[unknown]") ? end : std::min(last, bar));
      return true;
    }
    // Known names may hold blanks.
    size_t known = end;
    for (const auto* names : {&evidence_.users, &evidence_.databases, &evidence_.applications}) {
      for (const std::string& name : *names) {
        const char next = name.size() < rest.size() ? rest[name.size()] : ' ';
        if (name.size() > known && rest.starts_with(name) && !is_name(next) && !is_digit(next))
          known = name.size();
      }
    }
    if (known > end) word = rest.substr(0, end = known);
    if (evidence_.users.contains(word) && !seen("%u")) {
      put("%u", end);
    } else if (evidence_.databases.contains(word) && !seen("%d")) {
      put("%d", end);
    } else if (evidence_.applications.contains(word) && !seen("%a")) {
      put("%a", end);
    } else if (keyed('u') || keyed('d')) {
      put_literal(end);
    } else if (!seen("%u")) {
      put("%u", end);
    } else if (!seen("%d")) {
      put("%d", end);
    } else if (enclosed > 0 && !seen("%h") && !seen("%r")) {
      put("%h", end);
    } else {
      put_literal(end);
    }
    return true;
  }

  std::string_view text_;
  const PrefixEvidence& evidence_;
  size_t at_ = 0;
  std::string out_;
  std::string seen_;   // letters of the escapes in out_
  std::string keyed_;  // of those that a key names
  uint64_t session_pid_ = 0;
  bool quit_ = false;
  bool session_field_ = false;
};

}  // namespace

std::string take_prefix_apart(std::string_view head, std::string_view text, const PrefixEvidence& evidence,
                              bool quit, bool& session_field) {
  Reader reader(head, text, evidence);
  std::string prefix = reader.read(quit);
  session_field = reader.has_session_field();
  return prefix;
}

}  // namespace pgsieve
