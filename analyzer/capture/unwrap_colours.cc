// Logs in colours: the output of a viewer or a container tool, kept with the escape sequences of a terminal
// around times, names or level words ("\x1b[36m2026-11-22 …\x1b[0m"). Those that set colours and styles
// (ECMA-48, Select Graphic Rendition) or clear a line go, wherever they stand.
//
// A statement may hold such a sequence, too: a log is taken as coloured only when most of its lines begin
// with one or have one before their level word.
#include <algorithm>
#include <string>

#include "analyzer/base/time.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

constexpr std::string_view kStart = "\x1b[";

// Length of the sequence at the start of text; 0: none.
size_t sequence_length(std::string_view text) {
  if (!text.starts_with(kStart)) return 0;
  const size_t end = text.find_first_not_of("0123456789;:", kStart.size());
  return end != std::string_view::npos && (text[end] == 'm' || text[end] == 'K') ? end + 1 : 0;
}

void append_plain(std::string_view text, std::string& out) {
  for (size_t at = 0; at < text.size();) {
    const size_t next = std::min(text.find('\x1b', at), text.size());
    out.append(text, at, next - at);
    if (next == text.size()) return;
    const size_t length = sequence_length(text.substr(next));
    if (length == 0) out += '\x1b';
    at = next + std::max<size_t>(length, 1);
  }
}

class ColourUnwrapper final : public LineUnwrapper {
 public:
  using LineUnwrapper::LineUnwrapper;

 protected:
  void line(std::string_view text, std::string& out) override {
    append_plain(text, out);
    out += '\n';
  }
};

}  // namespace

bool is_coloured(std::string_view head) {
  if (head.find(kStart) == std::string_view::npos) return false;
  size_t lines = 0, coloured = 0;
  bool server = false;
  std::string plain;
  for (size_t start = 0; start < head.size() && lines < 200;) {
    const size_t end = std::min(head.find('\n', start), head.size());
    const std::string_view line = head.substr(start, end - start);
    start = end + 1;
    plain.clear();
    append_plain(line, plain);
    const size_t at = plain.find_first_not_of(" \t");
    const LevelWord level = find_level(plain);
    if (at == std::string::npos || (level.length == 0 && !line.starts_with(kStart))) continue;
    ++lines;
    const size_t escape = line.find(kStart);
    const bool before = escape == 0 || (escape != std::string_view::npos && escape <= level.at);
    if (!before || line.size() == plain.size()) continue;
    ++coloured;
    server |= level.length > 0;
  }
  return server && coloured * 2 > lines;
}

std::unique_ptr<Unwrapper> make_coloured(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<ColourUnwrapper>(report);
}

}  // namespace pgsieve
