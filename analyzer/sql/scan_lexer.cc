#include "analyzer/sql/scan_lexer.h"

#include <algorithm>
#include <cstring>

namespace pgsieve::lexical {
namespace {

constexpr size_t kNone = std::string_view::npos;

// After a closing quote: white space with at least one line break in it (-- comments count as white space)
// and then another quote continue the string. Returns the position of that quote, or kNone.
size_t find_continuation(std::string_view text, size_t position) {
  bool line_break = false;
  while (position < text.size()) {
    const char c = text[position];
    if (c == '\'') return line_break ? position : kNone;
    if (c == '\n' || c == '\r') {
      line_break = true;
    } else if (c == '-' && position + 1 < text.size() && text[position + 1] == '-') {
      position = skip_line_comment(text, position).end;
      continue;
    } else if (!is(c, kSpace)) {
      return kNone;
    }
    ++position;
  }
  return kNone;
}

// The closing quote of a string body that starts at `position`; a doubled quote is part of the body.
size_t find_closing_quote(std::string_view text, size_t position, bool backslashes) {
  while (position < text.size()) {
    if (backslashes) {
      position = text.find_first_of("'\\", position);
      if (position == kNone) return kNone;
      if (text[position] == '\\') {
        position += 2;
        continue;
      }
    } else {
      // Most strings in lists are a few bytes long; the call to memchr pays off only behind them.
      const size_t near = std::min(text.size(), position + 8);
      while (position < near && text[position] != '\'') ++position;
      if (position == near) position = text.find('\'', position);
      if (position == kNone) return kNone;
    }
    if (position + 1 >= text.size() || text[position + 1] != '\'') return position;
    position += 2;
  }
  return kNone;
}

size_t skip_digits(std::string_view text, size_t position, auto&& is_digit) {
  while (position < text.size() &&
         (is_digit(text[position]) ||
          (text[position] == '_' && position + 1 < text.size() && is_digit(text[position + 1])))) {
    ++position;
  }
  return position;
}

bool is_decimal(char c) {
  return c >= '0' && c <= '9';
}
bool is_hexadecimal(char c) {
  return is_decimal(c) || (fold(c) >= 'a' && fold(c) <= 'f');
}

}  // namespace

bool equals_folded(std::string_view text, std::string_view word) {
  return text.size() == word.size() &&
         std::equal(text.begin(), text.end(), word.begin(), [](char a, char b) { return fold(a) == b; });
}

Span skip_string(std::string_view text, size_t quote, bool backslashes) {
  for (;;) {
    const size_t close = find_closing_quote(text, quote + 1, backslashes);
    if (close == kNone) return {text.size(), text.size(), false};
    // Nearly every string is followed by something that can't continue it.
    const char after = close + 1 < text.size() ? text[close + 1] : ')';
    if (!is(after, kSpace) && after != '-') return {close + 1, close, true};
    quote = find_continuation(text, close + 1);
    if (quote == kNone) return {close + 1, close, true};
  }
}

Span skip_quoted_identifier(std::string_view text, size_t quote) {
  size_t position = quote + 1;
  for (;;) {
    position = text.find('"', position);
    if (position == kNone) return {text.size(), text.size(), false};
    if (position + 1 >= text.size() || text[position + 1] != '"') return {position + 1, position, true};
    position += 2;
  }
}

Span skip_block_comment(std::string_view text, size_t start) {
  size_t depth = 1;
  size_t position = start + 2;
  while (position + 1 < text.size()) {
    if (text[position] == '*' && text[position + 1] == '/') {
      if (--depth == 0) return {position + 2, position, true};
      position += 2;
    } else if (text[position] == '/' && text[position + 1] == '*') {
      ++depth;
      position += 2;
    } else {
      ++position;
    }
  }
  return {text.size(), text.size(), false};
}

Span skip_line_comment(std::string_view text, size_t start) {
  const size_t end = std::min(text.find_first_of("\n\r", start), text.size());
  return {end, end, true};
}

Span skip_dollar_string(std::string_view text, size_t start, size_t& inner_begin) {
  size_t position = start + 1;
  if (position < text.size() && is(text[position], kIdentStart)) {
    while (position < text.size() && is(text[position], kIdent) && text[position] != '$') ++position;
  }
  if (position >= text.size() || text[position] != '$') return {start, start, true};
  const std::string_view tag = text.substr(start, position + 1 - start);
  inner_begin = position + 1;
  const void* found = memmem(text.data() + inner_begin, text.size() - inner_begin, tag.data(), tag.size());
  if (found == nullptr) return {text.size(), text.size(), false};
  const size_t close = static_cast<size_t>(static_cast<const char*>(found) - text.data());
  return {close + tag.size(), close, true};
}

size_t skip_number(std::string_view text, size_t start) {
  const size_t size = text.size();
  if (text[start] == '0' && start + 2 < size) {
    const char base = fold(text[start + 1]);
    const auto digits = [&](auto&& is_digit) {
      const size_t first = text[start + 2] == '_' && start + 3 < size ? start + 3 : start + 2;
      return is_digit(text[first]) ? skip_digits(text, first, is_digit) : start;
    };
    size_t end = start;
    if (base == 'x') end = digits(is_hexadecimal);
    if (base == 'o') end = digits([](char c) { return c >= '0' && c <= '7'; });
    if (base == 'b') end = digits([](char c) { return c == '0' || c == '1'; });
    if (end != start) return end;
  }
  size_t end = skip_digits(text, start, is_decimal);
  // "1..2" is a range of two integers.
  if (end < size && text[end] == '.' && (end + 1 >= size || text[end + 1] != '.')) {
    end = skip_digits(text, end + 1, is_decimal);
  }
  if (end < size && (text[end] == 'e' || text[end] == 'E')) {
    size_t exponent = end + 1;
    if (exponent < size && (text[exponent] == '+' || text[exponent] == '-')) ++exponent;
    if (exponent < size && is_decimal(text[exponent])) end = skip_digits(text, exponent, is_decimal);
  }
  return end;
}

size_t skip_blank(std::string_view text, size_t start) {
  while (start < text.size()) {
    const char c = text[start];
    const char after = start + 1 < text.size() ? text[start + 1] : '\0';
    if (is(c, kSpace)) {
      ++start;
    } else if (c == '-' && after == '-') {
      start = skip_line_comment(text, start).end;
    } else if (c == '/' && after == '*') {
      start = skip_block_comment(text, start).end;
    } else {
      break;
    }
  }
  return start;
}

uint16_t parameter_number(std::string_view digits) {
  uint32_t number = 0;
  for (const char c : digits)
    number = std::min<uint32_t>(number * 10 + static_cast<uint32_t>(c - '0'), 65535);
  return static_cast<uint16_t>(number);
}

void Lexer::read_string(Token& token, size_t quote, bool backslashes) {
  const Span span = skip_string(text_, quote, backslashes);
  token.kind = Token::Kind::kString;
  token.quote = quote;
  token.inner_begin = quote + 1;
  token.inner_end = span.inner_end;
  token.complete = span.complete;
  position_ = span.end;
}

void Lexer::read_word(Token& token) {
  const size_t begin = position_;
  while (position_ < text_.size() && is(text_[position_], kIdent)) ++position_;
  token.kind = Token::Kind::kWord;
  if (position_ - begin != 1 || position_ >= text_.size()) return;
  const char prefix = fold(text_[begin]);
  const char after = text_[position_];
  if (after == '\'' && (prefix == 'e' || prefix == 'b' || prefix == 'x')) {
    read_string(token, position_, prefix == 'e');
  } else if (after == '&' && prefix == 'u' && position_ + 1 < text_.size()) {
    if (text_[position_ + 1] == '\'') {
      read_string(token, position_ + 1, false);
    } else if (text_[position_ + 1] == '"') {
      const Span span = skip_quoted_identifier(text_, position_ + 1);
      token.kind = Token::Kind::kQuotedIdentifier;
      token.complete = span.complete;
      position_ = span.end;
    }
  }
}

Token Lexer::next() {
  Token token;
  const size_t start = position_;
  if (position_ < text_.size()) {
    const char first = text_[position_];
    if (is(first, kSpace) || first == '-' || first == '/') position_ = skip_blank(text_, position_);
  }
  token.blank_before = position_ != start;
  token.begin = token.end = position_;
  if (position_ >= text_.size()) return token;
  const char c = text_[position_];
  const char after = position_ + 1 < text_.size() ? text_[position_ + 1] : '\0';
  token.kind = Token::Kind::kOther;
  if (is(c, kIdentStart)) {
    read_word(token);
  } else if (is(c, kDigit) || (c == '.' && is(after, kDigit))) {
    token.kind = Token::Kind::kNumber;
    position_ = skip_number(text_, position_);
  } else if (c == '\'') {
    read_string(token, position_, false);
  } else if (c == '"') {
    const Span span = skip_quoted_identifier(text_, position_);
    token.kind = Token::Kind::kQuotedIdentifier;
    token.complete = span.complete;
    position_ = span.end;
  } else if (c == '$' && is(after, kDigit)) {
    token.kind = Token::Kind::kParameter;
    ++position_;
    while (position_ < text_.size() && is(text_[position_], kDigit)) ++position_;
  } else if (c == '$') {
    const Span span = skip_dollar_string(text_, position_, token.inner_begin);
    if (span.end != position_) {
      token.kind = Token::Kind::kString;
      token.quote = position_;
      token.inner_end = span.inner_end;
      token.complete = span.complete;
      position_ = span.end;
    } else {
      ++position_;
    }
  } else {
    ++position_;
  }
  token.end = position_;
  return token;
}

size_t keep_literals_until(std::string_view text, size_t start) {
  Lexer lexer(text, start);
  Token token = lexer.next();
  while (lexer.is_char(token, '(')) token = lexer.next();
  if (token.kind != Token::Kind::kWord) return kNone;
  if (lexer.is_word(token, "explain")) {
    Token option = lexer.next();
    if (lexer.is_char(option, '(')) {
      for (size_t depth = 1; depth > 0;) {
        option = lexer.next();
        // Not beyond the statement, which an unclosed parenthesis would do again for each one.
        if (option.kind == Token::Kind::kEnd || lexer.is_char(option, ';')) return kNone;
        if (lexer.is_char(option, '(')) ++depth;
        if (lexer.is_char(option, ')')) --depth;
      }
      option = lexer.next();
    }
    while (lexer.is_word(option, "analyze") || lexer.is_word(option, "analyse") ||
           lexer.is_word(option, "verbose")) {
      option = lexer.next();
    }
    // EXPLAIN EXPLAIN is no statement; not asking again keeps the walk linear.
    if (lexer.is_word(option, "explain")) return kNone;
    return keep_literals_until(text, option.begin) == kNone ? kNone : option.begin;
  }
  // In these, literals are constant nodes wherever they stand.
  static constexpr std::string_view kQueries[] = {"select",  "insert", "update",  "delete",
                                                  "with",    "values", "merge",   "set",
                                                  "execute", "call",   "declare", "prepare"};
  const bool query = std::any_of(std::begin(kQueries), std::end(kQueries),
                                 [&](std::string_view word) { return lexer.is_word(token, word); });
  return query ? 0 : kNone;
}

}  // namespace pgsieve::lexical
