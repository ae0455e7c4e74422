// The journal's export format (https://systemd.io/JOURNAL_EXPORT_FORMATS/): entries of "FIELD=text" lines,
// ended by an empty line; a field with bytes that are no plain text is "FIELD\n", its length as 64 bits
// little-endian, the bytes, "\n".
#include <algorithm>
#include <cstring>

#include "analyzer/base/time.h"
#include "analyzer/capture/entry_joiner.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

class JournalUnwrapper final : public Unwrapper {
 public:
  explicit JournalUnwrapper(UnwrapReport& report) : report_(report) { report.inner = LogFormatKind::kStderr; }

  void feed(std::string_view bytes, std::string& out) override {
    pending_.append(bytes);
    size_t used = 0;
    while (const size_t length = field(std::string_view(pending_).substr(used), out)) used += length;
    pending_.erase(0, used);
    if (pending_.size() > kMaxRecordBytes) {
      damaged();
      pending_.clear();
    }
    offset_ += bytes.size();
  }

  bool finish(std::string& out) override {
    if (!pending_.empty()) {
      pending_ += '\n';
      field(pending_, out);
      pending_.clear();
    }
    end_entry(out);
    joiner_.finish(out);
    return false;
  }

 private:
  void damaged() {
    if (report_.damaged_records++ == 0) report_.damaged_offset = offset_;
  }

  // One field (or the end of an entry) at the start of `text`; its length, 0 when it isn't complete.
  size_t field(std::string_view text, std::string& out) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return 0;
    if (end == 0) {
      end_entry(out);
      return 1;
    }
    const size_t equals = text.substr(0, end).find('=');
    if (equals != std::string_view::npos) {
      set(text.substr(0, equals), text.substr(equals + 1, end - equals - 1));
      return end + 1;
    }
    if (text.size() < end + 9) return 0;
    uint64_t length = 0;
    for (size_t i = 0; i < 8; ++i)
      length |= static_cast<uint64_t>(static_cast<unsigned char>(text[end + 1 + i])) << (8 * i);
    if (length > kMaxRecordBytes) {  // no export after all: go on with the next line
      damaged();
      return end + 1;
    }
    if (text.size() < end + 9 + length + 1) return 0;
    set(text.substr(0, end), text.substr(end + 9, length));
    return end + 9 + length + 1;
  }

  void set(std::string_view name, std::string_view value) {
    any_ = true;
    if (name == "MESSAGE") message_ = value;
    if (name == "_PID" || (name == "SYSLOG_PID" && pid_.empty())) pid_ = value;
    if (name == "__REALTIME_TIMESTAMP") time_ = value;
    if (name == "_TRANSPORT") transport_ = value;
  }

  void end_entry(std::string& out) {
    if (!any_) return;
    int64_t microseconds = 0;
    for (const char c : std::string_view(time_).substr(0, 18)) {
      if (c >= '0' && c <= '9') microseconds = microseconds * 10 + (c - '0');
    }
    if (transport_ == "stdout") pid_ = "0";  // the postmaster's; the line has its own
    if (!joiner_.add(format_time(microseconds), "", pid_.empty() ? "0" : pid_, message_, out)) {
      ++report_.other_records;
      report_.other_bytes += message_.size();
    }
    message_.clear();
    pid_.clear();
    time_.clear();
    transport_.clear();
    any_ = false;
  }

  UnwrapReport& report_;
  std::string pending_;
  std::string message_, pid_, time_, transport_;
  bool any_ = false;
  uint64_t offset_ = 0;
  EntryJoiner joiner_;
};

}  // namespace

bool is_journal_export(std::string_view head) {
  return (head.starts_with("__CURSOR=") || head.starts_with("__REALTIME_TIMESTAMP=")) &&
         head.find("\nMESSAGE") != std::string_view::npos;
}

std::unique_ptr<Unwrapper> make_journal_export(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<JournalUnwrapper>(report);
}

}  // namespace pgsieve
