#include "analyzer/sql/mask.h"

#include <algorithm>

#include "analyzer/sql/scan_lexer.h"

namespace pgsieve {
namespace {

using lexical::Lexer;
using lexical::Token;

// After these words a number is the statement's structure.
bool is_structural(std::string_view word) {
  static constexpr std::string_view kWords[] = {"limit", "offset", "first", "next", "by"};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [word](std::string_view one) { return lexical::equals_folded(word, one); });
}

void mask_string(std::string_view text, const Token& token, std::string& out) {
  const std::string_view body = text.substr(token.inner_begin, token.inner_end - token.inner_begin);
  out += text.substr(token.begin, token.inner_begin - token.begin);
  const char prefix = lexical::fold(text[token.begin]);
  if ((prefix == 'b' || prefix == 'x') && token.quote > token.begin) {
    out += '0';
  } else if (!body.empty()) {
    if (body.front() == '%' || body.front() == '_') out += body.front();
    out += 'x';
    if (body.size() > 1 && (body.back() == '%' || body.back() == '_')) out += body.back();
  }
  if (token.complete) {
    out += text.substr(token.inner_end, token.end - token.inner_end);
  } else {
    out += '\'';
  }
}

}  // namespace

std::string mask_literals(std::string_view text) {
  std::string out;
  out.reserve(std::min(text.size(), size_t{64} * 1024));
  Lexer lexer(text);
  std::string_view word;  // the token before, when it is a word
  for (Token token = lexer.next(); token.kind != Token::Kind::kEnd; token = lexer.next()) {
    if (token.blank_before && !out.empty()) out += ' ';
    const std::string_view spelling = lexer.spelling(token);
    if (token.kind == Token::Kind::kString) {
      mask_string(text, token, out);
    } else if (token.kind == Token::Kind::kNumber && !is_structural(word)) {
      out += '0';
    } else {
      out += spelling;
    }
    word = token.kind == Token::Kind::kWord ? spelling : std::string_view();
  }
  return out;
}

}  // namespace pgsieve
