// The server's messages for syslog with nothing around them but their numbers: `journalctl -o cat`, and what
// templates write that print the message only. "[n-m] " is part m of message n of some process; which one is
// not said, but each process writes the parts of a message in one go.
#include <algorithm>
#include <deque>
#include <string>

#include "analyzer/capture/entry_joiner.h"
#include "analyzer/capture/syslog_parts.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

class NumberedUnwrapper final : public LineUnwrapper {
 public:
  using LineUnwrapper::LineUnwrapper;

  bool finish(std::string& out) override {
    LineUnwrapper::finish(out);
    flush(out, 0);
    return false;
  }

 protected:
  void line(std::string_view text, std::string& out) override {
    const SyslogMark mark = read_syslog_mark(text);
    if (mark.length == 0) return unnumbered(text, out);
    text.remove_prefix(mark.length);
    const size_t part_bytes = text.size();
    text = escapes_.undone(text, true, buffer_);
    Message* const begun = mark.part > 1 ? latest_before(mark, text) : nullptr;
    if (begun == nullptr) {
      messages_.push_back({mark.number, mark.part, part_bytes,
                           std::string(text.substr(0, find_level(text).at)), std::string(text)});
    } else {
      append(*begun, text);
      begun->part = mark.part;
      begun->last_part = part_bytes;
    }
    bytes_ += part_bytes;
    flush(out, kMostMessages);
  }

 private:
  struct Message {
    uint64_t number = 0, part = 0;  // the latest part
    size_t last_part = 0;           // its bytes
    std::string head;               // of the first part, up to the level word
    std::string lines;
  };
  static constexpr size_t kMostMessages = 64;
  static constexpr size_t kMostBytes = size_t{16} * 1024 * 1024;

  // The message that the part belongs to. Of several it is the one that begins with the same log_line_prefix,
  // where the part has one, or else the one that was written to last: the others had no more parts.
  Message* latest_before(const SyslogMark& mark, std::string_view text) {
    const LevelWord level = find_level(text);
    const std::string_view prefix = level.secondary ? text.substr(0, level.at) : std::string_view();
    Message* latest = nullptr;
    for (auto message = messages_.rbegin(); message != messages_.rend(); ++message) {
      if (message->number != mark.number || message->part + 1 != mark.part) continue;
      if (prefix.empty() || message->head == prefix) return &*message;
      if (latest == nullptr) latest = &*message;
    }
    return latest;
  }

  static void append(Message& message, std::string_view text) {
    const SyslogJoint joint = syslog_joint(text, true, message.last_part, message.head);
    if (joint != SyslogJoint::kNone) message.lines += '\n';
    if (joint == SyslogJoint::kLine && !text.starts_with('\t')) message.lines += '\t';
    message.lines += text;
  }

  // Another program's line, or an entry that was not written to syslog.
  void unnumbered(std::string_view text, std::string& out) {
    flush(out, 0);
    out.append(text).push_back('\n');
  }

  void flush(std::string& out, size_t kept) {
    while (messages_.size() > kept || (bytes_ > kMostBytes && !messages_.empty())) {
      out.append(messages_.front().lines).push_back('\n');
      bytes_ -= std::min(bytes_, messages_.front().lines.size());
      messages_.pop_front();
    }
  }

  std::deque<Message> messages_;
  size_t bytes_ = 0;
  std::string buffer_;
  SyslogEscapes escapes_;
};

}  // namespace

// A log_line_prefix may begin with "[number-number] ", too: every line that does is an entry then.
bool is_numbered_parts(std::string_view head) {
  size_t lines = 0, entries = 0, further = 0, counted = 0;
  while (!head.empty() && lines < 2000) {
    const size_t end = std::min(head.find('\n'), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 1, head.size()));
    const SyslogMark mark = read_syslog_mark(line);
    ++lines;
    if (mark.length == 0) continue;
    const LevelWord level = find_level(line.substr(mark.length));
    const bool begins = level.length > 0 && !level.secondary;
    if (mark.part == 1 && begins) ++entries;
    if (mark.part > 1) ++(begins && !line.substr(mark.length).starts_with('\t') ? counted : further);
  }
  return entries > 0 && further > counted && (entries + further) * 3 > lines * 2;
}

std::unique_ptr<Unwrapper> make_numbered_parts(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<NumberedUnwrapper>(report);
}

}  // namespace pgsieve
