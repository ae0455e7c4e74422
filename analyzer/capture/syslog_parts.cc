#include "analyzer/capture/syslog_parts.h"

#include <algorithm>
#include <charconv>

#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

constexpr size_t kFullPart =
    897;  // a part this long may have been cut without a blank: 900 less a cut character

// "#011" back to a tab, and every other control character a daemon wrote as '#' and three octal digits.
// `cut_at_newlines`: the record has no newline, so "#012" is the statement's own.
std::string unescape_octal(std::string_view text, bool cut_at_newlines) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto octal = [&](size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '7'; };
    if (text[i] == '#' && octal(i + 1) && octal(i + 2) && octal(i + 3)) {
      const int code = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
      if (code > 0 && (code < 32 || code == 127) && (code != '\n' || !cut_at_newlines)) {
        plain += static_cast<char>(code);
        i += 3;
        continue;
      }
    }
    plain += text[i];
  }
  return plain;
}

}  // namespace

SyslogMark read_syslog_mark(std::string_view text) {
  SyslogMark mark;
  if (!text.starts_with('[')) return mark;
  const char* end = text.data() + text.size();
  auto number = std::from_chars(text.data() + 1, end, mark.number);
  if (number.ec != std::errc() || number.ptr == end) return mark;
  if (*number.ptr == '-') {
    number = std::from_chars(number.ptr + 1, end, mark.part);
    if (number.ec != std::errc() || number.ptr == end) return mark;
  } else {
    return mark;
  }
  if (*number.ptr != ']') return mark;
  mark.length = static_cast<size_t>(number.ptr + 1 - text.data());
  if (mark.length < text.size() && text[mark.length] == ' ') ++mark.length;
  return mark;
}

std::string_view SyslogEscapes::undone(std::string_view text, bool marked, std::string& buffer) {
  // journalctl prints a tab as eight blanks.
  constexpr std::string_view kPrintedTab = "        ";
  buffer.clear();
  if (!raw_tabs_ && text.starts_with(kPrintedTab)) {
    buffer.append("\t").append(text.substr(kPrintedTab.size()));
    return buffer;
  }
  if (text.starts_with('\t')) raw_tabs_ = true;
  if (raw_tabs_ || text.find('#') == std::string_view::npos) return text;
  buffer = unescape_octal(text, marked);
  return buffer;
}

void SyslogNumbers::saw(const std::string& process, uint64_t number) {
  const auto found = processes_.find(process);
  if (found == processes_.end()) {
    if (processes_.size() >= kMostProcesses) processes_.clear();
    processes_.emplace(process, Process{number});
    return;
  }
  Process& known = found->second;
  if (number >= known.gap_first && number <= known.gap_last) {
    missing_ -= std::min<uint64_t>(missing_, 1);
  } else if (number > known.latest + 1) {
    known.gap_first = known.latest + 1;
    known.gap_last = number - 1;
    missing_ += known.gap_last - known.latest;
    known.latest = number;
  } else {
    known.latest = number;  // a smaller one: another process with the id
  }
}

SyslogJoint syslog_joint(std::string_view text, bool marked, size_t last_part, std::string_view head) {
  if (text.starts_with('\t')) return SyslogJoint::kLine;
  const LevelWord level = find_level(text);
  if (level.secondary && same_prefix(head, text.substr(0, level.at))) return SyslogJoint::kEntry;
  const bool cut = last_part >= kFullPart || (text.starts_with(' ') && (marked || last_part > 400));
  return cut ? SyslogJoint::kNone : SyslogJoint::kLine;
}

}  // namespace pgsieve
