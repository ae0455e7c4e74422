// Fuzzes the joining of syslog parts: lines in, whatever they say, and every record is either taken or
// refused; lines of one process come out in their order.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "analyzer/capture/entry_joiner.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  pgsieve::EntryJoiner joiner;
  std::string out;
  size_t taken = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view pid = line.substr(0, 1);
    if (joiner.add("2026-11-22 00:00:00 UTC", "h", pid.empty() ? "0" : pid, line, out)) ++taken;
  }
  joiner.finish(out);
  if ((taken > 0) == out.empty()) std::abort();
  return 0;
}
