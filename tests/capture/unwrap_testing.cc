#include "tests/capture/unwrap_testing.h"

#include <gtest/gtest.h>

#include <memory>
#include <sstream>

#include "tests/capture/text_source.h"

namespace pgsieve {

Unwrapped undo(const std::string& text, size_t portion, const IngestOptions& options) {
  Unwrapped result;
  const auto source = unwrap(std::make_unique<TextSource>(text, portion), options, result.report);
  while (true) {
    const Result<size_t> got = source->read(result.text, 1000);
    EXPECT_TRUE(got.ok());
    if (!got.ok() || *got == 0) return result;
  }
}

void expect_unwrapped(const std::string& wrapped, const std::string& plain, const std::string& wrappers) {
  for (const size_t portion : {size_t{100'000}, size_t{1}, size_t{7}}) {
    const Unwrapped result = undo(wrapped, portion);
    EXPECT_EQ(result.text, plain) << "in portions of " << portion;
    EXPECT_EQ(result.report.wrappers, wrappers);
    EXPECT_EQ(result.report.damaged_records, 0U);
  }
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

const std::string kLog =
    "2026-11-22 00:53:03.318 UTC [25940] u@d LOG:  duration: 1.5 ms  statement: SELECT 1\n"
    "\tFROM t /* \\ \"x\" */\n"
    "2026-11-22 00:53:04.000 UTC [25941] u@d LOG:  duration: 0.1 ms  execute <unnamed>: SELECT $1\n"
    "2026-11-22 00:53:04.000 UTC [25941] u@d DETAIL:  parameters: $1 = 'it''s'\n";

std::string docker(const std::string& log, size_t piece) {
  std::string out;
  for (const std::string& line : lines_of(log)) {
    const std::string whole = line + "\n";
    for (size_t at = 0; at < whole.size(); at += piece) {
      out += R"({"log":)" + json_string(whole.substr(at, piece)) +
             R"(,"stream":"stderr","time":"2026-11-22T00:53:03.3Z"})" + "\n";
    }
  }
  return out;
}

}  // namespace pgsieve
