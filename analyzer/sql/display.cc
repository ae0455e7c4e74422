#include <algorithm>
#include <charconv>
#include <iterator>

#include "analyzer/sql/scan.h"
#include "analyzer/sql/scan_lexer.h"

namespace pgsieve {
namespace {

using lexical::Lexer;
using lexical::Token;

constexpr std::string_view kEllipsis = "…";
constexpr std::string_view kMore = ", ...";

// Walks the tokens and writes them out again. Which constant lists are cut, and which '?' is a placeholder,
// is asked of the scan's slots, so that two texts with one key are shown alike.
class Display {
 public:
  Display(std::string_view text, size_t max_bytes) : text_(text), max_bytes_(max_bytes), lexer_(text) {
    std::string scratch;
    scan_statement(text, scan_, scratch);
  }

  std::string run() {
    start_statement();
    while (shown_.size() <= max_bytes_) {
      const Token token = lexer_.next();
      if (token.kind == Token::Kind::kEnd) break;
      if (lexer_.is_char(token, ';')) {
        separator_pending_ = !shown_.empty();
        start_statement();
        continue;
      }
      if (separator_pending_) shown_ += "; ";
      show(token, token.blank_before && !separator_pending_ && !shown_.empty());
      separator_pending_ = false;
      follow(token);
    }
    cut();
    return std::move(shown_);
  }

 private:
  enum class Word : uint8_t { kOther, kIn, kValues };

  void start_statement() {
    keep_until_ = lexical::keep_literals_until(text_, lexical::skip_blank(text_, lexer_.position()));
    row_depth_ = 0;
  }

  const Slot* slot_at(size_t offset) const {
    const auto slot = std::lower_bound(scan_.slots.begin(), scan_.slots.end(), offset,
                                       [](const Slot& each, size_t at) { return each.offset < at; });
    return slot != scan_.slots.end() && slot->offset == offset ? &*slot : nullptr;
  }

  void show(const Token& token, bool blank) {
    if (blank) shown_ += ' ';
    const bool value = token.kind == Token::Kind::kNumber || token.kind == Token::Kind::kString ||
                       token.kind == Token::Kind::kParameter ||
                       (lexer_.is_char(token, '?') && slot_at(token.begin) != nullptr);
    if (!value) {
      shown_ += lexer_.spelling(token);
      return;
    }
    if (!shown_.empty() && lexical::is(shown_.back(), lexical::kIdent)) shown_ += ' ';  // date'2026-01-01'
    char number[24] = "$";
    const char* end = std::to_chars(number + 1, std::end(number), ++values_).ptr;
    shown_.append(number, static_cast<size_t>(end - number));
  }

  // What the token just shown leads to: the start of a list or a row, or a row's end.
  void follow(const Token& token) {
    const Word before = word_;
    word_ = after_dot_ ? Word::kOther : word_of(token);
    after_dot_ = lexer_.is_char(token, '.');
    if (lexer_.is_char(token, '(')) {
      if (row_depth_ > 0) {
        ++row_depth_;
      } else if (before == Word::kValues && token.begin >= keep_until_) {
        row_depth_ = 1;
      }
      if (before == Word::kIn) show_list();
    } else if (lexer_.is_char(token, ')') && row_depth_ > 0 && --row_depth_ == 0) {
      skip_rows();
    }
  }

  Word word_of(const Token& token) const {
    if (lexer_.is_word(token, "in")) return Word::kIn;
    return lexer_.is_word(token, "values") ? Word::kValues : Word::kOther;
  }

  // After "IN (": when the scan took the list for one slot, its first element and then its end. The key
  // forgets the white space in such a list, so it is shown without.
  void show_list() {
    Lexer ahead = lexer_;
    Token token = ahead.next();
    const Slot* slot = slot_at(token.begin);
    if (slot == nullptr || slot->kind != Slot::Kind::kList) return;
    size_t depth = 0;
    while (token.kind != Token::Kind::kEnd && (depth > 0 || !ahead.is_char(token, ','))) {
      if (ahead.is_char(token, '(')) ++depth;
      if (ahead.is_char(token, ')')) --depth;
      const bool words = token.kind == Token::Kind::kWord && lexical::is(shown_.back(), lexical::kIdent);
      show(token, words);
      token = ahead.next();
    }
    shown_ += kMore;
    lexer_ = Lexer(text_, slot->offset + slot->text.size());
    // The list's own ')' follows, perhaps after white space; that too is forgotten.
    lexer_ = Lexer(text_, lexical::skip_blank(text_, lexer_.position()));
  }

  // After the first row of VALUES: skips all further rows.
  void skip_rows() {
    Lexer ahead = lexer_;
    bool skipped = false;
    while (ahead.is_char(ahead.next(), ',')) {
      Token token = ahead.next();
      if (!ahead.is_char(token, '(')) break;
      for (size_t depth = 1; depth > 0;) {
        token = ahead.next();
        if (token.kind == Token::Kind::kEnd) break;
        if (ahead.is_char(token, '(')) ++depth;
        if (ahead.is_char(token, ')')) --depth;
      }
      lexer_ = ahead;
      skipped = true;
    }
    if (skipped) shown_ += kMore;
  }

  void cut() {
    if (shown_.size() <= max_bytes_) return;
    size_t size = max_bytes_ > kEllipsis.size() ? max_bytes_ - kEllipsis.size() : 0;
    while (size > 0 && (static_cast<unsigned char>(shown_[size]) & 0xC0) == 0x80) --size;
    shown_.resize(size);
    if (max_bytes_ >= kEllipsis.size()) shown_ += kEllipsis;
  }

  std::string_view text_;
  size_t max_bytes_;
  Lexer lexer_;
  StatementScan scan_;
  std::string shown_;
  size_t values_ = 0;  // literals and parameters shown
  size_t keep_until_ = 0;
  size_t row_depth_ = 0;  // parentheses open since the '(' after VALUES
  Word word_ = Word::kOther;
  bool separator_pending_ = false;
  bool after_dot_ = false;
};

}  // namespace

std::string normalize_for_display(std::string_view text, size_t max_bytes) {
  return Display(text, max_bytes).run();
}

}  // namespace pgsieve
