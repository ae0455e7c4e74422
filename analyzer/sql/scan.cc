#include "analyzer/sql/scan.h"

#include <algorithm>

#include "analyzer/sql/scan_output.h"
#include "analyzer/sql/scan_simd.h"

namespace pgsieve {
namespace {

using namespace lexical;

// One pass over the text: the vector loop copies everything that stays, and returns here at each place where
// something must be decided. Tokens the output keeps are separated exactly as in the source, white space runs
// and comments made one blank.
class Scanner {
 public:
  Scanner(std::string_view text, StatementScan& scan, char* scratch)
      : text_(text), scan_(scan), output_(text, scan, scratch), copy_run_(best_copy_run()) {}

  void run() {
    begin_statement();
    RunState state;
    while (position_ < text_.size()) {
      const size_t copied =
          copy_run_(text_.data() + position_, text_.size() - position_, output_.end(), state);
      position_ += copied;
      output_.advance(copied);
      if (position_ >= text_.size()) break;
      stop();
      token_floor_ = position_;
      state = RunState{};
      state.after_blank = output_.last() == ' ';
    }
    if (state.in_quotes) scan_.incomplete = true;
    finish();
  }

 private:
  void stop() {
    const char c = text_[position_];
    switch (c) {
      case '\'':
        string();
        break;
      case '$':
        dollar();
        break;
      case '(':
        open_parenthesis();
        break;
      case ';':
        position_ = position_ + 1;
        end_statement();
        break;
      case '?':
        output_.question(position_++);
        break;
      case '-':
      case '*':
        // The comment's first character has been copied already.
        output_.truncate(output_.end() - 1);
        --position_;
        blank();
        break;
      default:
        if (is(c, kDigit)) {
          number();
        } else if (is(c, kSpace)) {
          blank();
        } else {
          output_.put(c);  // a control character: no statement, but a key nevertheless
          ++position_;
        }
    }
  }

  // White space and comments, as many as follow each other.
  void blank() {
    output_.put_blank();
    while (position_ < text_.size()) {
      const char c = text_[position_];
      const char after = position_ + 1 < text_.size() ? text_[position_ + 1] : '\0';
      if (is(c, kSpace)) {
        ++position_;
      } else if (c == '-' && after == '-') {
        comment(skip_line_comment(text_, position_));
      } else if (c == '/' && after == '*') {
        comment(skip_block_comment(text_, position_));
      } else {
        break;
      }
    }
  }

  void comment(const Span& span) {
    const size_t begin = std::min(position_ + 2, span.inner_end);
    const std::string_view inner = text_.substr(begin, span.inner_end - begin);
    if (scan_.comment_first.data() == nullptr) scan_.comment_first = inner;
    scan_.comment_last = inner;
    if (!span.complete) scan_.incomplete = true;
    position_ = span.end;
  }

  // Whether the byte `back` places before here starts a string prefix: it is `letter`, and no identifier goes
  // on with it.
  bool prefix_at(size_t back, char letter) const {
    if (position_ < token_floor_ + back || fold(text_[position_ - back]) != letter) return false;
    return position_ == token_floor_ + back || !is(text_[position_ - back - 1], kIdent);
  }

  void string() {
    Token token;
    token.kind = Token::Kind::kString;
    token.begin = token.quote = position_;
    const bool escapes = prefix_at(1, 'e');
    if (escapes || prefix_at(1, 'b') || prefix_at(1, 'x')) token.begin = position_ - 1;
    if (position_ > token_floor_ && text_[position_ - 1] == '&' && prefix_at(2, 'u'))
      token.begin = position_ - 2;
    const Span span = skip_string(text_, position_, escapes);
    token.inner_begin = position_ + 1;
    token.inner_end = span.inner_end;
    token.end = span.end;
    token.complete = span.complete;
    output_.string(token, token.quote);
    position_ = span.end;
  }

  void dollar() {
    size_t end = position_ + 1;
    while (end < text_.size() && is(text_[end], kDigit)) ++end;
    if (end > position_ + 1) {
      output_.parameter(position_, end);
      position_ = end;
      return;
    }
    Token token;
    const Span span = skip_dollar_string(text_, position_, token.inner_begin);
    if (span.end == position_) {
      output_.put("$$");
      ++position_;
      return;
    }
    token.begin = token.quote = position_;
    token.inner_end = span.inner_end;
    token.end = span.end;
    token.complete = span.complete;
    output_.string(token, position_);
    position_ = span.end;
  }

  void number() {
    size_t begin = position_;
    // ".5" is a number, unless an identifier or a further dot comes before: then the grammar has no use for
    // it anyway.
    if (begin > token_floor_ && text_[begin - 1] == '.' &&
        (begin == token_floor_ + 1 ||
         (!is(text_[begin - 2], kIdent) && text_[begin - 2] != '"' && text_[begin - 2] != '.'))) {
      --begin;
      output_.truncate(output_.end() - 1);
    }
    const size_t end = skip_number(text_, begin);
    output_.number(begin, end);
    position_ = end;
  }

  void open_parenthesis() {
    const char before = output_.last_visible();
    size_t end = std::string_view::npos;
    if (before == 'n' && output_.ends_with_word("in")) {
      end = read_constant_list(output_, position_);
    } else if (before == 's' && !output_.keeps_literals(position_) && output_.ends_with_word("values")) {
      end = read_rows(output_, position_);
    }
    if (end != std::string_view::npos) {
      position_ = end;
    } else {
      output_.put('(');
      ++position_;
    }
  }

  // Called before the first statement and after each ';'.
  void begin_statement() {
    for (;;) {
      blank();
      if (output_.last() == ' ' && !output_.empty()) output_.truncate(output_.end() - 1);
      if (position_ >= text_.size() || text_[position_] != ';') break;
      ++position_;
    }
    output_.keep_literals(keep_literals_until(text_, position_));
    token_floor_ = position_;
  }

  void end_statement() {
    drop_blank();
    begin_statement();
    if (position_ >= text_.size()) return;
    if (!output_.empty()) {
      output_.put(';');
      several_ = true;
    }
  }

  void drop_blank() {
    if (!output_.empty() && output_.last() == ' ') output_.truncate(output_.end() - 1);
  }

  void finish() {
    drop_blank();
    scan_.key = hash128(output_.written());
    scan_.key_bytes = output_.written().size();
    scan_.statements = output_.empty() ? 0 : 1;
    if (several_) scan_.statements = static_cast<uint32_t>(split_statements(text_).size());
  }

  std::string_view text_;
  StatementScan& scan_;
  ScanOutput output_;
  CopyRun copy_run_;
  size_t position_ = 0;
  size_t token_floor_ = 0;  // what stands before this has been dealt with; no token reaches back over it
  bool several_ = false;
};

}  // namespace

void scan_statement(std::string_view text, StatementScan& scan, std::string& scratch) {
  scan.key = {};
  scan.key_bytes = 0;
  scan.slots.clear();
  scan.rows = 0;
  scan.statements = 0;
  scan.comment_first = scan.comment_last = {};
  scan.incomplete = false;
  const size_t needed = 2 * text.size() + 64;
  if (scratch.size() < needed) scratch.resize(needed);
  Scanner(text, scan, scratch.data()).run();
}

}  // namespace pgsieve
