// The prefix compiler, matcher and guesser: the first line of the input is a prefix, the rest are log lines.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "analyzer/capture/detect.h"
#include "analyzer/capture/prefix.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pgsieve;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return 0;
  std::vector<std::string_view> lines;
  for (size_t at = end + 1; at < text.size() && lines.size() < 50;) {
    const size_t next = std::min(text.find('\n', at), text.size());
    if (next > at && text[at] != '\t') lines.push_back(text.substr(at, next - at));
    at = next + 1;
  }
  const Result<PrefixMatcher> matcher = PrefixMatcher::compile(text.substr(0, end));
  TimeMemo memo;
  PrefixMemo repeating;
  for (const std::string_view line : lines) {
    if (!matcher) break;
    LogEntry entry, repeated;
    const size_t length = matcher->match(line, entry, memo);
    if (length > line.size() || matcher->match(line, repeated, repeating) != length) std::abort();
    if (length > 0 &&
        (repeated.time != entry.time || repeated.pid != entry.pid || repeated.user != entry.user ||
         repeated.database != entry.database || repeated.application != entry.application ||
         repeated.host != entry.host || repeated.severity != entry.severity))
      std::abort();
  }
  for (const std::string& guess : guess_prefixes(lines, 3)) {
    if (!PrefixMatcher::compile(guess)) std::abort();
  }
  return 0;
}
