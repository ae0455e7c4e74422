// Constant lists of IN (…). Here and in VALUES (scan_rows.cc) libpg_query ignores how long a list is: its
// fingerprint sorts the hashes of the elements and drops duplicates, and constants hash alike; so dropping
// elements that repeat an earlier one token by token, up to constants, never changes it. Elsewhere (ARRAY[…],
// UNION) length counts and nothing is dropped.
#include <algorithm>

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
    size_t end = read_plain_list();
    if (end == kNone) {
      restart();
      end = read_elements();
    }
    if (end == kNone || elements_ < 2) {
      output_.truncate(start_);
      return kNone;
    }
    finish();
    return end;
  }

 private:
  enum KindBit : uint8_t { kNumberBit = 1, kStringBit = 2, kParameterBit = 4, kPlaceholderBit = 8 };

  // The lists most traffic has, read without the lexer: parameters, whole numbers and plain strings, blanks
  // between them. Anything else is left to read_elements().
  size_t read_plain_list() {
    const std::string_view text = output_.text();
    size_t at = lexer_.position();
    const auto skip_blanks = [&] {
      while (at < text.size() && text[at] == ' ') ++at;
    };
    for (;; ++at) {
      skip_blanks();
      const size_t begin = at;
      if (elements_ == 0) first_begin_ = begin;
      if (at + 1 >= text.size()) return kNone;
      uint64_t value = 0;
      if (text[at] == '\'') {
        const Span span = skip_string(text, at, false);
        if (!span.complete) return kNone;
        kinds_ |= kStringBit;
        value = slot_value_hash(text.substr(begin + 1, span.inner_end - begin - 1));
        at = span.end;
      } else {
        const bool parameter = text[at] == '$';
        if (parameter || text[at] == '-') ++at;
        const size_t digits = at;
        while (at < text.size() && is(text[at], kDigit)) ++at;
        if (at == digits) return kNone;
        kinds_ |= parameter ? kParameterBit : kNumberBit;
        value = parameter ? parameter_number(text.substr(digits, at - digits))
                          : slot_value_hash(text.substr(begin, at - begin));
      }
      last_end_ = at;
      skip_blanks();
      if (at >= text.size() || (text[at] != ',' && text[at] != ')')) return kNone;
      ++elements_;
      value_hash_ = hash_combine(value_hash_, value);
      if (text[at] == ')') break;
    }
    output_.put('(');
    put_kinds();
    return at + 1;
  }

  void restart() {
    elements_ = 0;
    kinds_ = 0;
    value_hash_ = 0;
  }

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
        output_.put_number(token_.begin, token_.end);
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

}  // namespace

size_t read_constant_list(ScanOutput& output, size_t open) {
  return ListReader(output, open).read();
}

}  // namespace pgsieve::lexical
