// libpg_query's own tokens of a text: an oracle for our lexer, and the ground the mutations stand on (so that
// a mistake of our lexer can't hide in both).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgsieve {

struct GrammarToken {
  enum class Kind {
    kInteger,
    kDecimal,
    kString,
    kEscapeString,
    kBitString,
    kUnicodeString,
    kParameter,
    kIdentifier,
    kKeyword,
    kComment,
    kOther
  };
  Kind kind = Kind::kOther;
  size_t begin = 0;
  size_t end = 0;
};

// Empty when the scanner refuses the text, and for texts with U&'…' or U&"…", whose places pg_query_scan() gets wrong.
std::vector<GrammarToken> grammar_tokens(const std::string& text);

inline std::string_view spelling(std::string_view text, const GrammarToken& token) {
  return text.substr(token.begin, token.end - token.begin);
}
bool is_literal(const GrammarToken& token);

}  // namespace pgsieve
