#include "analyzer/capture/entry_joiner.h"

#include <algorithm>
#include <vector>

#include "analyzer/base/time.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

constexpr std::string_view kFoldedLine = "\\n\t";  // backslash, n, tab

// Daemons that keep the blank behind "postgres[7]:" as the message's first byte (rsyslog in its RFC 5424 and
// JSON templates) do so in every record.
bool has_blank_of_tag(std::string_view text) {
  if (!text.starts_with(' ')) return false;
  text.remove_prefix(1);
  return read_syslog_mark(text).part == 1 || (parse_time(text).length > 0 && find_level(text).length > 0);
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

// Of the "[7] " that the server puts in front of a message that it does not split; 0: there is none.
size_t unsplit_number_length(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789", 1), text.size());
  return text.starts_with('[') && digits > 1 && text.substr(digits).starts_with("] ") ? digits + 2 : 0;
}

// An unsplit message may hold its newlines: further lines start with a tab. Gives the bytes added.
size_t append_lines(std::string_view text, std::string& lines) {
  const size_t before = lines.size();
  for (const char c : text) {
    lines += c;
    if (c == '\n') lines += '\t';
  }
  return lines.size() - before;
}

std::string line_head(std::string_view time, std::string_view host, std::string_view pid) {
  std::string head(time);
  head += ' ';
  if (!host.empty()) head.append(host).append(" ");
  return head.append("[").append(pid).append("] ");
}

std::string process_name(std::string_view host, std::string_view pid) {
  return std::string(host).append(" ").append(pid);
}

}  // namespace

bool EntryJoiner::is_marked(std::string_view text, std::string_view pid) {
  if (text.starts_with(' ')) text.remove_prefix(1);
  const SyslogMark mark = read_syslog_mark(text);
  return mark.length > 0 && mark.part > 0 && std::to_string(mark.number) != pid;
}

bool EntryJoiner::has_folded_lines(std::string_view text) {
  return text.find(kFoldedLine) != std::string_view::npos && text.find('\n') == std::string_view::npos;
}

std::string EntryJoiner::unfold_lines(std::string_view text, std::string_view line_break) {
  std::string lines;
  lines.reserve(text.size());
  for (size_t at = text.find(kFoldedLine); at != std::string_view::npos; at = text.find(kFoldedLine)) {
    lines.append(text.substr(0, at)).append(line_break);
    text.remove_prefix(at + kFoldedLine.size());
  }
  return lines.append(text);
}

std::string EntryJoiner::prefix_for(std::string_view server_prefix, bool host) {
  for (const std::string_view own : {"%m", "%t", "%n"}) {
    if (server_prefix.starts_with(own)) server_prefix.remove_prefix(2);
  }
  const auto skip_blanks = [&server_prefix] {
    while (server_prefix.starts_with(' ')) server_prefix.remove_prefix(1);
  };
  skip_blanks();
  if (server_prefix.starts_with("%L [%p]"))
    server_prefix.remove_prefix(3);  // a pinned prefix_for() comes back
  if (server_prefix.starts_with("[%p]")) server_prefix.remove_prefix(4);
  if (server_prefix.starts_with(':')) server_prefix.remove_prefix(1);
  skip_blanks();
  return std::string(host ? kHostHead : "%m [%p] ").append(server_prefix);
}

void EntryJoiner::start(Entry entry, std::string_view text) {
  const std::string_view first = text.substr(0, text.find('\n'));
  entry.last_part = text.size();
  entry.born = records_;
  entry.head = first.substr(0, find_level(first).at);
  std::string inner_pid = entry.pid;
  const std::string_view line = without_head(first, entry.time, inner_pid);
  entry.lines = line_head(entry.time, entry.host, inner_pid);
  entry.lines += line;
  bytes_ += line.size();
  if (first.size() < text.size()) append_further(entry, text.substr(first.size() + 1));
  open(std::move(entry));
}

// The lines behind the first one of a message that was not split (syslog_split_messages = off). DETAIL and
// its like have the server's prefix again, but not the number of the message in front of it.
void EntryJoiner::append_further(Entry& entry, std::string_view text) {
  const std::string number = entry.head.substr(0, unsplit_number_length(entry.head));
  const std::string head = entry.head;
  for (bool more = true; more;) {
    const std::string_view line = text.substr(0, text.find('\n'));
    more = line.size() < text.size();
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const LevelWord level = find_level(line);
    const std::string_view before = line.substr(0, level.at);
    if (level.secondary && same_prefix(head, before)) {
      append(entry, line, SyslogJoint::kEntry);
    } else if (level.secondary && same_prefix(std::string_view(head).substr(number.size()), before)) {
      append(entry, number + std::string(line), SyslogJoint::kEntry);
    } else {
      append(entry, line, SyslogJoint::kLine);
    }
  }
}

void EntryJoiner::open(Entry entry) {
  const std::string process = process_name(entry.host, entry.pid);
  if (const auto old = open_.find(process); old != open_.end()) {
    if (old->second >= first_) entries_[old->second - first_].complete = true;
    old->second = first_ + entries_.size();
  } else {
    open_.emplace(process, first_ + entries_.size());
  }
  entries_.push_back(std::move(entry));
}

void EntryJoiner::append(Entry& entry, std::string_view text, SyslogJoint joint) {
  if (joint != SyslogJoint::kNone) entry.lines += '\n';
  if (joint == SyslogJoint::kEntry) {
    std::string time = entry.time, pid = entry.pid;
    text = without_head(text, time, pid);
    entry.lines += line_head(time, entry.host, pid);
  } else if (joint == SyslogJoint::kLine && !text.starts_with('\t')) {
    entry.lines += '\t';
  }
  bytes_ += append_lines(text, entry.lines);
}

// A csvlog row's first line or a jsonlog record, as shippers of log files send them; and the further lines of
// a row, up to the one that closes its quotes.
bool EntryJoiner::add_row(std::string_view host, std::string_view pid, std::string_view text) {
  const auto closed = [](std::string_view lines) {
    return std::count(lines.begin(), lines.end(), '"') % 2 == 0;
  };
  const size_t stamp = parse_time(text).length;
  const bool json = text.starts_with("{\"") && text.find("\"error_severity\"") != std::string_view::npos;
  const bool csv =
      stamp > 0 && text.substr(stamp).starts_with(',') && text.find(",\"") != std::string_view::npos;
  const auto known = open_.find(process_name(host, pid));
  Entry* last = known != open_.end() && known->second >= first_ ? &entries_[known->second - first_] : nullptr;
  if (last != nullptr && last->row && !last->complete) {
    last->lines.append("\n").append(text);
    bytes_ += text.size();
    last->complete = closed(last->lines);
    return true;
  }
  if (!json && !csv) return false;
  rows_ = true;
  Entry row;
  row.host = host;
  row.pid = pid;
  row.lines = text;
  row.born = records_;
  row.row = true;
  row.complete = json || closed(text);
  bytes_ += text.size();
  open(std::move(row));
  return true;
}

bool EntryJoiner::add(std::string_view time, std::string_view host, std::string_view pid,
                      std::string_view text, std::string& out) {
  ++records_;
  blank_of_tag_ = blank_of_tag_ || has_blank_of_tag(text);
  if (blank_of_tag_ && text.starts_with(' ')) text.remove_prefix(1);
  const SyslogMark mark = read_syslog_mark(text);
  text.remove_prefix(mark.length);
  const size_t part_bytes = text.size();
  std::string unescaped;
  text = escapes_.undone(text, mark.length > 0, unescaped);
  std::string unfolded;
  if (mark.length == 0 && EntryJoiner::has_folded_lines(text)) {
    unfolded = EntryJoiner::unfold_lines(text, "\n");  // append_lines() sets the tabs
    text = unfolded;
  }
  const bool row = mark.length == 0 && (rows_ || text.starts_with('{') || parse_time(text).length > 0);
  if (row && add_row(host, pid, text)) {
    flush(out, false);
    return true;
  }
  const auto known = open_.find(process_name(host, pid));
  Entry* entry = nullptr;
  if (known != open_.end() && known->second >= first_) entry = &entries_[known->second - first_];
  const LevelWord level = find_level(text);
  const bool primary = level.length > 0 && !level.secondary && !text.starts_with('\t');
  const bool starts =
      mark.length > 0 ? mark.part <= 1 || entry == nullptr || entry->number != mark.number : primary;
  if (starts) {
    if (mark.length == 0 && level.length == 0) return false;
    Entry fresh;
    fresh.time = time;
    fresh.host = host;
    fresh.pid = pid;
    fresh.number = mark.number;
    fresh.part = mark.part;
    if (mark.length > 0) numbers_.saw(process_name(host, pid), mark.number);
    start(std::move(fresh), text);
  } else if (entry == nullptr) {
    return false;
  } else {
    append(*entry, text, syslog_joint(text, mark.length > 0, entry->last_part, entry->head));
    if (mark.length > 0 && mark.part != entry->part + 1) numbers_.missed_part();
    entry->part = mark.part;
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
    const auto open = open_.find(process_name(front.host, front.pid));
    if (open != open_.end() && open->second == first_) open_.erase(open);
    entries_.pop_front();
    ++first_;
  }
}

void EntryJoiner::finish(std::string& out) {
  flush(out, true);
}

}  // namespace pgsieve
