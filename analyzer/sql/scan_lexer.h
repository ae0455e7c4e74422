// The lexical rules of PostgreSQL (src/backend/parser/scan.l, PostgreSQL 15, numbers as of 16), in two
// layers: skip_*() functions that find the end of one construct, and Lexer, which walks a text token by token
// on top of them. scan_statement() uses the first layer under its vector loop and the second where a list or
// a row must be understood; splitting and display use the second alone.
//
// standard_conforming_strings is taken to be on, as it is by default since PostgreSQL 9.1. Internal to the
// room; every function is pure, any bytes are accepted, work is linear.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pgsieve::lexical {

inline constexpr uint8_t kIdentStart = 1;  // letter, '_', any byte >= 0x80
inline constexpr uint8_t kIdent = 2;       // may continue an identifier: the above, digits, '$'
inline constexpr uint8_t kDigit = 4;
inline constexpr uint8_t kSpace = 8;      // white space, and NUL
inline constexpr uint8_t kOperator = 16;  // self-standing characters an operator is made of

inline constexpr std::array<uint8_t, 256> kClasses = [] {
  std::array<uint8_t, 256> classes{};
  for (size_t c = 0; c < 256; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
    const bool digit = c >= '0' && c <= '9';
    classes[c] = static_cast<uint8_t>((letter ? kIdentStart | kIdent : 0) | (digit ? kDigit | kIdent : 0) |
                                      (c == '$' ? kIdent : 0) |
                                      (c == 0 || c == ' ' || (c >= '\t' && c <= '\r') ? kSpace : 0));
  }
  for (const char c : std::string_view("~!@#^&|`?+-*/%<>=")) classes[static_cast<uint8_t>(c)] |= kOperator;
  return classes;
}();

inline bool is(char c, uint8_t classes) {
  return (kClasses[static_cast<uint8_t>(c)] & classes) != 0;
}
inline char fold(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
// `word` is lower case.
bool equals_folded(std::string_view text, std::string_view word);

struct Span {
  size_t end = 0;        // just after the construct
  size_t inner_end = 0;  // of a quoted construct: where its closing delimiter starts
  bool complete = true;  // false: the text ended first
};

// Of a text and the position of the construct's first character (of the opening quote for strings, prefix
// skipped).
Span skip_string(std::string_view text, size_t quote,
                 bool backslashes);  // with its continuation on further lines
Span skip_quoted_identifier(std::string_view text, size_t quote);
Span skip_block_comment(std::string_view text, size_t start);  // nested
Span skip_line_comment(std::string_view text, size_t start);
// A dollar-quoted string; inner_begin gets where its body starts. end == start: no string starts here.
Span skip_dollar_string(std::string_view text, size_t start, size_t& inner_begin);
// A number that starts at a digit, or at '.' before a digit.
size_t skip_number(std::string_view text, size_t start);
// Past white space and comments.
size_t skip_blank(std::string_view text, size_t start);

struct Token {
  enum class Kind : uint8_t {
    kEnd,
    kWord,
    kQuotedIdentifier,
    kNumber,
    kString,
    kParameter,  // $n
    kOther,      // one character: an operator's, punctuation, anything else
  };
  Kind kind = Kind::kEnd;
  bool blank_before = false;  // white space or a comment stands before it
  bool complete = true;
  size_t begin =
      0;  // with the prefix of a string (E, U&, B, X, but not N, which PostgreSQL's lexer splits off)
  size_t end = 0;
  size_t quote = 0;        // kString: where the opening quote stands
  size_t inner_begin = 0;  // kString: the body
  size_t inner_end = 0;
};

// Parameter number of a kParameter token, at most 65535 (PostgreSQL's own limit).
uint16_t parameter_number(std::string_view digits);

// Forward only, keeps nothing but its position: copy one to look ahead. The text must outlive it.
class Lexer {
 public:
  explicit Lexer(std::string_view text, size_t position = 0) : text_(text), position_(position) {}
  Token next();
  size_t position() const { return position_; }
  std::string_view text() const { return text_; }
  std::string_view spelling(const Token& token) const {
    return text_.substr(token.begin, token.end - token.begin);
  }
  bool is_char(const Token& token, char c) const {
    return token.kind == Token::Kind::kOther && text_[token.begin] == c;
  }
  bool is_word(const Token& token, std::string_view word) const {
    return token.kind == Token::Kind::kWord && equals_folded(spelling(token), word);
  }

 private:
  void read_string(Token& token, size_t quote, bool backslashes);
  void read_word(Token& token);

  std::string_view text_;
  size_t position_;
};

// How the literals of a statement are treated, decided by its first word. In queries and data changes every
// literal is a plain constant node. In other statements a literal may be part of the statement's meaning
// (COPY's file name, COMMENT's text, a DEFAULT, FETCH's count), and libpg_query keeps it in the fingerprint:
// those literals stay in the key. Returns the position up to which literals must be kept as they are: 0 for a
// query, npos for a definition, a place in between for EXPLAIN, whose options are kept. `start` is the
// statement's first token.
size_t keep_literals_until(std::string_view text, size_t start);

}  // namespace pgsieve::lexical
