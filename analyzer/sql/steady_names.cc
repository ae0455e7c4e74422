#include "analyzer/sql/steady_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "analyzer/sql/shape.h"

namespace pgsieve {

namespace {

bool is_decimal(char byte) {
  return byte >= '0' && byte <= '9';
}

bool is_hexadecimal(char byte) {
  return is_decimal(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

bool is_name_byte(char byte) {
  return is_hexadecimal(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         byte == '_' || byte == '$' || static_cast<unsigned char>(byte) >= 0x80;
}

// Of one run of digits and the separators of an UUID.
struct Digits {
  size_t decimal_run = 0, longest_decimal = 0, decimal = 0, hexadecimal = 0;

  void add(char byte) {
    decimal_run = is_decimal(byte) ? decimal_run + 1 : 0;
    longest_decimal = std::max(longest_decimal, decimal_run);
    decimal += is_decimal(byte) ? 1 : 0;
    hexadecimal += is_hexadecimal(byte) ? 1 : 0;
  }
  bool made_up() const {
    constexpr size_t kHexadecimal = 16, kOfThemDecimal = 3, kTime = 10;
    return longest_decimal >= kTime || (hexadecimal >= kHexadecimal && decimal >= kOfThemDecimal);
  }
};

// Whether some word or quoted name outside strings is made up, at a glance: a string's own syntax aside, such
// as escapes, which would only cost a look that finds nothing.
bool holds_made_up_name(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const char byte = text[at];
    size_t end = at + 1;
    if (byte == '\'' || byte == '"') {
      end = std::min(text.find(byte, at + 1), text.size());
      if (byte == '"' && is_made_up(text.substr(at + 1, end - at - 1))) return true;
      ++end;
    } else if (is_name_byte(byte)) {
      while (end < text.size() && is_name_byte(text[end])) ++end;
      if (!is_decimal(byte) && is_made_up(text.substr(at, end - at))) return true;
    }
    at = end;
  }
  return false;
}

// Outside a longer name of other letters, every place where the name stands is one of the alias's.
void replace_name(std::string& text, std::string_view name, std::string_view steady) {
  for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
    const size_t end = at + name.size();
    const bool whole =
        (at == 0 || !is_name_byte(text[at - 1])) && (end == text.size() || !is_name_byte(text[end]));
    if (whole) text.replace(at, name.size(), steady);
    at += whole ? steady.size() : 1;
  }
}

}  // namespace

bool is_made_up(std::string_view name) {
  Digits digits;
  for (const char byte : name) {
    if (is_hexadecimal(byte) || byte == '_' || byte == '-') {
      digits.add(byte);
      if (digits.made_up()) return true;
    } else {
      digits = {};
    }
  }
  return false;
}

std::optional<std::string> with_steady_names(std::string_view text) {
  if (!holds_made_up_name(text)) return std::nullopt;  // far the most
  const StatementShape shape = draw_shape(text);
  std::vector<std::string> made_up;
  for (const Relation& relation : shape.relations) {
    const std::string alias = relation.alias;
    if (!is_made_up(alias) || std::ranges::find(made_up, alias) != made_up.end()) continue;
    const auto is_table = [&alias](const Relation& other) {
      return std::string_view(other.name) == alias || std::string_view(other.schema) == alias;
    };
    if (!std::ranges::any_of(shape.relations, is_table)) made_up.push_back(alias);
  }
  if (made_up.empty()) return std::nullopt;
  std::string steady(text);
  size_t number = 0;
  for (const std::string& alias : made_up) {
    std::string name;
    do {
      name = fmt::format("alias_{}", ++number);
    } while (text.find(name) != std::string_view::npos);  // the statement's own
    replace_name(steady, alias, name);
  }
  if (steady == text) return std::nullopt;  // written otherwise than the parser has them
  return steady;
}

}  // namespace pgsieve
