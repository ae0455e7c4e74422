// Reading a whole small file: schemas and statistics, which people name on the command line.
#pragma once

#include <string>

#include "analyzer/base/error.h"

namespace pgsieve {

inline constexpr size_t kMaxTextFileBytes = size_t{1} << 30U;

// The file's bytes, a UTF-8 byte order mark left out; "-" is standard input. Error: can't be opened or read,
// is a directory, or is larger than kMaxTextFileBytes.
Result<std::string> read_text_file(const std::string& path);

}  // namespace pgsieve
