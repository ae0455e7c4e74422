#include "rules/missing_index/serving.h"

#include <algorithm>
#include <string>

namespace pgsieve::missing_index {
namespace {

// Drops what spelling adds: blanks, parentheses, the type after a constant ('ref'::text).
std::string bare(std::string_view text) {
  std::string out;
  bool quoted = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\'') quoted = !quoted;
    if (quoted) {
      out += c;
      continue;
    }
    if (c == ' ' || c == '(' || c == ')' || c == '"') continue;
    if (c == ':' && text.substr(at).starts_with("::") && at > 0 && text[at - 1] == '\'') {
      for (at += 2; at < text.size() && (text[at] == '_' || text[at] == ' ' || (text[at] | 0x20) >= 'a') &&
                    text[at] != ')';)
        ++at;
      --at;
      continue;
    }
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

bool same_key(const CandidateKey& wanted, const IndexKey& key) {
  if (!wanted.column.empty()) return key.column == wanted.column;
  return !key.expression.empty() && same_expression(key.expression, wanted.expression);
}

bool pattern_class(const std::string& opclass) {
  return opclass.ends_with("_pattern_ops");
}

bool class_fits(const IndexCandidate& candidate, const CandidateKey& wanted, const Index& index,
                const IndexKey& key) {
  switch (candidate.need) {
    case Need::kPrefix:
      return pattern_class(key.opclass) || key.collation == "C" || key.collation == "POSIX";
    case Need::kSearch:
      return wanted.opclass.empty() || wanted.opclass == key.opclass || key.opclass == "gist_trgm_ops";
    case Need::kEquality:
    case Need::kJoin:
    case Need::kOr:
      return true;
    default:
      return index.method == "brin" || !pattern_class(key.opclass);
  }
}

bool method_fits(const IndexCandidate& candidate, const Index& index) {
  if (candidate.need == Need::kSearch)
    return index.method == candidate.method || index.method == "gin" || index.method == "gist" ||
           index.method == "rum";
  if (candidate.need == Need::kPrefix &&
      (index.method == "gin" || index.method == "gist" || index.method == "spgist"))
    return true;
  if (index.method == "hash") return candidate.equalities > 0 && candidate.need != Need::kOrder;
  if (index.method == "brin") return candidate.need == Need::kRange || candidate.need == Need::kOpenRange;
  return index.method == "btree";
}

// A partial index is used only where the statement implies its predicate. Taken to hold when every column the
// predicate names is tested.
bool predicate_fits(const IndexCandidate& candidate, const Index& index, const StatementShape& shape) {
  if (index.predicate.empty() || candidate.table == nullptr) return true;
  return std::ranges::all_of(candidate.table->columns, [&](const Column& column) {
    const size_t at = index.predicate.find(column.name);
    if (at == std::string::npos) return true;
    const auto word = [&](size_t position) {
      const char c = position < index.predicate.size() ? index.predicate[position] : ' ';
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    if ((at > 0 && word(at - 1)) || word(at + column.name.size())) return true;
    return std::ranges::any_of(shape.predicates, [&](const Predicate& predicate) {
      return predicate.column.relation == candidate.relation && predicate.column.column == column.name;
    });
  });
}

bool first_key_fits(const IndexCandidate& candidate, const Index& index) {
  const IndexKey& first = index.keys.front();
  const bool looked_up =
      !first.column.empty() && index.method == "btree" &&
      std::ranges::find(candidate.lookup_columns, first.column) != candidate.lookup_columns.end();
  if (looked_up) return true;
  const size_t alternatives = std::max<size_t>(candidate.equalities, 1);
  for (size_t i = 0; i < alternatives && i < candidate.keys.size(); ++i)
    if (same_key(candidate.keys[i], first) && class_fits(candidate, candidate.keys[i], index, first))
      return true;
  // An inverted index serves any of its keys, whatever their order.
  return candidate.need == Need::kSearch && index.method == "gin" &&
         std::ranges::any_of(index.keys, [&](const IndexKey& key) {
           return same_key(candidate.keys.front(), key) &&
                  class_fits(candidate, candidate.keys.front(), index, key);
         });
}

}  // namespace

bool same_expression(std::string_view left, std::string_view right) {
  return bare(left) == bare(right);
}

const Index* serving_index(const IndexCandidate& candidate, const StatementShape& shape) {
  if (candidate.table == nullptr || candidate.keys.empty()) return nullptr;
  for (const Index& index : candidate.table->indexes) {
    if (index.keys.empty() || !method_fits(candidate, index) || !predicate_fits(candidate, index, shape))
      continue;
    if (first_key_fits(candidate, index)) return &index;
  }
  return nullptr;
}

}  // namespace pgsieve::missing_index
