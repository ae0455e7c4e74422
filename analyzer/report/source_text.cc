#include "analyzer/report/source_text.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "analyzer/sql/scan.h"

namespace pgsieve {

namespace {

constexpr size_t kMaxStatementBytes = 32 * 1024;
constexpr std::array<std::string_view, 6> kVerbs = {"select", "insert", "update", "delete", "with", "merge"};

char lower(char letter) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
}
bool is_blank(char byte) {
  return std::isspace(static_cast<unsigned char>(byte)) != 0;
}
bool is_word(char byte) {
  return std::isalnum(static_cast<unsigned char>(byte)) != 0 || byte == '_';
}

bool same_word(std::string_view text, std::string_view word) {
  return text.size() == word.size() && std::equal(text.begin(), text.end(), word.begin(),
                                                  [](char left, char right) { return lower(left) == right; });
}

// The text goes on at `at` with the verb of a statement, and with what may stand behind one.
bool verb_at(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && end - at <= 6 && std::isalpha(static_cast<unsigned char>(text[end])) != 0)
    ++end;
  if (end >= text.size() || (!is_blank(text[end]) && text[end] != '*' && text[end] != '(')) return false;
  const std::string_view word = text.substr(at, end - at);
  return std::any_of(kVerbs.begin(), kVerbs.end(),
                     [&](std::string_view verb) { return same_word(word, verb); });
}

size_t skip_blanks(std::string_view text, size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}

// Counts lines between positions that only grow.
class LineCounter {
 public:
  explicit LineCounter(std::string_view text) : text_(text) {}
  uint64_t at(size_t position) {
    if (position < done_) {
      done_ = 0;
      line_ = 1;
    }
    line_ += static_cast<uint64_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(done_),
                                              text_.begin() + static_cast<std::ptrdiff_t>(position), '\n'));
    done_ = position;
    return line_;
  }

 private:
  std::string_view text_;
  size_t done_ = 0;
  uint64_t line_ = 1;
};

// Reads one literal, from behind its opening quote to behind its closing one, appending what it means to
// `out`. False: it does not end.
bool read_literal(std::string_view text, size_t& at, char quote, bool triple, std::string& out) {
  while (at < text.size() && out.size() < kMaxStatementBytes) {
    const char byte = text[at];
    if (byte == '\\' && quote != '<' && at + 1 < text.size()) {
      const char next = text[at + 1];
      out += next == 'n' || next == 't' || next == 'r' || next == '\n' ? ' ' : next;
      at += 2;
      continue;
    }
    const bool ends = byte == quote && (!triple || text.substr(at, 3) == std::string(3, quote));
    if (ends) {
      at += quote == '<' ? 0 : triple ? 3 : 1;
      return true;
    }
    out += byte;
    ++at;
  }
  return false;
}

// Where the next literal begins that the source joins to the one that ended at `at`: behind its opening
// quote. npos: none.
size_t joined_literal(std::string_view text, size_t at, char& quote, bool& triple) {
  constexpr std::string_view kBetween = "+.\\&<|";  // "a" "b", "a" + "b", 'a' . 'b', "a" \, "a" <> "b"
  while (at < text.size() && (is_blank(text[at]) || kBetween.find(text[at]) != std::string_view::npos)) ++at;
  size_t prefix = 0;  // f"…", r'…', b"…"
  while (prefix < 2 && at < text.size() && std::isalpha(static_cast<unsigned char>(text[at])) != 0) {
    ++at;
    ++prefix;
  }
  if (at >= text.size() || (text[at] != '"' && text[at] != '\'' && text[at] != '`')) return std::string::npos;
  quote = text[at];
  triple = text.substr(at, 3) == std::string(3, quote);
  return at + (triple ? 3 : 1);
}

// The end of a here-document whose mark (<<~SQL, <<<'SQL') begins at `at`; its body in `body`.
bool here_document(std::string_view text, size_t at, size_t& body, size_t& end) {
  size_t word = at + 2;
  while (word < text.size() && (text[word] == '<' || text[word] == '~' || text[word] == '-')) ++word;
  if (word < text.size() && (text[word] == '"' || text[word] == '\'')) ++word;
  size_t word_end = word;
  while (word_end < text.size() && is_word(text[word_end])) ++word_end;
  if (word_end - word < 2 || std::isupper(static_cast<unsigned char>(text[word])) == 0) return false;
  const std::string_view mark = text.substr(word, word_end - word);
  body = text.find('\n', word_end);
  for (size_t line = body; line != std::string_view::npos; line = text.find('\n', line + 1)) {
    const size_t start = skip_blanks(text, line);
    if (text.substr(start, mark.size()) != mark) continue;
    if (start + mark.size() < text.size() && is_word(text[start + mark.size()])) continue;
    end = line;
    return line != body;
  }
  return false;
}

}  // namespace

std::vector<SourceStatement> statements_in_program(std::string_view source, bool markup) {
  std::vector<SourceStatement> found;
  LineCounter lines(source);
  for (size_t at = 0; at < source.size();) {
    const char byte = source[at];
    size_t body = 0;
    size_t end = 0;
    if (byte == '<' && source.substr(at, 2) == "<<" && here_document(source, at, body, end)) {
      const size_t start = skip_blanks(source, body);
      if (verb_at(source, start) && end - start < kMaxStatementBytes) {
        found.push_back({with_numbered_parameters(source.substr(start, end - start)), lines.at(start)});
        at = end;
        continue;
      }
    }
    const bool opens = byte == '"' || byte == '\'' || byte == '`' || (markup && byte == '>');
    const size_t start = opens ? skip_blanks(source, at + 1) : 0;
    if (!opens || !verb_at(source, start)) {
      ++at;
      continue;
    }
    char quote = byte == '>' ? '<' : byte;
    bool triple = at >= 2 && source[at - 1] == byte && source[at - 2] == byte && byte != '>';
    std::string sql;
    size_t next = start;
    bool complete = read_literal(source, next, quote, triple, sql);
    while (complete && quote != '<') {
      const size_t more = joined_literal(source, next, quote, triple);
      if (more == std::string::npos) break;
      next = more;
      if (!(complete = read_literal(source, next, quote, triple, sql))) break;
    }
    if (complete) found.push_back({with_numbered_parameters(sql), lines.at(start)});
    at = complete ? std::max(next, at + 1) : at + 1;
  }
  return found;
}

std::vector<SourceStatement> statements_in_sql(std::string_view source) {
  std::vector<SourceStatement> found;
  LineCounter lines(source);
  for (const std::string_view statement : split_statements(source)) {
    if (statement.size() > kMaxStatementBytes || !verb_at(statement, 0)) continue;
    found.push_back({with_numbered_parameters(statement),
                     lines.at(static_cast<size_t>(statement.data() - source.data()))});
  }
  return found;
}

namespace {

// The end of a placeholder that begins at `at`; `at` itself when none does.
size_t placeholder_end(std::string_view sql, size_t at) {
  const char byte = sql[at];
  const char next = at + 1 < sql.size() ? sql[at + 1] : '\0';
  const char before = at > 0 ? sql[at - 1] : ' ';
  const auto closed = [&](size_t from, char close) {
    const size_t end = sql.find(close, from);
    return end == std::string_view::npos ? at : end + 1;
  };
  const auto word = [&](size_t from) {
    while (from < sql.size() && is_word(sql[from])) ++from;
    return from;
  };
  switch (byte) {
    case '%':
      if (next == '(') return std::min(closed(at, ')') + 1, sql.size());  // %(name)s
      if (next == '{') return closed(at, '}');
      return (next == 's' || next == 'd' || next == 'i') && (at + 2 == sql.size() || !is_word(sql[at + 2]))
                 ? at + 2
                 : at;
    case '?':
      return next == '|' || next == '&' || next == '?' ? at : at + 1;
    case ':':
      return before != ':' && !is_word(before) && std::isalpha(static_cast<unsigned char>(next)) != 0
                 ? word(at + 1)
                 : at;
    case '@':
      return std::isalpha(static_cast<unsigned char>(next)) != 0 && before != '@' ? word(at + 1) : at;
    case '#':
      return next == '{' ? closed(at, '}') : at;
    case '$':
      if (next == '{') return closed(at, '}');
      return std::isdigit(static_cast<unsigned char>(next)) != 0 ? word(at + 1) : at;
    case '{':
      return closed(at, '}');
    default:
      return at;
  }
}

bool ends_with_in(std::string_view sql) {
  while (!sql.empty() && is_blank(sql.back())) sql.remove_suffix(1);
  if (sql.size() < 3 || is_word(sql[sql.size() - 3])) return false;
  return same_word(sql.substr(sql.size() - 2), "in");
}

}  // namespace

std::string with_numbered_parameters(std::string_view sql) {
  std::string out;
  out.reserve(sql.size() + 16);
  size_t number = 0;
  char quote = 0;
  for (size_t at = 0; at < sql.size();) {
    const char byte = sql[at];
    if (quote != 0) {
      if (byte == quote) quote = 0;
    } else if (byte == '\'' || byte == '"') {
      quote = byte;
    } else if (const size_t end = placeholder_end(sql, at); end > at) {
      const std::string parameter = "$" + std::to_string(++number);
      out += ends_with_in(out) ? "(" + parameter + ")" : parameter;
      at = end;
      continue;
    }
    out += byte;
    ++at;
  }
  return out;
}

// ---- tables

namespace {

// Words of program text: identifiers, with the dots between them.
struct Word {
  std::string_view text;
  size_t at = 0;
};

Word next_word(std::string_view text, size_t from) {
  while (from < text.size() && !is_word(text[from])) ++from;
  size_t end = from;
  while (end < text.size() && is_word(text[end])) ++end;
  return {text.substr(from, end - from), from};
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

// The name that follows: `"public"."posts"`, 'posts', :posts; IF NOT EXISTS is skipped.
std::string name_after(std::string_view text, size_t from) {
  constexpr size_t kNear = 16;  // punctuation and blanks before a name
  Word word = next_word(text, from);
  for (const std::string_view skipped : {"if", "not", "exists"}) {
    if (same_word(word.text, skipped)) word = next_word(text, word.at + word.text.size());
  }
  if (word.text.empty() || word.at - from > kNear + 16) return {};
  size_t end = word.at + word.text.size();
  while (end < text.size() && text[end] == '"') ++end;
  if (end < text.size() && text[end] == '.') word = next_word(text, end);
  return lower_case(word.text);
}

// The table of what begins with the word `create…` at `word`; "" when that creates none.
std::string created_table(std::string_view text, const Word& word, std::string_view app) {
  const std::string name = lower_case(word.text);
  const size_t behind = word.at + word.text.size();
  if (name == "create_table" || name == "createtable" || name == "createtableifnotexists")
    return name_after(text, behind);
  if (name == "createmodel" && !app.empty()) {
    const Word key = next_word(text, behind);
    return key.text == "name" ? lower_case(app) + "_" + name_after(text, key.at + key.text.size()) : "";
  }
  if (name != "create") return {};
  if (text.substr(0, word.at).ends_with("Schema::")) return name_after(text, behind);
  Word next = next_word(text, behind);
  for (const std::string_view kind : {"global", "local", "temporary", "temp", "unlogged", "foreign"}) {
    if (same_word(next.text, kind)) next = next_word(text, next.at + next.text.size());
  }
  return same_word(next.text, "table") ? name_after(text, next.at + next.text.size()) : std::string();
}

}  // namespace

std::vector<TableDefinition> tables_defined_in(std::string_view source, std::string_view app) {
  std::vector<TableDefinition> found;
  LineCounter lines(source);
  const auto keep = [&](std::string table, size_t at) {
    if (!table.empty()) found.push_back({std::move(table), lines.at(at)});
  };
  for (Word word = next_word(source, 0); !word.text.empty();
       word = next_word(source, word.at + word.text.size())) {
    const char first = lower(word.text.front());
    if (first == 'c' && word.text.size() >= 6 && same_word(word.text.substr(0, 6), "create")) {
      keep(created_table(source, word, app), word.at);
    } else if (first == 'm' && word.at >= 2 && source.substr(word.at - 2, 2) == "@@" && word.text == "map") {
      keep(name_after(source, word.at + 3), word.at);
    } else if (word.text == "model" && (word.at == 0 || source[word.at - 1] == '\n')) {
      keep(name_after(source, word.at + 5), word.at);
    }
  }
  return found;
}

}  // namespace pgsieve
