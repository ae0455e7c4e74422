#include "analyzer/advisor/index_term.h"

#include <algorithm>
#include <array>

namespace pgsieve {

namespace internal {

namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         (static_cast<unsigned char>(c) & 0x80U) != 0;
}

// CHECK (status IN ('new', 'paid', 'void'))
bool has_closed_set(const Table* table, std::string_view column) {
  return table != nullptr && std::ranges::any_of(table->check_constraints, [column](std::string_view check) {
           const bool lists =
               check.find(" IN (") != std::string_view::npos || check.find("ANY (") != std::string_view::npos;
           return lists && check.find(" AND ") == std::string_view::npos && names_word(check, column);
         });
}

}  // namespace

bool names_word(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool starts = at == 0 || !is_word(text[at - 1]);
    const size_t end = at + word.size();
    if (starts && (end == text.size() || !is_word(text[end]))) return true;
  }
  return false;
}

bool has_no_order(std::string_view type) {
  static constexpr std::array<std::string_view, 9> kTypes = {"json", "xml",  "point",   "line",  "lseg",
                                                             "box",  "path", "polygon", "circle"};
  return std::ranges::find(kTypes, type) != kTypes.end();
}

std::string column_type(const Table* table, std::string_view column) {
  const Column* known = table == nullptr ? nullptr : table->find_column(column);
  return known == nullptr ? std::string() : known->type;
}

IndexTerm term_of(const Predicate& predicate, IndexKey key, const Table* table,
                  const Statistics& statistics) {
  IndexTerm term{.key = std::move(key), .predicate = &predicate};
  term.distinct = term.key.column.empty() ? 0 : distinct_values(table, term.key.column, statistics);
  const std::string type = column_type(table, term.key.column);
  term.flag = type == "boolean" || has_closed_set(table, term.key.column) ||
              (term.distinct > 0 && term.distinct <= 5);
  return term;
}

}  // namespace internal

double distinct_values(const Table* table, std::string_view column, const Statistics& statistics) {
  if (table == nullptr || column.empty()) return 0;
  const ColumnStatistics* known = statistics.find_column(table->schema, table->name, column);
  const double rows = table->rows.value_or(0);
  if (known != nullptr && known->distinct > 0) return known->distinct;
  if (known != nullptr && known->distinct < 0 && rows > 0) return -known->distinct * rows;
  if (table->unique_by({std::string(column)})) return rows;
  const Column* found = table->find_column(column);
  return found != nullptr && found->type == "boolean" ? 2 : 0;
}

}  // namespace pgsieve
