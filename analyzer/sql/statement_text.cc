#include "analyzer/sql/statement_text.h"

#include <algorithm>
#include <vector>

#include "analyzer/sql/token_cursor.h"

namespace pgsieve::internal {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == ';'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// Moves past the parenthesis that was just opened; returns the token that closes it.
Token skip_parentheses(TokenCursor& cursor) {
  int depth = 1;
  Token token = cursor.next();
  for (; token.kind != Token::Kind::kEnd; token = cursor.next()) {
    if (token.kind == Token::Kind::kOpen) ++depth;
    if (token.kind == Token::Kind::kClose && --depth == 0) break;
  }
  return token;
}

struct KeywordKind {
  std::string_view keyword;
  StatementKind kind;
};

constexpr KeywordKind kKeywords[] = {
    {"select", StatementKind::kSelect},
    {"table", StatementKind::kSelect},
    {"insert", StatementKind::kInsert},
    {"update", StatementKind::kUpdate},
    {"delete", StatementKind::kDelete},
    {"merge", StatementKind::kMerge},
    {"values", StatementKind::kValues},
    {"begin", StatementKind::kBegin},
    {"start", StatementKind::kBegin},
    {"commit", StatementKind::kCommit},
    {"end", StatementKind::kCommit},
    {"rollback", StatementKind::kRollback},
    {"abort", StatementKind::kRollback},
    {"savepoint", StatementKind::kSavepoint},
    {"release", StatementKind::kRelease},
    {"set", StatementKind::kSet},
    {"show", StatementKind::kShow},
    {"reset", StatementKind::kReset},
    {"discard", StatementKind::kDiscard},
    {"prepare", StatementKind::kPrepare},
    {"execute", StatementKind::kExecute},
    {"deallocate", StatementKind::kDeallocate},
    {"declare", StatementKind::kDeclareCursor},
    {"fetch", StatementKind::kFetch},
    {"move", StatementKind::kFetch},
    {"close", StatementKind::kCloseCursor},
    {"copy", StatementKind::kCopy},
    {"lock", StatementKind::kLock},
    {"listen", StatementKind::kListen},
    {"unlisten", StatementKind::kListen},
    {"notify", StatementKind::kNotify},
    {"explain", StatementKind::kExplain},
    {"call", StatementKind::kCall},
    {"do", StatementKind::kDo},
    {"truncate", StatementKind::kTruncate},
    {"vacuum", StatementKind::kVacuum},
    {"analyze", StatementKind::kVacuum},
    {"refresh", StatementKind::kRefresh},
    {"create", StatementKind::kDdl},
    {"alter", StatementKind::kDdl},
    {"drop", StatementKind::kDdl},
};

StatementKind kind_of_keyword(std::string_view word) {
  for (const KeywordKind& known : kKeywords) {
    if (equals_keyword(word, known.keyword)) return known.kind;
  }
  return StatementKind::kUnparsed;
}

}  // namespace

std::string_view inner_statement(std::string_view text) {
  TokenCursor cursor(text);
  const std::string_view verb = cursor.text(cursor.next());
  const bool explain = equals_keyword(verb, "explain");
  const bool copy = equals_keyword(verb, "copy");
  const std::string_view introduction = equals_keyword(verb, "prepare") ? "as" : "for";
  for (Token token = cursor.next(); token.kind != Token::Kind::kEnd; token = cursor.next()) {
    if (token.kind == Token::Kind::kOpen) {
      const Token close = skip_parentheses(cursor);
      if (copy) return trimmed(text.substr(token.end, close.begin - token.end));
      continue;
    }
    if (token.kind != Token::Kind::kWord) continue;
    const std::string_view word = cursor.text(token);
    if (explain) {
      const bool option = equals_keyword(word, "analyze") || equals_keyword(word, "analyse") ||
                          equals_keyword(word, "verbose");
      if (!option) return trimmed(text.substr(token.begin));
    } else if (equals_keyword(word, introduction)) {
      return trimmed(text.substr(token.end));
    }
  }
  return {};
}

StatementKind guess_kind(std::string_view text) {
  TokenCursor cursor(text);
  Token token = cursor.next();
  while (token.kind == Token::Kind::kOpen || token.kind == Token::Kind::kSemicolon) token = cursor.next();
  if (token.kind == Token::Kind::kEnd) return StatementKind::kEmpty;
  if (!equals_keyword(cursor.text(token), "with")) return kind_of_keyword(cursor.text(token));
  for (token = cursor.next(); token.kind != Token::Kind::kEnd; token = cursor.next()) {
    if (token.kind == Token::Kind::kOpen) {
      skip_parentheses(cursor);
    } else if (token.kind == Token::Kind::kWord) {
      const StatementKind kind = kind_of_keyword(cursor.text(token));
      if (is_read(kind) || is_write(kind)) return kind;
    }
  }
  return StatementKind::kUnparsed;
}

namespace {

// One open parenthesis while bulk is removed.
struct Parenthesis {
  bool in_list = false;  // opened after IN
  bool row = false;      // a row of a VALUES list
  bool plain = true;     // holds constants and commas only (a list), no sub-query (a row)
  size_t elements = 1;
  size_t third = 0;         // offset of the comma before the third element
  size_t comma_before = 0;  // of a row: offset of the comma before it
  bool values = false;      // VALUES was the last keyword inside this parenthesis
  size_t rows = 0;
  size_t last_comma = 0;
};

void blank_out(std::string& text, size_t begin, size_t end) {
  for (size_t i = begin; i < end; ++i) text[i] = ' ';
}

void close_parenthesis(std::vector<Parenthesis>& open, std::string& result, const Token& token) {
  const Parenthesis closed = open.back();
  open.pop_back();
  if (open.empty()) open.emplace_back();
  Parenthesis& parent = open.back();
  if (closed.in_list && closed.plain && closed.elements > 2) blank_out(result, closed.third, token.begin);
  if (closed.row && ++parent.rows > 2 && closed.plain) blank_out(result, closed.comma_before, token.end);
  if (!closed.row) parent.plain = parent.plain && parent.row && closed.plain;
}

}  // namespace

std::string without_bulk(std::string_view text) {
  std::string result(text);
  std::vector<Parenthesis> open(1);
  TokenCursor cursor(text);
  std::string_view previous;
  for (Token token = cursor.next(); token.kind != Token::Kind::kEnd; token = cursor.next()) {
    Parenthesis& current = open.back();
    const std::string_view word = cursor.text(token);
    switch (token.kind) {
      case Token::Kind::kOpen: {
        Parenthesis opened;
        opened.in_list = equals_keyword(previous, "in");
        opened.row = current.values && (equals_keyword(previous, "values") || previous == ",");
        opened.comma_before = current.last_comma;
        open.push_back(opened);
        break;
      }
      case Token::Kind::kClose:
        close_parenthesis(open, result, token);
        break;
      case Token::Kind::kComma:
        current.last_comma = token.begin;
        if (++current.elements == 3) current.third = token.begin;
        break;
      case Token::Kind::kConstant:
        break;
      case Token::Kind::kWord:
        current.plain = current.plain && current.row && !equals_keyword(word, "select");
        current.values = equals_keyword(word, "values");
        break;
      default:
        current.plain = current.plain && current.row;
    }
    previous = word;
  }
  return result;
}

bool replace_placeholders(std::string& text) {
  const std::string original = text;
  TokenCursor cursor(original);
  bool replaced = false;
  size_t dots = 0;
  Token::Kind previous[2] = {Token::Kind::kEnd,
                             Token::Kind::kEnd};  // the two tokens before this one or its dots
  for (Token token = cursor.next(); token.kind != Token::Kind::kEnd; token = cursor.next()) {
    const std::string_view word = cursor.text(token);
    dots = word == "." && (dots == 0 || original[token.begin - 1] == '.') ? dots + 1 : 0;
    if (word == "?") {
      text[token.begin] = '0';
      replaced = true;
    } else if (dots == 3) {  // after a row stands a row, after an element an element
      const bool row = previous[1] == Token::Kind::kComma && previous[0] == Token::Kind::kClose;
      text.replace(token.begin - 2, 3, row ? "(0)" : "0  ");
      replaced = true;
    }
    if (dots > 0) continue;
    previous[0] = previous[1];
    previous[1] = token.kind;
  }
  return replaced;
}

}  // namespace pgsieve::internal
