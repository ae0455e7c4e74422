// TokenCursor: the lexical skeleton of a statement, for the few questions that must be asked without the
// grammar (how deep can this text nest, where does the statement inside DECLARE CURSOR begin, what is its
// first keyword). It knows where quotes and comments end, nothing more; scan_statement() is the real scanner.
// Linear in the text, never fails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pgsieve {

struct Token {
  enum class Kind : uint8_t {
    kEnd,
    kWord,      // keyword or plain identifier
    kName,      // "quoted identifier"
    kConstant,  // number, string of any form, $n
    kOperator,  // a run of operator characters
    kOpen,      // ( or [
    kClose,     // ) or ]
    kComma,
    kSemicolon,
    kOther,  // dot, colon, stray bytes
  };
  Kind kind = Kind::kEnd;
  size_t begin = 0;
  size_t end = 0;
};

class TokenCursor {
 public:
  explicit TokenCursor(std::string_view text) : text_(text) {}
  Token next();  // white space and comments are skipped; kEnd for ever at the end
  std::string_view text(const Token& token) const {
    return text_.substr(token.begin, token.end - token.begin);
  }

 private:
  void skip_blank();
  size_t quoted_end(size_t open, bool backslash) const;
  size_t dollar_end(size_t start) const;  // 0: not a dollar-quoted string

  std::string_view text_;
  size_t position_ = 0;
};

// ASCII case-insensitive comparison with a lower-case keyword.
bool equals_keyword(std::string_view word, std::string_view lower_keyword);

}  // namespace pgsieve
