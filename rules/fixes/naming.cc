#include "rules/fixes/naming.h"

#include <algorithm>
#include <array>

#include "analyzer/workload/link.h"

namespace pgsieve {

namespace {

std::string capital(std::string word) {
  if (!word.empty() && word[0] >= 'a' && word[0] <= 'z') word[0] = static_cast<char>(word[0] - 32);
  return word;
}

enum class Style : uint8_t { kSnake, kCamel, kPascal };

Style member_style(Orm orm) {
  switch (orm) {
    case Orm::kDjango:
    case Orm::kSqlAlchemy:
    case Orm::kActiveRecord:
    case Orm::kEcto:
    case Orm::kSequel:
    case Orm::kPeewee:
      return Style::kSnake;
    case Orm::kGorm:
    case Orm::kEfCore:
      return Style::kPascal;
    default:
      return Style::kCamel;
  }
}

std::string styled(Style style, const NameWords& words) {
  return style == Style::kSnake   ? snake_case(words)
         : style == Style::kCamel ? camel_case(words)
                                  : pascal_case(words);
}

}  // namespace

std::string snake_case(const NameWords& words) {
  std::string name;
  for (const std::string& word : words) name += (name.empty() ? "" : "_") + word;
  return name;
}

std::string pascal_case(const NameWords& words) {
  std::string name;
  for (const std::string& word : words) name += capital(word);
  return name;
}

std::string camel_case(const NameWords& words) {
  std::string name;
  for (const std::string& word : words) name += name.empty() ? word : capital(word);
  return name;
}

NameWords singular_words(std::string_view table) {
  NameWords words = name_words(table);
  if (!words.empty()) words.back() = singular(words.back());
  return words;
}

NameWords plural_words(std::string_view table) {
  NameWords words = singular_words(table);
  if (!words.empty()) words.back() = plural(words.back());
  return words;
}

NameWords reference_words(std::string_view column) {
  constexpr std::array<std::string_view, 8> kKeyWords = {"id", "uuid", "guid", "key",
                                                         "fk", "pk",   "ref",  "oid"};
  const auto is_key = [&](const std::string& word) {
    return std::find(kKeyWords.begin(), kKeyWords.end(), word) != kKeyWords.end();
  };
  NameWords words = name_words(column);
  while (!words.empty() && is_key(words.back())) words.pop_back();
  while (!words.empty() && is_key(words.front())) words.erase(words.begin());
  return words;
}

std::string member_name(Orm orm, const NameWords& words) {
  return styled(member_style(orm), words);
}

std::string model_name(Orm orm, std::string_view table) {
  if (orm == Orm::kPrisma) return camel_case(singular_words(table));
  if (orm == Orm::kDrizzle) return camel_case(name_words(table));
  return pascal_case(singular_words(table));
}

std::string field_name(Orm orm, std::string_view column) {
  // Eloquent's and Knex's fields are the columns themselves.
  if (orm == Orm::kEloquent || orm == Orm::kObjection || orm == Orm::kSequelize || orm == Orm::kPrisma)
    return std::string(column);
  if (orm == Orm::kGorm) return snake_case(name_words(column));
  NameWords words = name_words(column);
  return words.empty() ? std::string(column) : member_name(orm, words);
}

}  // namespace pgsieve
