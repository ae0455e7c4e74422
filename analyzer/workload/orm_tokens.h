// The tokens of a statement as far as handwriting shows in them: names with and without quotes, parameters,
// symbols, and whether a blank came before. Coarser than the scanner's, which looks past what is told here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pgsieve::handwriting {

struct Token {
  enum class Kind : uint8_t { kEnd, kWord, kQuoted, kParameter, kSymbol };
  Kind kind = Kind::kEnd;
  std::string_view text;  // without the quotes
  bool after_blank = false;
};

// The first few thousand of them; their texts lie in `query`.
std::vector<Token> tokens_of(std::string_view query);

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool equal_nocase(std::string_view left, std::string_view right);  // of ASCII letters
bool all_digits(std::string_view text);                            // false for the empty text
// "p0", "u12": one letter (or a few) and a number.
bool letters_and_number(std::string_view text, size_t max_letters);
// Whether a word of `name` (of snake_case or CamelCase) begins with `letter`, in any letter case.
bool is_initial_of(char letter, std::string_view name);
// $1 where a value stands: sent apart from the text.
bool has_parameters(std::string_view text);
// Up to a comment at the end, which an instrumentation may have put there.
std::string_view without_last_comment(std::string_view text);

}  // namespace pgsieve::handwriting
