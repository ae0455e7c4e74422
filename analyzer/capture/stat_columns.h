// The columns of a pg_stat_statements export, and its rows as CSV. Internal to the reader of such exports.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgsieve {

inline constexpr size_t kStatHeaderBytes = 8192;  // the names of the columns fit in

enum StatColumn : size_t { kQuery, kCalls, kTotal, kMean, kMin, kMax, kRows, kUser, kDatabase, kColumns };

// The column that a name in any version of the view means; kColumns: none we use.
StatColumn stat_column(std::string name);

// Where the columns stand in the rows of a CSV export.
struct StatLayout {
  char delimiter = ',';
  std::array<size_t, kColumns> at;  // npos: not there
  size_t columns = 0;
  size_t header_bytes = 0;
};

// From the header line; nothing when it names no query and no calls.
std::optional<StatLayout> read_stat_layout(std::string_view head);

// One row off the front of `text` (RFC 4180: fields may be quoted, quotes doubled, line breaks inside
// quotes); the bytes used, 0 when the row goes on beyond the text.
size_t read_stat_row(std::string_view text, char delimiter, bool ended, std::vector<std::string>& fields);

}  // namespace pgsieve
