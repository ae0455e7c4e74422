#include "analyzer/capture/syslog_tail.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/capture/syslog_header.h"
#include "analyzer/capture/syslog_parts.h"

namespace pgsieve {
namespace {

constexpr uint64_t kAround = uint64_t{256} * 1024;  // looked at on either side of the end

struct Part {
  uint64_t offset = 0;
  std::string message;  // host, process and number
  bool first = false;
};

std::vector<Part> parts_of(std::string_view text, uint64_t offset) {
  std::vector<Part> parts;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    SyslogHeader header;
    if (read_syslog_header(line, header)) {
      const SyslogMark mark = read_syslog_mark(header.message);
      if (mark.length > 0) {
        std::string message(header.host);
        message.append(" ").append(header.pid).append(" ").append(std::to_string(mark.number));
        parts.push_back({offset, std::move(message), mark.part == 1});
      }
    }
    const size_t length = std::min(line.size() + 1, text.size());
    text.remove_prefix(length);
    offset += length;
  }
  return parts;
}

// Where the first of the messages begins that have parts before the cut and behind it; `cut`: none has.
uint64_t earliest_spanning(const std::vector<Part>& parts, uint64_t cut) {
  std::unordered_map<std::string_view, uint64_t> begun;
  uint64_t earliest = cut;
  for (const Part& part : parts) {
    const auto known = begun.find(part.message);
    if (part.first || known == begun.end()) {
      begun.insert_or_assign(part.message, part.offset);
    } else if (part.offset >= cut) {
      earliest = std::min(earliest, known->second);
    }
  }
  return earliest;
}

}  // namespace

uint64_t end_of_whole_messages(const PlainFile& file, uint64_t end) {
  uint64_t from = end - std::min(end, kAround);
  std::string text;
  if (!file.read(from, static_cast<size_t>(end - from + kAround), text) || text.size() <= end - from)
    return end;
  if (from > 0) {
    const size_t line = text.find('\n') + 1;
    from += line;
    text.erase(0, line);
  }
  const std::vector<Part> parts = parts_of(text, from);
  if (parts.empty()) return end;
  // Before the first part of one message another may go on.
  uint64_t cut = end;
  for (uint64_t next = earliest_spanning(parts, cut); next != cut; next = earliest_spanning(parts, cut))
    cut = next;
  return cut == parts.front().offset && from > 0 ? end : cut;
}

}  // namespace pgsieve
