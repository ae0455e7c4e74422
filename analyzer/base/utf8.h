// UTF-8: finding where text stops being valid, and repairing or escaping it for a target that insists on
// validity.
//
// Logs carry whatever bytes the clients sent. Every report format goes through here before it prints any of
// them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pgsieve {

// Length in bytes (1..4) of the well-formed UTF-8 sequence at the start of text (Unicode 15, table 3-7: no
// overlong forms, no surrogates, nothing above U+10FFFF); 0 when there is none or text is empty.
size_t utf8_sequence_length(std::string_view text);

bool is_valid_utf8(std::string_view text);

// Every maximal run that can't be a character becomes one U+FFFD, as the Unicode standard recommends
// (section 3.9).
std::string repair_utf8(std::string_view text);

// The longest prefix of at most max_bytes that does not cut a character in two.
std::string_view utf8_prefix(std::string_view text, size_t max_bytes);

// Columns the text takes on a terminal: one per code point (wide characters are not looked up).
size_t utf8_columns(std::string_view text);

}  // namespace pgsieve
