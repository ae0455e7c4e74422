// How the text of a slot (scan.h) is to be read as a value: what it leaves out, or has too much. Pure
// functions, thread-safe; `statement` is the scanned text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "analyzer/sql/scan.h"

namespace pgsieve {

enum class ValueSpelling : uint8_t {
  kExact,
  kNegative,  // its sign stands before it
  kDoubled,   // quotes are doubled
  kUnclear,   // escapes of another kind; NULL
};

// Of a literal: of E'…' with a backslash, U&'…' and X'…' nothing is undone.
ValueSpelling literal_spelling(const Slot& slot, std::string_view statement);

// Where a number's minus sign stands, or the number itself where it has none of its own (a - 5).
size_t sign_of(const Slot& slot, std::string_view statement);

}  // namespace pgsieve
