// The rows of VALUES (…), (…). Why rows may be dropped: see scan_lists.cc.
#include <algorithm>
#include <array>

#include "analyzer/sql/scan_output.h"

namespace pgsieve::lexical {
namespace {

constexpr size_t kNone = std::string_view::npos;

// Writes one row, from its '(' to its ')'.
class RowReader {
 public:
  RowReader(ScanOutput& output, size_t open) : output_(output), lexer_(output.text(), open) {}

  // As it goes into the key, with its slots. Returns the position after ')', the text's end when there is
  // none.
  size_t write() {
    size_t depth = 0;
    for (Token token = lexer_.next(); token.kind != Token::Kind::kEnd; token = lexer_.next()) {
      if (token.blank_before && depth > 0) output_.put_blank();
      switch (token.kind) {
        case Token::Kind::kNumber:
          output_.number(token.begin, token.end);
          break;
        case Token::Kind::kString:
          output_.string(token);
          break;
        case Token::Kind::kParameter:
          output_.parameter(token.begin, token.end);
          break;
        default:
          if (lexer_.is_char(token, '?')) {
            output_.question(token.begin);
          } else {
            put_plain(token);
          }
      }
      if (closes(token, depth)) return token.end;
    }
    return output_.text().size();
  }

  // The shape of the row: everything that libpg_query hashes as a constant written as 0. Taken back by the
  // caller.
  size_t write_shape() {
    size_t depth = 0;
    char before = '(';  // first character of the token before
    for (Token token = lexer_.next(); token.kind != Token::Kind::kEnd; token = lexer_.next()) {
      const bool first = before == '(' || before == ',';
      before = output_.text()[token.begin];
      if (first && lexer_.is_char(token, '-') && negates_whole()) {
        before = ',';
        continue;
      }
      if (token.kind == Token::Kind::kNumber) {
        put_separated();
        output_.put_number(token.begin, token.end);
      } else if (token.kind == Token::Kind::kParameter ||
                 (token.kind == Token::Kind::kString && !output_.after_uescape()) ||
                 (first && is_constant_word(token))) {
        put_separated();
        output_.put('0');
      } else {
        // Words must not run together, and operators that stood apart must not become one.
        if (is(before, kIdent)) put_separated();
        if (token.blank_before && is(before, kOperator) && is(output_.last(), kOperator)) output_.put(' ');
        if (lexer_.is_char(token, '?') && output_.is_placeholder(token.begin)) output_.next_placeholder();
        put_plain(token);
      }
      if (closes(token, depth)) return token.end;
    }
    return output_.text().size();
  }

 private:
  bool closes(const Token& token, size_t& depth) const {
    if (lexer_.is_char(token, '(')) ++depth;
    return lexer_.is_char(token, ')') && --depth == 0;
  }

  void put_separated() {
    if (is(output_.last(), kIdent)) output_.put(' ');
  }

  void put_plain(const Token& token) {
    if (!token.complete) output_.scan().incomplete = true;
    if (token.kind == Token::Kind::kWord) {
      output_.put_folded(lexer_.spelling(token));
    } else {
      if (lexer_.is_char(token, '$')) output_.put('$');
      output_.put(lexer_.spelling(token));
    }
  }

  bool ends_element(const Lexer& at) const {
    Lexer ahead = at;
    const Token after = ahead.next();
    return ahead.is_char(after, ',') || ahead.is_char(after, ')');
  }

  // -5 is a constant when nothing binds the 5 closer than the sign does.
  bool negates_whole() const {
    Lexer ahead = lexer_;
    return ahead.next().kind == Token::Kind::kNumber && ends_element(ahead);
  }

  bool is_constant_word(const Token& token) const {
    return (lexer_.is_word(token, "null") || lexer_.is_word(token, "true") ||
            lexer_.is_word(token, "false")) &&
           ends_element(lexer_);
  }

  ScanOutput& output_;
  Lexer lexer_;
};

// Reads a row that is nothing but constants, parameters and the words that count as such, without the lexer:
// the rows most bulk inserts are made of. Returns the position after ')' and the number of columns; kNone
// when the row isn't like that.
size_t skip_plain_row(std::string_view text, size_t open, size_t& columns) {
  size_t at = open + 1;
  const auto here = [&] { return at < text.size() ? text[at] : '\0'; };
  const auto skip_digits = [&] {
    const size_t first = at;
    while (is(here(), kDigit)) ++at;
    return at != first;
  };
  const auto skip_value = [&] {
    const char c = here();
    if (c == '\'') {
      const Span span = skip_string(text, at, false);
      at = span.end;
      return span.complete;
    }
    if (is(c, kIdentStart)) {
      const size_t first = at;
      while (is(here(), kIdent)) ++at;
      const std::string_view word = text.substr(first, at - first);
      return equals_folded(word, "null") || equals_folded(word, "true") || equals_folded(word, "false");
    }
    if (c == '$' || c == '-') ++at;
    if (!skip_digits()) return false;
    if (c == '$' || here() != '.') return true;
    ++at;
    return skip_digits();
  };
  for (columns = 0;; ++at) {
    while (here() == ' ') ++at;
    if (!skip_value()) return kNone;
    while (here() == ' ') ++at;
    ++columns;
    if (here() == ')') return at + 1;
    if (here() != ',') return kNone;
  }
}

// Position of the '(' of a further row, or kNone.
size_t next_row(std::string_view text, size_t position) {
  Lexer lexer(text, position);
  if (const Token comma = lexer.next(); !lexer.is_char(comma, ',')) return kNone;
  const Token open = lexer.next();
  return lexer.is_char(open, '(') ? open.begin : kNone;
}

}  // namespace

size_t read_rows(ScanOutput& output, size_t open) {
  // Rows of a bulk insert come in few shapes; more distinct ones than this are simply kept.
  std::array<Hash128, 16> shapes;
  size_t shape_count = 0;
  size_t plain_columns = 0;  // of a plain row seen before
  const auto is_new = [&](size_t row, size_t& end) {
    size_t columns = 0;
    end = skip_plain_row(output.text(), row, columns);
    if (end != kNone && columns == plain_columns) return false;
    if (end != kNone) plain_columns = columns;
    char* const mark = output.end();
    end = RowReader(output, row).write_shape();
    const Hash128 shape = hash128({mark, static_cast<size_t>(output.end() - mark)});
    output.truncate(mark);
    if (std::find(shapes.begin(), shapes.begin() + shape_count, shape) != shapes.begin() + shape_count)
      return false;
    if (shape_count < shapes.size()) shapes[shape_count++] = shape;
    return true;
  };

  size_t end = RowReader(output, open).write();
  size_t row = next_row(output.text(), end);
  uint32_t rows = 1;
  if (row != kNone) {
    size_t ignored = 0;
    is_new(open, ignored);
    for (; row != kNone; row = next_row(output.text(), end)) {
      ++rows;
      if (is_new(row, end)) {
        output.put(',');
        end = RowReader(output, row).write();
      }
    }
    output.put('+');
  }
  if (output.scan().rows == 0) output.scan().rows = rows;
  return end;
}

}  // namespace pgsieve::lexical
