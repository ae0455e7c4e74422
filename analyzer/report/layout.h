// Layout: what the formats for people share: wrapping, numbers with units, colour.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "analyzer/base/time.h"

namespace pgsieve {

std::string human_count(uint64_t count);          // "12,345"
std::string human_bytes(uint64_t bytes);          // "43.2 kB"
std::string human_duration(double milliseconds);  // "0.217 ms", "1.4 s", "3 min 20 s", "5 h 12 min"
std::string counted(uint64_t count, std::string_view noun);  // "1 file", "3 files"; "1 query", "2 queries"

// Breaks text at blanks so that each line has at most `width` columns (a longer word stands alone), and puts
// `indent` before every line but the first. Line feeds in the text are kept.
std::string wrap(std::string_view text, size_t width, std::string_view indent);

// Cut to at most max_bytes between characters, "…" when something was cut.
std::string shorten(std::string_view text, size_t max_bytes);

// A statement for a table of statements: on one line, and a column list of more than max_list bytes after
// SELECT, or before VALUES, cut to its first column: `SELECT "id", … FROM "posts" WHERE …`. Other texts are
// kept.
std::string compact_query(std::string_view query, size_t max_list);

// SGR colour sequences, or nothing when colour is off.
class Paint {
 public:
  explicit Paint(bool on) : on_(on) {}
  std::string bold(std::string_view text) const { return wrap_in("1", text); }
  std::string dim(std::string_view text) const { return wrap_in("2", text); }
  std::string red(std::string_view text) const { return wrap_in("1;31", text); }
  std::string yellow(std::string_view text) const { return wrap_in("1;33", text); }
  std::string cyan(std::string_view text) const { return wrap_in("36", text); }

 private:
  std::string wrap_in(std::string_view code, std::string_view text) const;
  bool on_;
};

}  // namespace pgsieve
