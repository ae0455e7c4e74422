#include <algorithm>
#include <array>

#include "analyzer/workload/link.h"

namespace pgsieve {

namespace {

bool is_capital(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_small(char c) {
  return c >= 'a' && c <= 'z';
}
// Letters, digits, and whatever is not ASCII.
bool belongs_to_word(char c) {
  return is_small(c) || is_capital(c) || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

std::vector<std::string> name_words(std::string_view name) {
  std::vector<std::string> words;
  words.reserve(4);
  std::string word;
  const auto flush = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (size_t i = 0; i < name.size(); ++i) {
    const char character = name[i];
    if (!belongs_to_word(character)) {
      flush();
      continue;
    }
    // A capital starts a word after a small letter ("userId") or before one inside a run of capitals
    // ("HTMLPage").
    const bool capital = is_capital(character);
    const bool after_small = i > 0 && is_small(name[i - 1]);
    const bool before_small = i + 1 < name.size() && is_small(name[i + 1]);
    const bool after_capital = i > 0 && is_capital(name[i - 1]);
    if (capital && (after_small || (after_capital && before_small))) flush();
    word += capital ? static_cast<char>(character + 32) : character;
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

namespace {

// How many letters at the end of the word are an ending, if it has one.
size_t ending_of(std::string_view word) {
  if (ends_with_any(word, {"lar", "ler"})) return 3;  // kullanicilar
  if (ends_with_any(word, {"en", "er"})) return 2;    // Autoren, Bilder
  // Ordini, Fatture, Zakazy; Nummern and Artikeln.
  return ends_with_any(word, {"s", "a", "e", "i", "o", "y", "rn", "ln"}) ? 1 : 0;
}

}  // namespace

std::string_view stem(std::string_view word) {
  constexpr size_t kShortest = 4;
  for (size_t ending = ending_of(word); ending != 0 && word.size() >= kShortest + ending;
       ending = ending_of(word))
    word.remove_suffix(ending);
  return word;
}

}  // namespace pgsieve
