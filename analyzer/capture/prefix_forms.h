// The forms that the fields of a filled-in log_line_prefix have: what tells a host, a type of backend or a
// key from a name. Lengths are counted from the start of the text; 0: it does not start with such a thing.
// Internal to the reading of prefixes.
#pragma once

#include <string_view>

namespace pgsieve::internal {

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
inline bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}
inline bool is_delimiter(char c) {
  return std::string_view(" \t,;|[](){}<>").find(c) != std::string_view::npos;
}
inline bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

template <typename Predicate>
size_t span_of(std::string_view text, Predicate accept) {
  size_t length = 0;
  while (length < text.size() && accept(text[length])) ++length;
  return length;
}

// The escape that people give a key ("db" of "db=shop"): "%d"; "" where they do not.
std::string_view escape_of_key(std::string_view key);

// Of a backend type (%b, GetBackendTypeDesc in src/backend/utils/init/miscinit.c).
size_t backend_type_length(std::string_view text);

// Of what a session is doing (%i): a command's tag ("SELECT", "CREATE TABLE") or "idle in transaction".
size_t command_tag_length(std::string_view text);

// Of a query id (%Q): a number of 64 bits with a sign, so long that it is no pid and no line number.
size_t query_id_length(std::string_view text);

// "127.0.0.1(5432)", "127.0.0.1", "::1(5432)".
size_t host_length(std::string_view text);

// Where an application's name ends at the latest, as nothing of a name's form follows: an address, a session
// id, a time, a virtual transaction. "from" before an address is the prefix's own word.
size_t name_limit(std::string_view text);

// Where a name ends at the latest, as a number behind a blank follows that may be a process id.
size_t number_after_name(std::string_view text);

}  // namespace pgsieve::internal
