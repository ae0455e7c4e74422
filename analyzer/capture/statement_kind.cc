#include "analyzer/capture/statement_kind.h"

#include <algorithm>
#include <array>
#include <utility>

namespace pgsieve {
namespace {

constexpr std::pair<std::string_view, uint64_t IngestStats::*> kWords[] = {
    {"SELECT", &IngestStats::selects},
    {"INSERT", &IngestStats::inserts},
    {"UPDATE", &IngestStats::updates},
    {"DELETE", &IngestStats::deletes},
    {"WITH", &IngestStats::selects},
    {"VALUES", &IngestStats::selects},
    {"TABLE", &IngestStats::selects},
    {"BEGIN", &IngestStats::transaction_commands},
    {"COMMIT", &IngestStats::transaction_commands},
    {"ROLLBACK", &IngestStats::transaction_commands},
    {"SAVEPOINT", &IngestStats::transaction_commands},
    {"RELEASE", &IngestStats::transaction_commands},
    {"START", &IngestStats::transaction_commands},
    {"END", &IngestStats::transaction_commands},
    {"ABORT", &IngestStats::transaction_commands},
};

size_t skip_to_word(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("--")) {
      at = std::min(text.find('\n', at), text.size());
    } else if (rest.starts_with("/*")) {
      const size_t close = text.find("*/", at + 2);
      if (close == std::string_view::npos) return text.size();
      at = close + 2;
    } else if (std::string_view(" \t\r\n\f(;").find(rest[0]) != std::string_view::npos) {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

}  // namespace

uint64_t IngestStats::*kind_counter(std::string_view text) {
  text.remove_prefix(skip_to_word(text));
  std::array<char, 12> upper{};
  size_t length = 0;
  for (; length < text.size() && length < upper.size(); ++length) {
    const char c = static_cast<char>(text[length] & ~0x20);
    if (c < 'A' || c > 'Z') break;
    upper[length] = c;
  }
  const std::string_view word(upper.data(), length);
  for (const auto& [known, counter] : kWords) {
    if (known == word) return counter;
  }
  return &IngestStats::other_statements;
}

bool can_have_plan(std::string_view text) {
  size_t at = 0;
  while (at < text.size() && (text[at] == '(' || text[at] == ' ' || text[at] == '\n')) ++at;
  std::array<char, 6> word = {};
  for (size_t i = 0; i < word.size() && at + i < text.size(); ++i)
    word[i] = static_cast<char>(text[at + i] & ~0x20);
  const std::string_view head(word.data(), word.size());
  for (const std::string_view start :
       {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "VALUES", "MERGE", "TABLE"}) {
    if (head.starts_with(start)) return true;
  }
  return false;
}

}  // namespace pgsieve
