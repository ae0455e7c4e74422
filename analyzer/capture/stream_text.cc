#include "analyzer/capture/stream_text.h"

#include "analyzer/capture/entry_joiner.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {

namespace {

// Whether a line's head, up to its level word, has a time in it.
bool head_has_time(std::string_view head) {
  for (size_t i = 0; i + 10 < head.size(); ++i) {
    if (head[i] >= '0' && head[i] <= '9' && parse_time(head.substr(i)).length > 0) return true;
    if (head[i] == '.' && i >= 10 &&
        head.substr(i - 10, 10).find_first_not_of("0123456789") == std::string_view::npos)
      return true;
  }
  return false;
}

}  // namespace

void StreamText::append(std::string_view text, Microseconds time, std::string& lines) {
  if (const size_t stamp = parse_time(text).length;
      stamp > 0 && text.substr(stamp).starts_with(',') && text.find(",\"") != std::string_view::npos)
    rows_ = true;
  if (rows_) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    lines.append(text).push_back('\n');
    return;
  }
  if (text.empty()) return;
  std::string unfolded;
  if (EntryJoiner::has_folded_lines(text)) {
    unfolded = EntryJoiner::unfold_lines(text, "\n\t");
    text = unfolded;
  }
  const LevelWord level = find_level(text);
  // Behind a tab a level word is a statement's: the line goes on with an entry.
  const std::string_view head = text.substr(0, level.at);
  const bool stamped = level.length == 0 || time == kUnknownTime ||
                       head.find('\t') != std::string_view::npos || text.starts_with('\t') ||
                       head_has_time(head);
  append_entry(text, stamped ? "" : format_time(time) + " ", lines);
}

}  // namespace pgsieve
