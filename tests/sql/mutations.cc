#include "tests/sql/mutations.h"

#include <array>
#include <string_view>
#include <vector>

#include "tests/sql/grammar_tokens.h"

namespace pgsieve {
namespace {

using Kind = GrammarToken::Kind;

std::string random_blank(Random& random) {
  static constexpr std::array<std::string_view, 10> kBlanks = {" ",
                                                               "  ",
                                                               "\n",
                                                               "\t ",
                                                               "\r\n",
                                                               " /* c */ ",
                                                               "/* it's; $1 /* nested \" */ */",
                                                               " -- line ' \" $$\n",
                                                               "\n\n\n  ",
                                                               "\f"};
  std::string blank;
  for (size_t i = 0; i <= random.below(3); ++i) blank += kBlanks[random.below(kBlanks.size())];
  return blank;
}

std::string random_body(Random& random) {
  static constexpr std::array<std::string_view, 14> kPieces = {
      "a", "Z",  "''", "\"", "--",          "/*", "*/",
      ";", "$1", "$$", "é",  " IN (1, 2) ", "\n", "0123456789012345678901234567890123"};
  std::string body;
  const size_t count = random.below(6);
  for (size_t i = 0; i < count; ++i) body += kPieces[random.below(kPieces.size())];
  return body;
}

std::string random_literal(const GrammarToken& token, std::string_view old, Random& random) {
  switch (token.kind) {
    case Kind::kInteger:
      return std::to_string(random.below(1000000));
    case Kind::kDecimal:
      return std::to_string(random.below(1000)) + "." + std::to_string(random.below(1000)) +
             (random.chance(3) ? "e5" : "");
    case Kind::kString:
      if (old.front() == '$') return "$mutated$" + random_body(random) + "$mutated$";
      return "'" + random_body(random) + (random.chance(5) ? "'\n  '" + random_body(random) : "") + "'";
    case Kind::kEscapeString:
      return std::string(1, old.front()) + "'" + random_body(random) + (random.chance(2) ? "\\'x\\\\" : "") +
             "'";
    default:
      return std::string(old);
  }
}

bool may_replace(std::string_view text, const std::vector<GrammarToken>& tokens, size_t i) {
  if (i == 0) return true;
  const std::string_view before = spelling(text, tokens[i - 1]);
  if (before == "uescape" || before == "UESCAPE") return false;
  if (before != "(" || i < 2) return true;
  const std::string_view type = spelling(text, tokens[i - 2]);
  return type != "float" && type != "FLOAT";  // its precision decides on the type
}

void change_case(std::string& out, std::string_view word, Random& random) {
  for (const char c : word) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    out += letter && random.chance(2) ? static_cast<char>(c ^ 0x20) : c;
  }
}

bool is_char(std::string_view text, const GrammarToken& token, char c) {
  return token.end - token.begin == 1 && text[token.begin] == c;
}

bool is_word(std::string_view text, const GrammarToken& token, std::string_view lower) {
  const std::string_view word = spelling(text, token);
  if (token.kind != Kind::kKeyword || word.size() != lower.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    if ((word[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

// Index of the ')' that closes tokens[open]; tokens.size() when none does.
size_t closing(std::string_view text, const std::vector<GrammarToken>& tokens, size_t open) {
  size_t depth = 0;
  for (size_t i = open; i < tokens.size(); ++i) {
    if (is_char(text, tokens[i], '(')) ++depth;
    if (is_char(text, tokens[i], ')') && --depth == 0) return i;
  }
  return tokens.size();
}

}  // namespace

std::string mutate_harmlessly(const std::string& text, Random& random, bool literals) {
  const std::vector<GrammarToken> tokens = grammar_tokens(text);
  std::string out = random.chance(3) ? random_blank(random) : "";
  size_t end = 0;
  bool blank_pending = false;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const GrammarToken& token = tokens[i];
    if (token.kind == Kind::kComment || token.begin > end) blank_pending = true;
    end = token.end;
    if (token.kind == Kind::kComment) continue;
    if (blank_pending && !out.empty()) out += random_blank(random);
    blank_pending = false;
    const std::string_view old = spelling(text, token);
    if (literals && is_literal(token) && may_replace(text, tokens, i)) {
      out += random_literal(token, old, random);
    } else if ((token.kind == Kind::kIdentifier && old.find('"') == std::string_view::npos) ||
               token.kind == Kind::kKeyword) {
      change_case(out, old, random);
    } else {
      out += old;
    }
  }
  if (random.chance(3)) out += random_blank(random) + ";" + random_blank(random);
  return out;
}

std::string lengthen_lists(const std::string& text, Random& random) {
  const std::vector<GrammarToken> tokens = grammar_tokens(text);
  std::string out;
  size_t copied = 0;
  const auto insert = [&](size_t at, std::string_view more) {
    out.append(text, copied, at - copied);
    copied = at;
    for (size_t i = 0; i <= random.below(3); ++i) out += more;
  };
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!is_char(text, tokens[i + 1], '(') || tokens[i].begin < copied) continue;
    if (i > 0 && is_char(text, tokens[i - 1], '.')) continue;  // a function by that name
    const size_t close = closing(text, tokens, i + 1);
    if (close == tokens.size()) continue;
    if (is_word(text, tokens[i], "in")) {
      // (c, c …) of constants or parameters alone.
      bool plain = close >= i + 5 && (close - i) % 2 == 1;
      for (size_t k = i + 2; plain && k < close; ++k) {
        const bool value = is_literal(tokens[k]) || tokens[k].kind == Kind::kParameter;
        plain = (k - i) % 2 == 0 ? value : is_char(text, tokens[k], ',');
      }
      if (plain)
        insert(tokens[close].begin,
               text.substr(tokens[close - 3].end, tokens[close - 1].end - tokens[close - 3].end));
    } else if (is_word(text, tokens[i], "values") && close + 2 < tokens.size() &&
               is_char(text, tokens[close + 1], ',') && is_char(text, tokens[close + 2], '(')) {
      const size_t second = closing(text, tokens, close + 2);
      if (second == tokens.size()) continue;
      insert(tokens[second].end, text.substr(tokens[close].end, tokens[second].end - tokens[close].end));
    }
  }
  return out + text.substr(copied);
}

std::string mutate_wildly(const std::string& text, Random& random) {
  static constexpr std::array<std::string_view, 24> kPieces = {"-",
                                                               "+",
                                                               "'x'",
                                                               "5",
                                                               "$1",
                                                               "?",
                                                               "(",
                                                               ")",
                                                               ",",
                                                               ".",
                                                               "null",
                                                               "in (1, 2)",
                                                               "::int",
                                                               "e",
                                                               "u&",
                                                               "$$",
                                                               "\"q\"",
                                                               "--c\n",
                                                               "/**/",
                                                               "5.",
                                                               "=",
                                                               "@",
                                                               "values (1), (2)",
                                                               "true"};
  const std::vector<GrammarToken> tokens = grammar_tokens(text);
  std::string out;
  size_t end = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const bool blank = tokens[i].begin > end;
    end = tokens[i].end;
    if (blank && !random.chance(12)) out += ' ';
    const size_t fate = random.below(40);
    if (fate == 0) continue;
    if (fate == 1)
      out += std::string(spelling(text, tokens[random.below(tokens.size())])) + (random.chance(2) ? " " : "");
    if (fate == 2) out += std::string(kPieces[random.below(kPieces.size())]) + (random.chance(2) ? " " : "");
    out += spelling(text, tokens[i]);
    if (fate == 3) out += ' ';
  }
  return out;
}

}  // namespace pgsieve
