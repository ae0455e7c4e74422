// Frames with an octet count (RFC 6587): "123 <134>1 …", the length of what follows before each syslog record
// and perhaps nothing between them, as drains and TCP receivers get them. A record may hold newlines; it goes
// on as one line, a newline as "#012" and a tab as "#011", which is how syslog daemons write them into a
// file.
#include <algorithm>

#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

constexpr size_t kMostDigits = 8;

// The count at the start of `text` and the blank behind it: where the record begins; 0: there is none.
size_t count_length(std::string_view text, size_t& count) {
  size_t digits = 0;
  count = 0;
  while (digits < text.size() && digits < kMostDigits && text[digits] >= '0' && text[digits] <= '9')
    count = count * 10 + static_cast<size_t>(text[digits++] - '0');
  return digits > 0 && count > 0 && text.substr(digits).starts_with(" <") ? digits + 1 : 0;
}

// Length of the frame at the start of `text`, with the line end that may stand behind it; 0: there is none.
size_t frame_length(std::string_view text, std::string_view& record) {
  size_t count = 0;
  const size_t start = count_length(text, count);
  if (start == 0 || start + count > text.size()) return 0;
  record = text.substr(start, count);
  return start + count + (text.substr(start + count).starts_with('\n') ? 1 : 0);
}

class FramesUnwrapper final : public Unwrapper {
 public:
  explicit FramesUnwrapper(UnwrapReport& report) : report_(report) {}

  void feed(std::string_view bytes, std::string& out) override {
    pending_.append(bytes);
    take(out, false);
  }

  bool finish(std::string& out) override {
    take(out, true);
    return false;
  }

 private:
  void take(std::string& out, bool ended) {
    size_t used = 0;
    while (used < pending_.size()) {
      const std::string_view text = std::string_view(pending_).substr(used);
      std::string_view record;
      if (const size_t length = frame_length(text, record); length > 0) {
        put(record, out);
        used += length;
        continue;
      }
      size_t count = 0;
      const bool counted = count_length(text, count) > 0;
      const bool open = counted ? count <= kMaxRecordBytes : text.size() <= kMostDigits;
      if (open && !ended) break;
      damaged(used);
      if (counted && ended) put(text.substr(text.find('<')), out);  // cut at its end: its start is there
      used += counted && ended ? text.size() : std::min(text.find('\n'), text.size() - 1) + 1;
    }
    pending_.erase(0, used);
    offset_ += used;
  }

  void damaged(size_t used) {
    if (report_.damaged_records++ == 0) report_.damaged_offset = offset_ + used;
  }

  static void put(std::string_view record, std::string& out) {
    while (record.ends_with('\n') || record.ends_with('\r')) record.remove_suffix(1);
    for (size_t i = 0; i < record.size(); ++i) {
      if (record[i] == '\n') {
        out += "#012";
        if (record.substr(i + 1).starts_with('\t')) ++i;  // the server's own, in front of every further line
      } else if (record[i] == '\t') {
        out += "#011";
      } else {
        out.push_back(record[i]);
      }
    }
    out.push_back('\n');
  }

  UnwrapReport& report_;
  std::string pending_;
  uint64_t offset_ = 0;  // of pending_ in the wrapped stream
};

}  // namespace

// Where each record is a line of its own, the lines will do.
bool is_frames(std::string_view head) {
  size_t frames = 0;
  bool lines = true;
  std::string_view record;
  while (const size_t length = frame_length(head, record)) {
    ++frames;
    lines = lines && head[length - 1] == '\n' && record.find('\n') >= record.size() - 1;
    head.remove_prefix(length);
  }
  size_t count = 0;
  return frames > 0 && !lines && (head.size() <= kMostDigits || count_length(head, count) > 0);
}

std::unique_ptr<Unwrapper> make_frames(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<FramesUnwrapper>(report);
}

}  // namespace pgsieve
