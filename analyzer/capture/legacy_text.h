// The server's words in a log that is not UTF-8: it writes them in the encoding of the session's database.
#pragma once

#include <cstddef>
#include <string_view>

namespace pgsieve {

// How many bytes at the start of `text` spell `word` (given in UTF-8): in UTF-8, in ISO 8859-1 (and 8859-15,
// Windows-1252: their letters are at the same places) or in Windows-1251; 0: it begins with something else.
size_t spelled_length(std::string_view text, std::string_view word);

}  // namespace pgsieve
