// The two places where libpg_query ignores how long a list is: IN (…) and VALUES (…), (…). Its fingerprint
// sorts the hashes of the elements and drops duplicates, and constants hash alike; so dropping elements that
// repeat an earlier one token by token, up to constants, never changes it. Elsewhere (ARRAY[…], UNION) length
// counts and nothing is dropped.
#include <algorithm>
#include <array>

#include "analyzer/sql/scan_output.h"

namespace pgsieve::lexical {
namespace {

constexpr size_t kNone = std::string_view::npos;

// Reads one constant list. The shape of the first element is kept in the key text; each further one is
// written behind it, compared, and taken back. Elements that are nothing but a constant or a parameter need
// not be alike.
class ListReader {
 public:
  ListReader(ScanOutput& output, size_t open)
      : output_(output), lexer_(output.text(), open + 1), start_(output.end()) {}

  size_t read() {
    if (output_.keeps_literals(lexer_.position())) return kNone;
    const size_t end = read_elements();
    if (end == kNone || elements_ < 2) {
      output_.truncate(start_);
      return kNone;
    }
    finish();
    return end;
  }

 private:
  enum KindBit : uint8_t { kNumberBit = 1, kStringBit = 2, kParameterBit = 4, kPlaceholderBit = 8 };

  size_t read_elements() {
    output_.put('(');
    char* const shape = output_.end();
    bool plain = true;
    for (token_ = lexer_.next();; token_ = lexer_.next()) {
      char* const element = output_.end();
      const size_t begin = token_.begin;
      simple_ = true;
      if (!read_element()) return kNone;
      if (elements_ == 0) {
        first_begin_ = begin;
        plain = simple_;
        shape_end_ = output_.end();
      } else {
        if (simple_ != plain) return kNone;
        if (!plain && std::string_view(shape, static_cast<size_t>(shape_end_ - shape)) !=
                          std::string_view(element, static_cast<size_t>(output_.end() - element))) {
          return kNone;
        }
        output_.truncate(element);
      }
      ++elements_;
      if (lexer_.is_char(token_, ')')) break;
      if (!lexer_.is_char(token_, ',')) return kNone;
    }
    if (plain) {
      output_.truncate(shape);
      put_kinds();
    }
    return token_.end;
  }

  // One element; leaves token_ behind it.
  bool read_element() {
    if (!lexer_.is_char(token_, '(')) return read_atom();
    simple_ = false;
    output_.put('(');
    do {
      if (output_.last() != '(') output_.put(',');
      token_ = lexer_.next();
      if (!read_atom()) return false;
    } while (lexer_.is_char(token_, ','));
    if (!lexer_.is_char(token_, ')')) return false;
    output_.put(')');
    last_end_ = token_.end;
    token_ = lexer_.next();
    return true;
  }

  // A constant or parameter with its sign and casts.
  bool read_atom() {
    const size_t begin = token_.begin;
    const bool negative = lexer_.is_char(token_, '-');
    if (negative) {
      token_ = lexer_.next();
      if (token_.kind != Token::Kind::kNumber) return false;
      output_.put('-');
    }
    if (!read_constant(begin)) return false;
    last_end_ = token_.end;
    token_ = lexer_.next();
    while (lexer_.is_char(token_, ':')) {
      simple_ = false;
      if (!read_cast()) return false;
    }
    return true;
  }

  bool read_constant(size_t begin) {
    uint64_t value = 0;
    switch (token_.kind) {
      case Token::Kind::kNumber:
        output_.put_number(token_.begin, token_.end);
        if (output_.last() != '0' || output_.end()[-2] == 'x') return false;
        kinds_ |= kNumberBit;
        value = slot_value_hash(output_.source(begin, token_.end));
        break;
      case Token::Kind::kString:
        if (!token_.complete) return false;
        output_.put("''");
        kinds_ |= kStringBit;
        value = slot_value_hash(output_.source(token_.inner_begin, token_.inner_end));
        break;
      case Token::Kind::kParameter:
        output_.put('$');
        kinds_ |= kParameterBit;
        value = parameter_number(output_.source(token_.begin + 1, token_.end));
        break;
      default:
        if (!lexer_.is_char(token_, '?')) return false;
        output_.put('?');
        kinds_ |= kPlaceholderBit;
        ++placeholders_;
        value = placeholders_;
    }
    value_hash_ = hash_combine(value_hash_, value);
    return true;
  }

  // "::" and a type name: words, dots, brackets, a modifier in parentheses.
  bool read_cast() {
    token_ = lexer_.next();
    if (!lexer_.is_char(token_, ':') || token_.blank_before) return false;
    output_.put("::");
    last_end_ = token_.end;
    size_t depth = 0;
    bool after_word = false;
    for (token_ = lexer_.next(); token_.kind != Token::Kind::kEnd; token_ = lexer_.next()) {
      const bool word = token_.kind == Token::Kind::kWord || token_.kind == Token::Kind::kQuotedIdentifier;
      if (word && depth == 0) {
        if (after_word) output_.put(' ');
        if (token_.kind == Token::Kind::kWord) {
          output_.put_folded(lexer_.spelling(token_));
        } else {
          output_.put(lexer_.spelling(token_));
        }
      } else if (token_.kind == Token::Kind::kNumber && depth > 0) {
        output_.put(lexer_.spelling(token_));
      } else if (lexer_.is_char(token_, '(')) {
        ++depth;
        output_.put('(');
      } else if (lexer_.is_char(token_, ')') && depth > 0) {
        --depth;
        output_.put(')');
      } else if (lexer_.is_char(token_, '.') || lexer_.is_char(token_, '[') || lexer_.is_char(token_, ']') ||
                 (lexer_.is_char(token_, ',') && depth > 0)) {
        output_.put(lexer_.spelling(token_));
      } else {
        return depth == 0;
      }
      after_word = word;
      last_end_ = token_.end;
    }
    return false;
  }

  void put_kinds() {
    if ((kinds_ & kNumberBit) != 0) output_.put('0');
    if ((kinds_ & kStringBit) != 0) output_.put("''");
    if ((kinds_ & kParameterBit) != 0) output_.put('$');
    if ((kinds_ & kPlaceholderBit) != 0) output_.put('?');
  }

  void finish() {
    output_.put("+)");
    for (uint32_t i = 0; i < placeholders_; ++i) output_.next_placeholder();
    const size_t last_end = std::max(last_end_, first_begin_);
    output_.add_slot(Slot::Kind::kList, output_.source(first_begin_, last_end), first_begin_);
    output_.scan().slots.back().elements = elements_;
    output_.scan().slots.back().value_hash = value_hash_;
  }

  ScanOutput& output_;
  Lexer lexer_;
  char* start_;
  char* shape_end_ = nullptr;
  Token token_;
  uint32_t elements_ = 0;
  uint32_t placeholders_ = 0;
  uint8_t kinds_ = 0;
  bool simple_ = true;  // the element read last is a constant or parameter and nothing more
  size_t first_begin_ = 0;
  size_t last_end_ = 0;
  uint64_t value_hash_ = 0;
};

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

// Position of the '(' of a further row, or kNone.
size_t next_row(std::string_view text, size_t position) {
  Lexer lexer(text, position);
  if (const Token comma = lexer.next(); !lexer.is_char(comma, ',')) return kNone;
  const Token open = lexer.next();
  return lexer.is_char(open, '(') ? open.begin : kNone;
}

}  // namespace

size_t read_constant_list(ScanOutput& output, size_t open) {
  return ListReader(output, open).read();
}

size_t read_rows(ScanOutput& output, size_t open) {
  // Rows of a bulk insert come in few shapes; more distinct ones than this are simply kept.
  std::array<Hash128, 16> shapes;
  size_t shape_count = 0;
  const auto is_new = [&](size_t row, size_t& end) {
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
