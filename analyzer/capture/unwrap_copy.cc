// A table that holds a csvlog (PostgreSQL's documentation calls it postgres_log), written by `\copy … TO
// 'FILE'` or COPY in its text format: a row a line, columns between tabs, without a header. Becomes the
// csvlog it was made of.
//
// Format: https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2; \N is NULL, and a backslash
// stands before every character that would mean something else.
#include <algorithm>
#include <string>

#include "analyzer/base/time.h"
#include "analyzer/capture/severity.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

constexpr size_t kFewestColumns = 22, kMostColumns = 30;

// The column after the next tab; empty behind the last.
std::string_view take_column(std::string_view& row) {
  const std::string_view column = row.substr(0, row.find('\t'));
  row.remove_prefix(std::min(column.size() + 1, row.size()));
  return column;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// log_time, user_name, database_name, process_id, connection_from, session_id, session_line_num, command_tag,
// session_start_time, virtual_transaction_id, transaction_id, error_severity, sql_state_code, message, …
bool is_log_row(std::string_view row) {
  const auto columns = static_cast<size_t>(std::count(row.begin(), row.end(), '\t')) + 1;
  if (columns < kFewestColumns || columns > kMostColumns) return false;
  std::string_view column[13];
  for (std::string_view& one : column) one = take_column(row);
  bool localized = false;
  return parse_time(column[0]).length > 0 && is_number(column[3]) && is_number(column[6]) &&
         column[12].size() == 5 &&
         (severity_from_word(column[11], localized) != Severity::kUnknown || !column[11].empty());
}

char escaped(char letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    default:
      return letter;
  }
}

void append_quoted(std::string_view column, std::string& out) {
  out += '"';
  for (size_t i = 0; i < column.size(); ++i) {
    char byte = column[i];
    if (byte == '\\' && i + 1 < column.size()) byte = escaped(column[++i]);
    if (byte == '"') out += '"';
    out += byte;
  }
  out += '"';
}

class CopyUnwrapper final : public LineUnwrapper {
 public:
  using LineUnwrapper::LineUnwrapper;

 protected:
  void line(std::string_view text, std::string& out) override {
    if (text.empty() || text == "\\.") return;
    if (!is_log_row(text)) return damaged();
    const size_t columns = static_cast<size_t>(std::count(text.begin(), text.end(), '\t')) + 1;
    for (size_t i = 0; i < columns; ++i) {
      const std::string_view column = take_column(text);
      if (i > 0) out += ',';
      if (column == "\\N") continue;
      // Times, numbers and words go as the server writes them: without quotes.
      const bool bare = i == 0 || i == 3 || (i >= 5 && i <= 6) || (i >= 8 && i <= 12);
      if (bare) {
        out += column;
      } else {
        append_quoted(column, out);
      }
    }
    out += '\n';
  }
};

}  // namespace

bool is_copy_text(std::string_view head) {
  return is_log_row(head.substr(0, head.find('\n')));
}

std::unique_ptr<Unwrapper> make_copy_text(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<CopyUnwrapper>(report);
}

}  // namespace pgsieve
