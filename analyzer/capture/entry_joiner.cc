#include "analyzer/capture/entry_joiner.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "analyzer/base/time.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

constexpr size_t kFullPart =
    897;  // a part this long may have been cut without a blank: 900 less a cut character

struct Mark {
  uint64_t number = 0, part = 0;
  size_t length = 0;  // "[n-m] " or "[n] "; 0: no mark
};

Mark read_mark(std::string_view text) {
  Mark mark;
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

// "#011" back to a tab, and every other control character a daemon wrote as '#' and three octal digits.
std::string unescape_octal(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto octal = [&](size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '7'; };
    if (text[i] == '#' && octal(i + 1) && octal(i + 2) && octal(i + 3)) {
      const int code = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
      if (code > 0 && (code < 32 || code == 127)) {
        plain += static_cast<char>(code);
        i += 3;
        continue;
      }
    }
    plain += text[i];
  }
  return plain;
}

// Drops a time and a "[pid]" that repeat what every line gets anyway; where they differ from the record's,
// the server's own are the better (under systemd, the record's pid is the postmaster's).
std::string_view without_head(std::string_view text, std::string& time, std::string& pid) {
  const ParsedTime inner = parse_time(text);
  if (inner.length > 0) {
    time = text.substr(0, inner.length);
    text.remove_prefix(inner.length);
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  const size_t close = std::min(text.find(']'), text.size());
  const std::string_view digits = text.substr(0, close);
  const bool bracketed = close < text.size() && close > 1 && digits.starts_with('[') &&
                         digits.find_first_not_of("0123456789", 1) == std::string_view::npos;
  if (bracketed && (inner.length > 0 || digits.substr(1) == pid)) {
    pid = digits.substr(1);
    text.remove_prefix(close + 1);
    if (text.starts_with(':')) text.remove_prefix(1);
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  return text;
}

}  // namespace

std::string EntryJoiner::prefix_for(std::string_view server_prefix) {
  for (const std::string_view own : {"%m", "%t", "%n"}) {
    if (server_prefix.starts_with(own)) server_prefix.remove_prefix(2);
  }
  while (server_prefix.starts_with(' ')) server_prefix.remove_prefix(1);
  if (server_prefix.starts_with("[%p]")) server_prefix.remove_prefix(4);
  if (server_prefix.starts_with(':')) server_prefix.remove_prefix(1);
  while (server_prefix.starts_with(' ')) server_prefix.remove_prefix(1);
  return "%m [%p] " + std::string(server_prefix);
}

void EntryJoiner::start(std::string_view time, std::string_view pid, std::string_view text, uint64_t number) {
  Entry entry;
  entry.time = time;
  entry.pid = pid;
  entry.number = number;
  entry.last_part = text.size();
  entry.born = records_;
  entry.head = text.substr(0, find_level(text).at);
  std::string inner_pid = entry.pid;
  text = without_head(text, entry.time, inner_pid);
  entry.lines = entry.time + " [" + inner_pid + "] ";
  const size_t before = entry.lines.size();
  for (const char c : text) {  // log_min_messages aside, an unsplit message may hold its newlines
    entry.lines += c;
    if (c == '\n') entry.lines += '\t';
  }
  bytes_ += entry.lines.size() - before;
  if (const auto old = open_.find(entry.pid); old != open_.end()) {
    if (old->second >= first_) entries_[old->second - first_].complete = true;
    old->second = first_ + entries_.size();
  } else {
    open_.emplace(entry.pid, first_ + entries_.size());
  }
  entries_.push_back(std::move(entry));
}

void EntryJoiner::append(Entry& entry, std::string_view text, Joint joint) {
  if (joint != Joint::kNone) entry.lines += '\n';
  if (joint == Joint::kEntry) {
    std::string time = entry.time, pid = entry.pid;
    text = without_head(text, time, pid);
    entry.lines += time + " [" + pid + "] ";
  } else if (joint == Joint::kLine && !text.starts_with('\t')) {
    entry.lines += '\t';
  }
  entry.lines += text;
  bytes_ += text.size();
}

bool EntryJoiner::add(std::string_view time, std::string_view pid, std::string_view text, std::string& out) {
  ++records_;
  const Mark mark = read_mark(text);
  text.remove_prefix(mark.length);
  const size_t part_bytes = text.size();
  std::string unescaped;
  if (text.starts_with('\t')) raw_tabs_ = true;
  if (!raw_tabs_ && text.find('#') != std::string_view::npos) {
    unescaped = unescape_octal(text);
    text = unescaped;
  }
  const auto known = open_.find(std::string(pid));
  Entry* entry = nullptr;
  if (known != open_.end() && known->second >= first_) entry = &entries_[known->second - first_];
  const LevelWord level = find_level(text);
  const bool primary = level.length > 0 && !level.secondary && !text.starts_with('\t');
  const bool starts =
      mark.length > 0 ? mark.part <= 1 || entry == nullptr || entry->number != mark.number : primary;
  if (starts) {
    if (mark.length == 0 && level.length == 0) return false;
    start(time, pid, text, mark.number);
  } else if (entry == nullptr) {
    return false;
  } else {
    const bool secondary = level.secondary && same_prefix(entry->head, text.substr(0, level.at));
    const bool cut = entry->last_part >= kFullPart ||
                     (text.starts_with(' ') && (mark.length > 0 || entry->last_part > 400));
    append(*entry, text,
           text.starts_with('\t') ? Joint::kLine
           : secondary            ? Joint::kEntry
           : cut                  ? Joint::kNone
                                  : Joint::kLine);
    entry->last_part = part_bytes;
  }
  flush(out, false);
  return true;
}

void EntryJoiner::flush(std::string& out, bool all) {
  while (!entries_.empty()) {
    Entry& front = entries_.front();
    if (!all && !front.complete && records_ - front.born < kMaxAge && bytes_ < kMaxOpenBytes) return;
    out += front.lines;
    out += '\n';
    bytes_ -= std::min(bytes_, front.lines.size());
    const auto open = open_.find(front.pid);
    if (open != open_.end() && open->second == first_) open_.erase(open);
    entries_.pop_front();
    ++first_;
  }
}

void EntryJoiner::finish(std::string& out) {
  flush(out, true);
}

}  // namespace pgsieve
