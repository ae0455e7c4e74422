#include <algorithm>
#include <array>
#include <cctype>

#include "analyzer/workload/link.h"

namespace pgsieve {

std::vector<std::string> name_words(std::string_view name) {
  std::vector<std::string> words;
  std::string word;
  const auto flush = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (size_t i = 0; i < name.size(); ++i) {
    const auto character = static_cast<unsigned char>(name[i]);
    if (!std::isalnum(character) && character < 0x80) {
      flush();
      continue;
    }
    // A capital starts a word after a small letter ("userId") or before one inside a run of capitals
    // ("HTMLPage").
    const bool capital = std::isupper(character) != 0;
    const bool after_small = i > 0 && std::islower(static_cast<unsigned char>(name[i - 1]));
    const bool before_small = i + 1 < name.size() && std::islower(static_cast<unsigned char>(name[i + 1]));
    const bool after_capital = i > 0 && std::isupper(static_cast<unsigned char>(name[i - 1]));
    if (capital && (after_small || (after_capital && before_small))) flush();
    word += static_cast<char>(std::tolower(character));
  }
  flush();
  return words;
}

namespace {

constexpr std::array<std::array<std::string_view, 2>, 14> kIrregular = {{{"people", "person"},
                                                                         {"children", "child"},
                                                                         {"men", "man"},
                                                                         {"women", "woman"},
                                                                         {"mice", "mouse"},
                                                                         {"geese", "goose"},
                                                                         {"feet", "foot"},
                                                                         {"teeth", "tooth"},
                                                                         {"indices", "index"},
                                                                         {"vertices", "vertex"},
                                                                         {"matrices", "matrix"},
                                                                         {"criteria", "criterion"},
                                                                         {"movies", "movie"},
                                                                         {"media", "medium"}}};
constexpr std::array<std::string_view, 9> kUnchanging = {
    "news", "series", "species", "data", "status", "address", "analysis", "information", "equipment"};

bool ends_with_any(std::string_view word, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return word.ends_with(ending); });
}

}  // namespace

std::string singular(std::string_view word) {
  for (const auto& [many, one] : kIrregular) {
    if (word == many) return std::string(one);
  }
  if (std::find(kUnchanging.begin(), kUnchanging.end(), word) != kUnchanging.end()) return std::string(word);
  if (word.size() > 4 && word.ends_with("ies")) return std::string(word.substr(0, word.size() - 3)) + "y";
  if (word.size() > 4 && ends_with_any(word, {"sses", "shes", "ches", "xes", "zes"})) {
    return std::string(word.substr(0, word.size() - 2));
  }
  if (word.size() > 5 && word.ends_with("uses") && !word.ends_with("ouses") && !word.ends_with("auses")) {
    return std::string(word.substr(0, word.size() - 2));  // statuses, buses; not houses, causes
  }
  if (word.size() > 2 && word.ends_with("s") && !ends_with_any(word, {"ss", "us", "is"})) {
    return std::string(word.substr(0, word.size() - 1));
  }
  return std::string(word);
}

std::string plural(std::string_view word) {
  for (const auto& [many, one] : kIrregular) {
    if (word == one) return std::string(many);
  }
  if (word.empty() || singular(word) != word) return std::string(word);  // it is one already
  if (word.size() > 1 && word.back() == 'y' &&
      std::string_view("aeiou").find(word[word.size() - 2]) == std::string_view::npos) {
    return std::string(word.substr(0, word.size() - 1)) + "ies";
  }
  if (ends_with_any(word, {"s", "x", "z", "ch", "sh"})) return std::string(word) + "es";
  return std::string(word) + "s";
}

}  // namespace pgsieve
