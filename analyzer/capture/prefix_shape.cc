#include "analyzer/capture/prefix_shape.h"

#include <algorithm>

#include "analyzer/base/time.h"
#include "analyzer/capture/prefix_forms.h"
#include "analyzer/capture/prefix_reader.h"

namespace pgsieve {

namespace internal {

namespace {

// What background processes have no value for.
constexpr std::string_view kSessionFields = "udahrLiQ";

}  // namespace

std::string PrefixReader::read(bool quit) {
  quit_ = quit;
  while (at_ < text_.size()) step();
  return out_;
}

void PrefixReader::find_session_pid() {
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

void PrefixReader::put(std::string_view escape, size_t length) {
  seen_ += escape[1];
  note_session_field(escape);
  put_padded(escape, length);
  at_ += length;
}

void PrefixReader::note_session_field(std::string_view escape) {
  if (session_field_ || kSessionFields.find(escape[1]) == std::string_view::npos) return;
  session_field_ = true;
  if (!quit_) return;
  const size_t blank = out_.rfind(' ');
  out_.insert(blank == std::string::npos ? out_.size() : blank + 1, "%q");
}

void PrefixReader::put_padded(std::string_view escape, size_t length) {
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

void PrefixReader::put_literal(size_t length) {
  for (const char c : text_.substr(at_, length)) {
    if (c == '%') out_.push_back('%');
    out_.push_back(c);
  }
  at_ += length;
}

void PrefixReader::step() {
  const std::string_view rest = text_.substr(at_);
  if (joins(rest[0])) return put_literal(1);
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

bool PrefixReader::step_session_id(std::string_view rest) {
  const size_t start = span_of(rest, is_hex);
  if (start < 6 || start > 16 || start >= rest.size() || rest[start] != '.' || seen("%c")) return false;
  const size_t pid = span_of(rest.substr(start + 1), is_hex);
  const size_t length = start + 1 + pid;
  if (pid == 0 || (length < rest.size() && ((is_name(rest[length]) && !joins(rest[length])) ||
                                            is_digit(rest[length]) || rest[length] == '.')))
    return false;
  put("%c", length);
  return true;
}

bool PrefixReader::step_digits(std::string_view rest) {
  if (const ParsedTime time = parse_time(rest); time.length > 0) {
    const bool fraction = time.length > 19 && rest[19] == '.';
    put(!seen("%m") && !seen("%t") && !seen("%n") ? (fraction ? "%m" : "%t") : "%s", time.length);
    return true;
  }
  const size_t digits = span_of(rest, is_digit);
  const char next = digits < rest.size() ? rest[digits] : ' ';
  if (digits == 10 && next == '.' && span_of(rest.substr(11), is_digit) == 3 && !seen("%m") && !seen("%t")) {
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
  // "12-1]": a line number before the constant 1 of old advice; "12-34": pid and line.
  if ((is_name(next) && !joins(next)) || next == '@') return false;
  if (!seen("%p") && rest.substr(0, digits) != "0" && may_be_pid(rest.substr(0, digits))) {
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

size_t PrefixReader::enclosed_length(std::string_view rest) const {
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

bool PrefixReader::step_words(std::string_view rest) {
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
  // Behind a sign without a name before it, a number is another field.
  const bool number = sign == 0 && !seen("%p") && rest.size() > 1 && is_digit(rest[1]);
  if (const size_t user = known_name_length(rest, "%u");
      sign != std::string_view::npos && user > sign && !seen("%u")) {
    put("%u", user);  // a user's name may have the sign in it
    return true;
  }
  if (sign != std::string_view::npos && !number && !seen("%u") && !seen("%d") && !keyed('u') && !keyed('d')) {
    put("%u", sign);
    put_literal(1);
    const size_t database = span_of(rest.substr(sign + 1), [this](char c) {
      return !joins(c) && std::string_view(":/],|; (\"'\t").find(c) == std::string_view::npos;
    });
    put("%d", std::min(database, rest.find("->", sign + 1) - (sign + 1)));
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
    put(word == "localhost" || word.find('.') != std::string_view::npos || seen("%a") ? "%h" : "%a", length);
    return true;
  }
  return step_free_words(rest);
}

bool PrefixReader::step_free_words(std::string_view rest) {
  size_t end = rest.starts_with("[unknown]") ? 9 : span_of(rest, [this](char c) {
    return !is_delimiter(c) && !joins(c) && c != ':' && c != '/';
  });
  const size_t enclosed = enclosed_length(rest);
  if (enclosed > 0) end = enclosed;
  if (end == 0) return false;
  std::string_view word = rest.substr(0, end);
  if (const size_t tag = command_tag_length(rest); tag > 0 && !seen("%i")) {
    put("%i", tag);
    return true;
  }
  if (rest.substr(end).starts_with("(") && is_digit(rest.substr(end + 1, 1).empty() ? 'x' : rest[end + 1])) {
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
    size_t last =
        std::min(name_limit(rest), seen("%p") || seen("%c") ? rest.size() : number_after_name(rest));
    while (last > end && (is_delimiter(rest[last - 1]) || rest[last - 1] == ':' || rest[last - 1] == '-'))
      --last;
    const size_t bar = rest.find_first_of(out_.ends_with(':') ? "|,;:" : "|,;", end);
    put("%a", rest.starts_with("[unknown]") ? end : std::min(last, bar));
    return true;
  }
  size_t known = end;
  for (const std::string_view escape : {"%u", "%d", "%a"})
    known = std::max(known, known_name_length(rest, escape));
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

}  // namespace internal

char joining_mark(std::string_view text) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text.ends_with('-') || text.ends_with('_')) return text.back();
  for (size_t at = 0; at + 1 < text.size(); ++at) {
    if (text[at] != '-' && text[at] != '_') continue;
    const size_t digits = internal::span_of(text.substr(at + 1), internal::is_digit);
    const std::string_view behind = text.substr(at + 1 + digits);
    if (digits > 1 && behind.size() > 1 && behind[0] == text[at] && internal::is_name(behind[1]) &&
        behind[1] != '_')
      return text[at];
  }
  return '\0';
}

std::string take_prefix_apart(std::string_view head, std::string_view text, const PrefixEvidence& evidence,
                              bool quit, char joiner, bool& session_field) {
  internal::PrefixReader reader(head, text, evidence, joiner);
  std::string prefix = reader.read(quit);
  session_field = reader.has_session_field();
  return prefix;
}

}  // namespace pgsieve
