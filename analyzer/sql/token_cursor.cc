#include "analyzer/sql/token_cursor.h"

#include "analyzer/sql/scan_lexer.h"

namespace pgsieve {
namespace {

bool is_blank(char c) {
  return lexical::is(c, lexical::kSpace);
}
bool is_digit(char c) {
  return lexical::is(c, lexical::kDigit);
}
bool is_word_start(char c) {
  return lexical::is(c, lexical::kIdentStart);
}
bool is_word(char c) {
  return lexical::is(c, lexical::kIdent);
}
bool is_operator(char c) {
  return lexical::is(c, lexical::kOperator);
}

}  // namespace

bool equals_keyword(std::string_view word, std::string_view lower_keyword) {
  if (word.size() != lower_keyword.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != lower_keyword[i]) return false;
  }
  return true;
}

void TokenCursor::skip_blank() {
  while (position_ < text_.size()) {
    const char c = text_[position_];
    const char following = position_ + 1 < text_.size() ? text_[position_ + 1] : '\0';
    if (is_blank(c)) {
      ++position_;
    } else if (c == '-' && following == '-') {
      const size_t end = text_.find('\n', position_);
      position_ = end == std::string_view::npos ? text_.size() : end + 1;
    } else if (c == '/' && following == '*') {
      size_t depth = 1;
      position_ += 2;
      while (position_ < text_.size() && depth > 0) {
        if (text_.compare(position_, 2, "/*") == 0) {
          ++depth;
          position_ += 2;
        } else if (text_.compare(position_, 2, "*/") == 0) {
          --depth;
          position_ += 2;
        } else {
          ++position_;
        }
      }
      if (position_ > text_.size()) position_ = text_.size();
    } else {
      return;
    }
  }
}

size_t TokenCursor::quoted_end(size_t open, bool backslash) const {
  const char quote = text_[open];
  size_t at = open + 1;
  while (at < text_.size()) {
    if (backslash && text_[at] == '\\') {
      at += 2;
    } else if (text_[at] != quote) {
      ++at;
    } else if (at + 1 < text_.size() && text_[at + 1] == quote) {
      at += 2;
    } else {
      return at + 1;
    }
  }
  return text_.size();
}

size_t TokenCursor::dollar_end(size_t start) const {
  size_t at = start + 1;
  if (at < text_.size() && is_digit(text_[at])) return 0;
  while (at < text_.size() && text_[at] != '$' && is_word(text_[at])) ++at;
  if (at >= text_.size() || text_[at] != '$') return 0;
  const std::string_view tag = text_.substr(start, at + 1 - start);
  const size_t close = text_.find(tag, at + 1);
  return close == std::string_view::npos ? text_.size() : close + tag.size();
}

Token TokenCursor::next() {
  skip_blank();
  Token token{Token::Kind::kEnd, position_, position_};
  if (position_ >= text_.size()) return token;
  const char c = text_[position_];
  const char following = position_ + 1 < text_.size() ? text_[position_ + 1] : '\0';
  size_t end = position_ + 1;
  if (c == '\'') {
    token.kind = Token::Kind::kConstant;
    end = quoted_end(position_, false);
  } else if (following == '\'' && std::string_view("eEbBxXnN").find(c) != std::string_view::npos) {
    token.kind = Token::Kind::kConstant;
    end = quoted_end(position_ + 1, c == 'e' || c == 'E');
  } else if (c == '"') {
    token.kind = Token::Kind::kName;
    end = quoted_end(position_, false);
  } else if (is_word_start(c)) {
    token.kind = Token::Kind::kWord;
    while (end < text_.size() && is_word(text_[end])) ++end;
  } else if (is_digit(c) || (c == '$' && is_digit(following))) {
    token.kind = Token::Kind::kConstant;
    while (end < text_.size() && (is_word(text_[end]) || text_[end] == '.')) ++end;
  } else if (c == '$' && dollar_end(position_) != 0) {
    token.kind = Token::Kind::kConstant;
    end = dollar_end(position_);
  } else if (is_operator(c)) {
    token.kind = Token::Kind::kOperator;
    while (end < text_.size() && is_operator(text_[end]) && text_.compare(end, 2, "--") != 0 &&
           text_.compare(end, 2, "/*") != 0) {
      ++end;
    }
  } else if (c == '(' || c == '[') {
    token.kind = Token::Kind::kOpen;
  } else if (c == ')' || c == ']') {
    token.kind = Token::Kind::kClose;
  } else {
    token.kind = c == ',' ? Token::Kind::kComma : c == ';' ? Token::Kind::kSemicolon : Token::Kind::kOther;
  }
  token.end = position_ = end < text_.size() ? end : text_.size();
  return token;
}

}  // namespace pgsieve
