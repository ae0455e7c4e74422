#include "analyzer/sql/scan_output.h"

#include <algorithm>
#include <limits>

namespace pgsieve::lexical {

char ScanOutput::last_visible() const {
  if (end_ - begin_ >= 2 && end_[-1] == ' ') return end_[-2];
  return last();
}

bool ScanOutput::ends_with_word(std::string_view word) const {
  std::string_view bytes = written();
  if (bytes.ends_with(' ')) bytes.remove_suffix(1);
  if (!bytes.ends_with(word)) return false;
  bytes.remove_suffix(word.size());
  return bytes.empty() || (!is(bytes.back(), kIdent) && bytes.back() != '.');
}

void ScanOutput::add_slot(Slot::Kind kind, std::string_view value, size_t offset, uint16_t parameter) {
  Slot& slot = scan_.slots.emplace_back();
  slot.kind = kind;
  slot.parameter = parameter;
  slot.text = value;
  slot.offset = static_cast<uint32_t>(std::min<size_t>(offset, std::numeric_limits<uint32_t>::max()));
  if (kind != Slot::Kind::kParameter) slot.value_hash = slot_value_hash(value);
}

void ScanOutput::put_number(size_t begin, size_t end) {
  const std::string_view number = source(begin, end);
  const bool junk = end < text_.size() && is(text_[end], kIdentStart);
  // float(n) is float4 or float8, depending on n.
  const bool precision = last_visible() == '(' && [&] {
    ScanOutput before = *this;
    before.truncate(end_ - (last() == ' ' ? 2 : 1));
    return before.ends_with_word("float");
  }();
  if (junk || precision || keeps_literals(begin)) {
    put_folded(number);
  } else if (number.size() > 2 &&
             (is(number[1], kIdentStart) || number.find('_') != std::string_view::npos)) {
    const bool plain = number[0] != '0' && number.find('_') == std::string_view::npos;  // 1e5
    put(plain ? "0" : "0x0");
  } else {
    put('0');
  }
}

void ScanOutput::number(size_t begin, size_t end) {
  put_number(begin, end);
  add_slot(Slot::Kind::kNumber, source(begin, end), begin);
}

void ScanOutput::string(const Token& token) {
  // The prefix first, so that it is written once whatever becomes of the body.
  put_folded(source(token.begin, token.quote));
  string(token, token.quote);
}

void ScanOutput::string(const Token& token, size_t written_from) {
  if (!token.complete) scan_.incomplete = true;
  if (keeps_literals(token.begin) || after_uescape()) {
    put(source(written_from, token.end));
  } else {
    put("''");
  }
  add_slot(Slot::Kind::kString, source(token.inner_begin, token.inner_end), token.begin);
}

void ScanOutput::parameter(size_t begin, size_t end) {
  put('$');
  add_slot(Slot::Kind::kParameter, source(begin, end), begin, parameter_number(source(begin + 1, end)));
}

bool ScanOutput::is_placeholder(size_t position) const {
  const auto is_operator = [&](size_t at) { return at < text_.size() && is(text_[at], kOperator); };
  if (is_operator(position + 1) && text_[position + 1] == '?') return false;
  if (position + 1 < text_.size() && (text_[position + 1] == '|' || text_[position + 1] == '&')) return false;
  const char before = last_visible();
  if (before == '?' || before == '@') return false;
  if (empty() || is(before, kOperator) || std::string_view("(,[{:;").find(before) != std::string_view::npos) {
    return true;
  }
  if (!is(before, kIdent)) return false;
  static constexpr std::string_view kBeforeOperand[] = {
      "limit", "offset", "and",    "or",        "not",  "between", "like",   "ilike", "in",
      "where", "select", "then",   "else",      "when", "case",    "having", "on",    "by",
      "to",    "escape", "values", "returning", "set",  "from",    "for",    "using", "distinct",
      "fetch", "first",  "next",   "is",        "all",  "any"};
  return std::any_of(std::begin(kBeforeOperand), std::end(kBeforeOperand),
                     [&](std::string_view word) { return ends_with_word(word); });
}

void ScanOutput::question(size_t position) {
  if (is_placeholder(position)) {
    add_slot(Slot::Kind::kParameter, source(position, position + 1), position, next_placeholder());
  }
  put('?');
}

}  // namespace pgsieve::lexical
