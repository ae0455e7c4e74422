// The level words of server messages ("LOG", "ERROR", "DETAIL", …), in English and in the server's own
// translations.
#pragma once

#include <cstddef>
#include <string_view>

#include "analyzer/capture/log_entry.h"

namespace pgsieve {

struct SeverityMatch {
  Severity severity = Severity::kUnknown;
  size_t length = 0;       // of the word, its colon and the blanks after it; 0: no level word there
  bool localized = false;  // not an English word
};

// Reads "WORD:" followed by a blank or the end, at the start of text. Blanks before the colon are accepted
// (French).
SeverityMatch read_severity(std::string_view text);

// The level a csvlog or jsonlog field names (no colon). kUnknown: not a level word.
Severity severity_from_word(std::string_view word, bool& localized);

// DETAIL, HINT, … : entries that belong to the one before.
inline bool is_secondary(Severity severity) {
  return severity >= Severity::kDetail;
}

}  // namespace pgsieve
