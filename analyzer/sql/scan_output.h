// ScanOutput: the key text under construction and the slots found on the way. Internal to the room.
//
// What stands for what in the key text (everything else stands for itself, letters outside double quotes
// folded):
//   0     a number, but 0x0 for one in a spelling only newer grammars read (0x1F, 1_000)
//   ''    a string; its prefix letter stays: e'', u&''
//   $     a parameter; $$ a '$' that means nothing
//   (0+)  a constant list of two or more numbers; (''+) strings, ($+) parameters, (?+) placeholders, (0$+)
//   mixed;
//         (-0::int+): of elements with that common shape
//   +     after a VALUES list's distinct rows: there were more rows
// Numbers, strings and parameters differ in the key because the grammar tells them apart: -1 is a constant,
// -$1 an operator's call; date '…' is a constant and date $1 an error.
#pragma once

#include <cstring>
#include <string_view>

#include "analyzer/sql/scan.h"
#include "analyzer/sql/scan_lexer.h"

namespace pgsieve::lexical {

class ScanOutput {
 public:
  // `begin` must have room for twice the text and 64 bytes: nothing grows, and lists and rows are tried out
  // past the end.
  ScanOutput(std::string_view text, StatementScan& scan, char* begin)
      : text_(text), scan_(scan), begin_(begin), end_(begin) {}

  std::string_view text() const { return text_; }
  std::string_view source(size_t begin, size_t end) const { return text_.substr(begin, end - begin); }
  std::string_view written() const { return {begin_, static_cast<size_t>(end_ - begin_)}; }
  StatementScan& scan() { return scan_; }

  char* end() const { return end_; }
  void advance(size_t size) { end_ += size; }
  void truncate(char* end) { end_ = end; }
  bool empty() const { return end_ == begin_; }
  char last() const { return end_ == begin_ ? ' ' : end_[-1]; }
  char last_visible() const;

  void put(char c) { *end_++ = c; }
  void put(std::string_view bytes) {
    std::memcpy(end_, bytes.data(), bytes.size());
    end_ += bytes.size();
  }
  void put_folded(std::string_view bytes) {
    for (const char c : bytes) *end_++ = fold(c);
  }
  // White space of any length, or a comment.
  void put_blank() {
    if (last() != ' ' && !empty()) put(' ');
  }
  // Whether the last visible thing written is this unquoted word.
  bool ends_with_word(std::string_view word) const;

  // From here to `until` literals stay in the key as they are.
  void keep_literals(size_t until) { keep_until_ = until; }
  bool keeps_literals(size_t position) const { return position < keep_until_; }

  // A literal or parameter: its mark (or itself, when kept) and its slot.
  void number(size_t begin, size_t end);
  void string(const Token& token);
  // The same for a string whose prefix has been written already; `written_from` is where its unwritten part
  // starts.
  void string(const Token& token, size_t written_from);
  void parameter(size_t begin, size_t end);
  // A '?': a placeholder where an operand must come, else an operator's character.
  void question(size_t position);
  bool is_placeholder(size_t position) const;
  uint16_t next_placeholder() {
    return static_cast<uint16_t>(placeholders_ < 65535 ? ++placeholders_ : 65535);
  }

  // How a number is written to the key, without a slot.
  void put_number(size_t begin, size_t end);
  // Whether the string token after what has been written belongs to UESCAPE, where it decides over the string
  // before it.
  bool after_uescape() const { return last_visible() == 'e' && ends_with_word("uescape"); }

  void add_slot(Slot::Kind kind, std::string_view value, size_t offset, uint16_t parameter = 0);

 private:
  std::string_view text_;
  StatementScan& scan_;
  char* begin_;
  char* end_;
  size_t keep_until_ = 0;
  uint32_t placeholders_ = 0;
};

// At the '(' after IN: a list of two or more constants or parameters, or elements of one shape made of them
// (casts, rows). On success writes the list's mark and its slot and returns the position after ')'. npos: not
// such a list, nothing written.
size_t read_constant_list(ScanOutput& output, size_t open);

// At the '(' after VALUES: writes the rows and returns the position after the last one. A row that repeats an
// earlier one up to constants (and NULL and booleans, which libpg_query holds to be constants) is only
// counted.
size_t read_rows(ScanOutput& output, size_t open);

}  // namespace pgsieve::lexical
