// Fingerprint: libpg_query's identity of a statement, comparable with pganalyze and the whole pg_query family, and our arity
// class beside it, because libpg_query gives `user_id = $1`, `user_id IN ($1)` and `user_id IN ($1, $2, $3)` one fingerprint.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "analyzer/base/error.h"

namespace pgsieve {

// How many values one execution asks for or writes.
enum class Arity : uint8_t {
  kScalar,  // no list: `= $1`, or no condition at all
  kOne,     // the longest list has one element: IN ($1), = ANY('{1}')
  kMany,    // a list with several elements: IN ($1, $2), = ANY($1) whose value is not known to hold one element
  kRow,     // INSERT … VALUES of one row
  kRows,    // INSERT … VALUES of several rows, or INSERT … SELECT FROM unnest(…)
};
std::string_view arity_name(Arity arity);                 // "scalar", "one", "many", "row", "rows"
bool arity_from_name(std::string_view name, Arity& out);  // false: unknown name

struct Fingerprint {
  uint64_t hash = 0;         // libpg_query's 64-bit fingerprint; for an approximate one, our hash of the token stream
  bool approximate = false;  // the grammar could not parse the statement
  std::string parse_error;   // when approximate: libpg_query's message
};

// Never fails: a text the grammar rejects gets an approximate fingerprint from its scan key. Thread-safe. Text longer than
// kMaxParsedBytes, and text after a NUL, is not given to libpg_query (approximate, parse_error says why).
Fingerprint fingerprint_statement(std::string_view text);
// What it gives a text that the grammar rejects: the scan key's own hash.
Fingerprint approximate_fingerprint(std::string_view text, std::string parse_error);
inline constexpr size_t kMaxParsedBytes = 4 * 1024 * 1024;

// 16 lower-case hex digits, as libpg_query prints it.
std::string fingerprint_hex(uint64_t hash);

}  // namespace pgsieve
