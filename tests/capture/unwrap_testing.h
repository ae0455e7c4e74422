// What the tests of unwrapping share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/capture/unwrap.h"

namespace pgsieve {

struct Unwrapped {
  std::string text;
  UnwrapReport report;
};

// Unwraps a text that arrives in portions of so many bytes.
Unwrapped undo(const std::string& text, size_t portion = 100'000, const IngestOptions& options = {});

// Expects the same however the text is cut, and nothing damaged.
void expect_unwrapped(const std::string& wrapped, const std::string& plain, const std::string& wrappers);

std::string json_string(std::string_view text);
std::vector<std::string> lines_of(const std::string& text);

// Four lines of a server's log: two entries, of two lines each.
extern const std::string kLog;
// The same as Docker's json-file driver writes it; longer lines in pieces.
std::string docker(const std::string& log, size_t piece = 16384);

}  // namespace pgsieve
