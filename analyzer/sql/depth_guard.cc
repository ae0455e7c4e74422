#include "analyzer/sql/depth_guard.h"

#include <algorithm>
#include <vector>

#include "analyzer/sql/token_cursor.h"

namespace pgsieve {
namespace {

// One open parenthesis (or CASE … END, which nests without one).
struct Level {
  size_t structure = 0;  // JOIN and UNION: each makes the tree one deeper, whatever stands between them
  size_t chain = 0;    // operators and words since the last comma, AND or OR: a chain of operators is as deep
                       // as it is long
  size_t longest = 0;  // the longest chain so far
  bool is_case = false;
  size_t depth() const { return structure + std::max(chain, longest) + 1; }
};

void end_chain(Level& level) {
  level.longest = std::max(level.longest, level.chain);
  level.chain = 0;
}

// What the closed level holds hangs below the chain it stands in.
void close_level(std::vector<Level>& levels) {
  const size_t depth = levels.back().depth();
  levels.pop_back();
  if (levels.empty()) levels.emplace_back();
  levels.back().chain += depth;
}

void add_word(std::vector<Level>& levels, std::string_view word) {
  Level& level = levels.back();
  if (equals_keyword(word, "and") || equals_keyword(word, "or")) {
    end_chain(level);  // the grammar flattens chains of one of them; two of them nest only with parentheses
  } else if (equals_keyword(word, "join") || equals_keyword(word, "union") ||
             equals_keyword(word, "intersect") || equals_keyword(word, "except")) {
    end_chain(level);
    level.structure += 2;
  } else if (equals_keyword(word, "case")) {
    levels.push_back(Level{0, 1, 0, true});
  } else if (equals_keyword(word, "end") && level.is_case) {
    close_level(levels);
  } else {
    ++level.chain;
  }
}

}  // namespace

size_t estimate_tree_depth(std::string_view text) {
  std::vector<Level> levels(1);
  size_t deepest = 0;
  TokenCursor cursor(text);
  for (Token token = cursor.next(); token.kind != Token::Kind::kEnd; token = cursor.next()) {
    switch (token.kind) {
      case Token::Kind::kWord:
        add_word(levels, cursor.text(token));
        break;
      case Token::Kind::kOperator:
        levels.back().chain += token.end - token.begin;  // "+-+-" may be one operator or four
        break;
      case Token::Kind::kOther:
        levels.back().chain += 1;
        break;
      case Token::Kind::kOpen:
        levels.emplace_back();
        break;
      case Token::Kind::kClose:
        while (levels.size() > 1 && levels.back().is_case) close_level(levels);
        close_level(levels);
        break;
      case Token::Kind::kComma:
        end_chain(levels.back());
        break;
      case Token::Kind::kSemicolon:
        while (levels.size() > 1) close_level(levels);
        deepest = std::max(deepest, levels.back().depth());
        levels.assign(1, Level{});
        break;
      default:
        break;
    }
  }
  while (levels.size() > 1) close_level(levels);
  return std::max(deepest, levels.back().depth());
}

bool lexes_slowly(std::string_view text) {
  constexpr std::string_view kOperators = "~!@#^&|`?+-*/%<=>";
  constexpr size_t kMost = size_t{4} * 1024 * 1024;  // bytes looked at
  size_t cost = 0;
  size_t at = text.find("/*");
  while (at != std::string_view::npos) {
    const size_t end = std::min(text.find_first_not_of(kOperators, at), text.size());
    for (; at < end; at = text.find("/*", at + 1)) cost += end - at;
    if (cost > kMost) return true;
  }
  return false;
}

}  // namespace pgsieve
