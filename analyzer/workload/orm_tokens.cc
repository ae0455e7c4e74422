#include "analyzer/workload/orm_tokens.h"

#include <algorithm>
#include <cctype>

namespace pgsieve::handwriting {

namespace {

constexpr size_t kMaxTokens = 3000;

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9') ||
         (static_cast<unsigned char>(c) & 0x80U) != 0;
}

char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

}  // namespace

std::vector<Token> tokens_of(std::string_view query) {
  std::vector<Token> tokens;
  bool blank = false;
  for (size_t at = 0; at < query.size() && tokens.size() < kMaxTokens;) {
    const char c = query[at];
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      blank = true;
      ++at;
      continue;
    }
    Token token;
    token.after_blank = blank;
    blank = false;
    size_t end = at + 1;
    if (c == '"') {
      while (end < query.size() && query[end] != '"') ++end;
      token.kind = Token::Kind::kQuoted;
      token.text = query.substr(at + 1, end - at - 1);
      end = std::min(query.size(), end + 1);
    } else if (c == '$' && end < query.size() && is_digit(query[end])) {
      while (end < query.size() && is_digit(query[end])) ++end;
      token.kind = Token::Kind::kParameter;
      token.text = query.substr(at, end - at);
    } else if (is_name(c)) {
      while (end < query.size() && is_name(query[end])) ++end;
      token.kind = Token::Kind::kWord;
      token.text = query.substr(at, end - at);
    } else {
      token.kind = Token::Kind::kSymbol;
      token.text = query.substr(at, 1);
    }
    tokens.push_back(token);
    at = end;
  }
  return tokens;
}

bool equal_nocase(std::string_view left, std::string_view right) {
  return left.size() == right.size() &&
         std::equal(left.begin(), left.end(), right.begin(),
                    [](char a, char b) { return a == b || to_lower(a) == to_lower(b); });
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

bool letters_and_number(std::string_view text, size_t max_letters) {
  size_t letters = 0;
  while (letters < text.size() && text[letters] >= 'a' && text[letters] <= 'z') ++letters;
  return letters > 0 && letters <= max_letters && all_digits(text.substr(letters));
}

bool is_initial_of(char letter, std::string_view name) {
  for (size_t i = 0; i < name.size(); ++i) {
    const bool upper = name[i] >= 'A' && name[i] <= 'Z';
    const bool after_lower = i > 0 && name[i - 1] >= 'a' && name[i - 1] <= 'z';
    const bool begins = i == 0 || !is_name(name[i - 1]) || name[i - 1] == '_' || (upper && after_lower);
    if (begins && to_lower(name[i]) == to_lower(letter)) return true;
  }
  return false;
}

bool has_parameters(std::string_view text) {
  const std::vector<Token> tokens = tokens_of(text);
  return std::any_of(tokens.begin(), tokens.end(),
                     [](const Token& token) { return token.kind == Token::Kind::kParameter; });
}

std::string_view without_last_comment(std::string_view text) {
  const auto trim = [&text] {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  };
  trim();
  if (text.ends_with("*/")) text = text.substr(0, std::min(text.rfind("/*"), text.size()));
  trim();
  return text;
}

}  // namespace pgsieve::handwriting
