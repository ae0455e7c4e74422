#include "analyzer/capture/prefix_shape.h"

#include <algorithm>

#include "analyzer/base/time.h"

namespace pgsieve {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}
bool is_delimiter(char c) {
  return std::string_view(" ,;|[](){}<>").find(c) != std::string_view::npos;
}
bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

template <typename Predicate>
size_t span_of(std::string_view text, Predicate accept) {
  size_t length = 0;
  while (length < text.size() && accept(text[length])) ++length;
  return length;
}

std::string_view escape_of_key(std::string_view key) {
  static constexpr std::pair<std::string_view, std::string_view> kKeys[] = {
      {"user", "%u"},
      {"usr", "%u"},
      {"username", "%u"},
      {"role", "%u"},
      {"u", "%u"},
      {"db", "%d"},
      {"database", "%d"},
      {"dbname", "%d"},
      {"d", "%d"},
      {"app", "%a"},
      {"application", "%a"},
      {"application_name", "%a"},
      {"appname", "%a"},
      {"a", "%a"},
      {"client", "%h"},
      {"host", "%h"},
      {"remote", "%r"},
      {"rhost", "%h"},
      {"ip", "%h"},
      {"h", "%h"},
      {"r", "%r"},
      {"pid", "%p"},
      {"p", "%p"},
      {"process", "%p"},
      {"line", "%l"},
      {"log_line", "%l"},
      {"l", "%l"},
      {"session", "%c"},
      {"sess", "%c"},
      {"sid", "%c"},
      {"session_id", "%c"},
      {"c", "%c"},
      {"vxid", "%v"},
      {"vtx", "%v"},
      {"v", "%v"},
      {"xid", "%x"},
      {"tx", "%x"},
      {"txid", "%x"},
      {"x", "%x"},
      {"sqlstate", "%e"},
      {"state", "%e"},
      {"err", "%e"},
      {"code", "%e"},
      {"sql_error_code", "%e"},
      {"e", "%e"},
      {"tag", "%i"},
      {"cmd", "%i"},
      {"command", "%i"},
      {"ps", "%i"},
      {"qid", "%Q"},
      {"query_id", "%Q"},
      {"queryid", "%Q"},
      {"backend", "%b"},
      {"type", "%b"},
      {"backend_type", "%b"},
      {"start", "%s"},
      {"session_start", "%s"},
  };
  std::string lower(key);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const auto& [name, escape] : kKeys) {
    if (name == lower) return escape;
  }
  return {};
}

// Length of a backend type (%b, GetBackendTypeDesc in src/backend/utils/init/miscinit.c) at the start of the
// text; 0: none.
size_t backend_type_length(std::string_view text) {
  static constexpr std::string_view kTypes[] = {"client backend",
                                                "standalone backend",
                                                "dead-end client backend",
                                                "parallel worker",
                                                "autovacuum worker",
                                                "autovacuum launcher",
                                                "logical replication launcher",
                                                "logical replication apply worker",
                                                "logical replication parallel worker",
                                                "logical replication tablesync worker",
                                                "logical replication worker",
                                                "background writer",
                                                "background worker",
                                                "slotsync worker",
                                                "io worker",
                                                "walsender",
                                                "walwriter",
                                                "walreceiver",
                                                "walsummarizer",
                                                "checkpointer",
                                                "archiver",
                                                "startup",
                                                "postmaster",
                                                "logger",
                                                "not initialized"};
  for (const std::string_view type : kTypes) {
    if (!text.starts_with(type)) continue;
    const char next = type.size() < text.size() ? text[type.size()] : ' ';
    if (!is_name(next) && !is_digit(next)) return type.size();
  }
  return 0;
}

// Where an application's name ends at the latest, as nothing of a name's form follows: an address, a session
// id, a time, a virtual transaction. "from" before an address is the prefix's own word.
size_t name_limit(std::string_view text, size_t (*host_length)(std::string_view)) {
  for (size_t at = text.find(' '); at != std::string_view::npos; at = text.find(' ', at + 1)) {
    const std::string_view rest = text.substr(at + 1);
    const size_t hex = span_of(rest, is_hex);
    const size_t digits = span_of(rest, is_digit);
    const bool session = hex >= 6 && hex < rest.size() && rest[hex] == '.' && is_hex(rest.substr(hex + 1)[0]);
    const bool transaction =
        digits > 0 && digits + 1 < rest.size() && rest[digits] == '/' && is_digit(rest[digits + 1]);
    if (!session && !transaction && host_length(rest) == 0 && !rest.starts_with("[local]") &&
        parse_time(rest).length == 0 && backend_type_length(rest) == 0)
      continue;
    return text.substr(0, at).ends_with(" from") ? at - 5 : at;
  }
  return text.size();
}

// Takes the filled-in prefix apart; the result is a candidate.
class Reader {
 public:
  Reader(std::string_view head, std::string_view text, const PrefixEvidence& evidence)
      : text_(text), evidence_(evidence), out_(head) {
    for (size_t i = 0; i + 1 < head.size(); ++i) {
      if (head[i] == '%') seen_ += head[++i];
    }
  }

  std::string read(bool quit) {
    quit_ = quit;
    while (at_ < text_.size()) step();
    return out_;
  }
  bool has_session_field() const { return session_field_; }

 private:
  // Whether the escape ("%u") is there already, padded or not.
  bool seen(std::string_view escape) const { return seen_.find(escape[1]) != std::string::npos; }

  void put(std::string_view escape, size_t length) {
    seen_ += escape[1];
    static constexpr std::string_view kSessionFields = "udahrLiQ";
    if (kSessionFields.find(escape[1]) != std::string_view::npos && !session_field_) {
      session_field_ = true;
      if (quit_) {
        // Before the field's own key or bracket, where the background processes' prefix ends: behind the last
        // blank.
        const size_t blank = out_.rfind(' ');
        out_.insert(blank == std::string::npos ? out_.size() : blank + 1, "%q");
      }
    }
    put_padded(escape, length);
    at_ += length;
  }

  // Two blanks and more beside a field are its padding: "[    77]" is "[%8p]", "jo        |" is "%-10u|".
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
    } else if (before > 1) {
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
    if (!seen("%p")) {
      put("%p", digits);
    } else if (!seen("%l")) {
      put("%l", digits);
      if (text_.substr(at_).starts_with("-1")) put_literal(2);
    } else if (!seen("%x")) {
      put("%x", digits);
    } else {
      put("%P", digits);
    }
    return true;
  }

  // "127.0.0.1(5432)", "127.0.0.1", "::1(5432)", "[local]": its length, 0 when there is no host.
  static size_t host_length(std::string_view rest) {
    size_t length = span_of(rest, [](char c) { return is_digit(c) || c == '.'; });
    if (std::count(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(length), '.') != 3) {
      length = span_of(rest, [](char c) { return is_hex(c) || c == ':'; });
      const std::string_view address = rest.substr(0, length);
      if (std::count(address.begin(), address.end(), ':') < 2 || address.ends_with(':') ||
          address.find_first_of("0123456789abcdef") == std::string_view::npos ||
          address.find(":::") != std::string_view::npos) {
        return 0;
      }
    }
    if (length < rest.size() && rest[length] == '(') {
      const size_t close = rest.find(')', length);
      if (close != std::string_view::npos) return close + 1;
    }
    return length;
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
    // The value goes on to the separator before the next key, or to the end of the prefix.
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
    if (rest.substr(value, 1) == "[" && rest.substr(end, 1) == "]") ++end;
    while (end > value && (rest[end - 1] == ':' || rest[end - 1] == ' ')) --end;
    const size_t before = at_;
    std::string_view chosen = escape;
    if (escape == "%h" && rest.substr(value, end - value).find('(') != std::string_view::npos) chosen = "%r";
    if (quit_ && !session_field_ && std::string_view("udahrLiQ").find(chosen[1]) != std::string_view::npos) {
      session_field_ = true;
      const size_t blank = out_.rfind(' ');
      out_.insert(blank == std::string::npos ? out_.size() : blank + 1, "%q");
    }
    put_literal(value);
    put(chosen, end - value);
    return at_ > before;
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
    if (sign != std::string_view::npos && !seen("%u") && !seen("%d")) {
      put("%u", sign);
      put_literal(1);
      const size_t database = span_of(rest.substr(sign + 1), [](char c) {
        return c != ':' && c != '/' && c != ']' && c != ',' && c != '|' && c != ';' && c != ' ' && c != '(';
      });
      put("%d", database);
      return true;
    }
    if (rest[0] == '@') return false;
    return step_free_words(rest);
  }

  bool step_free_words(std::string_view rest) {
    size_t end = rest.starts_with("[unknown]")
                     ? 9
                     : span_of(rest, [](char c) { return !is_delimiter(c) && c != ':' && c != '/'; });
    if (end == 0) return false;
    const std::string_view word = rest.substr(0, end);
    if (rest.substr(end).starts_with("(") &&
        is_digit(rest.substr(end + 1, 1).empty() ? 'x' : rest[end + 1])) {
      const size_t close = rest.find(')', end);
      if (close != std::string_view::npos) {
        put("%r", close + 1);
        return true;
      }
    }
    if (seen("%u") && seen("%d") && !seen("%a")) {
      // An application name: whatever is left, blanks included, up to a closing mark.
      size_t last = name_limit(rest, host_length);
      while (last > end && (is_delimiter(rest[last - 1]) || rest[last - 1] == ':' || rest[last - 1] == '-'))
        --last;
      const size_t bar = rest.find_first_of("|,;", end);
      put("%a", std::min(last, bar));
      return true;
    }
    if (evidence_.users.contains(word) && !seen("%u")) {
      put("%u", end);
    } else if (evidence_.databases.contains(word) && !seen("%d")) {
      put("%d", end);
    } else if (evidence_.applications.contains(word) && !seen("%a")) {
      put("%a", end);
    } else if (!seen("%u")) {
      put("%u", end);
    } else if (!seen("%d")) {
      put("%d", end);
    } else {
      put_literal(end);
    }
    return true;
  }

  std::string_view text_;
  const PrefixEvidence& evidence_;
  size_t at_ = 0;
  std::string out_;
  std::string seen_;  // letters of the escapes in out_
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
