#include "analyzer/sql/scan.h"
#include "analyzer/sql/scan_lexer.h"

namespace pgsieve {
namespace {

using lexical::Lexer;
using lexical::Token;

// Follows the blocks in which a ';' ends no statement: parentheses (CREATE RULE … DO (a; b)) and a routine
// body BEGIN ATOMIC … END, in which CASE … END may nest.
class BlockTracker {
 public:
  void see(const Lexer& lexer, const Token& token) {
    const bool after_begin = after_begin_;
    after_begin_ = lexer.is_word(token, "begin");
    if (lexer.is_char(token, '(')) ++parentheses_;
    if (lexer.is_char(token, ')') && parentheses_ > 0) --parentheses_;
    if (token.kind != Token::Kind::kWord) return;
    if (body_ == 0) {
      if (after_begin && lexer.is_word(token, "atomic")) body_ = 1;
    } else if (lexer.is_word(token, "case")) {
      ++body_;
    } else if (lexer.is_word(token, "end")) {
      --body_;
    }
  }
  bool inside() const { return parentheses_ > 0 || body_ > 0; }
  void reset() { *this = {}; }

 private:
  size_t parentheses_ = 0;
  size_t body_ = 0;
  bool after_begin_ = false;
};

}  // namespace

std::vector<std::string_view> split_statements(std::string_view text) {
  std::vector<std::string_view> statements;
  BlockTracker blocks;
  Lexer lexer(text);
  size_t begin = std::string_view::npos;
  size_t end = 0;
  const auto finish = [&] {
    if (begin != std::string_view::npos) statements.push_back(text.substr(begin, end - begin));
    begin = std::string_view::npos;
    blocks.reset();
  };
  for (Token token = lexer.next(); token.kind != Token::Kind::kEnd; token = lexer.next()) {
    if (lexer.is_char(token, ';') && !blocks.inside()) {
      finish();
      continue;
    }
    blocks.see(lexer, token);
    if (begin == std::string_view::npos) begin = token.begin;
    end = token.end;
  }
  finish();
  return statements;
}

}  // namespace pgsieve
