#include "analyzer/schema/ddl_split.h"

#include <array>
#include <cstddef>

namespace pgsieve {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  if (text.size() != lower_case.size()) return false;
  for (size_t i = 0; i < text.size(); ++i)
    if (lower(text[i]) != lower_case[i]) return false;
  return true;
}

class Splitter {
 public:
  explicit Splitter(std::string_view ddl) : ddl_(ddl) {}

  std::vector<DdlStatement> run() {
    while (skip_between_statements()) read_statement();
    return std::move(statements_);
  }

 private:
  static constexpr size_t kNone = std::string_view::npos;
  static constexpr int kMaxUnbalanced =
      64;  // each costs a look at the whole rest; a file with more is not DDL

  // White space, comments, empty statements and psql meta-commands. False: end of the file.
  bool skip_between_statements() {
    while (position_ < ddl_.size()) {
      const char c = ddl_[position_];
      if (is_space(c) || c == ';') {
        advance_to(position_ + 1);
      } else if (const size_t end = comment_end(position_); end != kNone) {
        advance_to(end);
      } else if (c == '\\') {
        advance_to(line_end(position_));
      } else {
        return true;
      }
    }
    return false;
  }

  // From the first character of a statement past its ';'. When it runs to the end of the file inside a
  // parenthesis or quote, cuts it at the next line that opens a statement, and goes on from there.
  void read_statement() {
    const size_t start = position_;
    const uint64_t line = line_;
    bool unbalanced = false;
    size_t end = find_end(start, unbalanced);
    if (unbalanced && ++unbalanced_ <= kMaxUnbalanced) end = next_opening_line(start);
    std::string_view text = ddl_.substr(start, end - start);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    if (!text.empty()) statements_.push_back({text, line});
    advance_to(end);
    if (!unbalanced && is_copy_from_stdin(text)) skip_copy_data();
  }

  size_t find_end(size_t at, bool& unbalanced) const {
    int parentheses = 0;
    int atomic = 0;  // open BEGIN ATOMIC and CASE blocks; a ';' inside belongs to the function
    std::string_view previous_word;
    while (at < ddl_.size()) {
      const char c = ddl_[at];
      if (const size_t end = comment_end(at); end != kNone) {
        at = end;
      } else if (c == '\'' || c == '"' || c == '$') {
        const size_t quote = quote_end(at);
        if (quote == kNone) break;
        at = quote;
      } else if (is_word(c)) {
        const size_t begin = at;
        while (at < ddl_.size() && (is_word(ddl_[at]) || ddl_[at] == '$')) ++at;
        const std::string_view word = ddl_.substr(begin, at - begin);
        if (equals_ignoring_case(word, "atomic") && equals_ignoring_case(previous_word, "begin")) ++atomic;
        if (atomic > 0 && equals_ignoring_case(word, "case") && !equals_ignoring_case(previous_word, "end"))
          ++atomic;
        if (atomic > 0 && equals_ignoring_case(word, "end")) --atomic;
        previous_word = word;
      } else {
        if (c == '(') ++parentheses;
        if (c == ')' && parentheses > 0) --parentheses;
        if (c == ';' && parentheses == 0 && atomic == 0) return at;
        ++at;
      }
    }
    unbalanced = at < ddl_.size() || parentheses > 0 || atomic > 0;
    return ddl_.size();
  }

  // Past a comment that starts at `at`; kNone: none starts there. An open comment reaches to the end of the
  // file.
  size_t comment_end(size_t at) const {
    const std::string_view two = ddl_.substr(at, 2);
    if (two == "--") return line_end(at);
    if (two != "/*") return kNone;
    int depth = 1;
    for (at += 2; at + 1 < ddl_.size() && depth > 0;) {
      const std::string_view pair = ddl_.substr(at, 2);
      if (pair == "/*") ++depth;
      if (pair == "*/") --depth;
      at += pair == "/*" || pair == "*/" ? 2 : 1;
    }
    return depth > 0 ? ddl_.size() : at;
  }

  // Past the quoted token or lone '$' at `at`; kNone: the quote never closes.
  size_t quote_end(size_t at) const {
    const char quote = ddl_[at];
    if (quote == '$') {
      size_t tag = at + 1;
      while (tag < ddl_.size() && is_word(ddl_[tag])) ++tag;
      if (tag >= ddl_.size() || ddl_[tag] != '$') return at + 1;
      const std::string_view delimiter = ddl_.substr(at, tag + 1 - at);
      const size_t close = ddl_.find(delimiter, tag + 1);
      return close == kNone ? kNone : close + delimiter.size();
    }
    const bool escapes =
        quote == '\'' && at > 0 && lower(ddl_[at - 1]) == 'e' && (at < 2 || !is_word(ddl_[at - 2]));
    for (size_t i = at + 1; i < ddl_.size(); ++i) {
      if (escapes && ddl_[i] == '\\') {
        ++i;
      } else if (ddl_[i] == quote) {
        if (i + 1 >= ddl_.size() || ddl_[i + 1] != quote) return i + 1;
        ++i;
      }
    }
    return kNone;
  }

  size_t line_end(size_t at) const {
    const size_t newline = ddl_.find('\n', at);
    return newline == kNone ? ddl_.size() : newline + 1;
  }

  size_t next_opening_line(size_t start) const {
    static constexpr std::array<std::string_view, 7> kOpeners = {"create", "alter",  "drop",  "comment",
                                                                 "set",    "select", "insert"};
    for (size_t at = line_end(start); at < ddl_.size(); at = line_end(at)) {
      for (const std::string_view opener : kOpeners) {
        const bool ends_word = at + opener.size() < ddl_.size() && is_space(ddl_[at + opener.size()]);
        if (ends_word && equals_ignoring_case(ddl_.substr(at, opener.size()), opener)) return at;
      }
    }
    return ddl_.size();
  }

  static bool is_copy_from_stdin(std::string_view text) {
    if (text.size() < 16 || !equals_ignoring_case(text.substr(0, 4), "copy") || !is_space(text[4]))
      return false;
    for (size_t at = 5; at + 4 < text.size(); ++at) {
      if (!is_space(text[at - 1]) || !equals_ignoring_case(text.substr(at, 4), "from") ||
          !is_space(text[at + 4]))
        continue;
      size_t word = at + 4;
      while (word < text.size() && is_space(text[word])) ++word;
      if (equals_ignoring_case(text.substr(word, 5), "stdin")) return true;
    }
    return false;
  }

  void skip_copy_data() {
    size_t at = line_end(position_);
    while (at < ddl_.size()) {
      const size_t next = line_end(at);
      std::string_view line = ddl_.substr(at, next - at);
      while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
      at = next;
      if (line == "\\.") break;
    }
    advance_to(at);
  }

  void advance_to(size_t target) {
    for (; position_ < target && position_ < ddl_.size(); ++position_)
      if (ddl_[position_] == '\n') ++line_;
  }

  std::string_view ddl_;
  size_t position_ = 0;
  uint64_t line_ = 1;
  int unbalanced_ = 0;
  std::vector<DdlStatement> statements_;
};

}  // namespace

std::vector<DdlStatement> split_ddl(std::string_view ddl) {
  return Splitter(ddl).run();
}

}  // namespace pgsieve
