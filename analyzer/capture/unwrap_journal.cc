// The journal, as it is printed with all fields: `journalctl -o verbose`, and the export format
// (https://systemd.io/JOURNAL_EXPORT_FORMATS/): entries of "FIELD=text" lines, ended by an empty line; a
// field with bytes that are no plain text is "FIELD\n", its length as 64 bits little-endian, the bytes, "\n".
#include <algorithm>
#include <cstring>

#include "analyzer/base/time.h"
#include "analyzer/capture/entry_joiner.h"
#include "analyzer/capture/stream_text.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

class JournalUnwrapper final : public Unwrapper {
 public:
  explicit JournalUnwrapper(UnwrapReport& report) : report_(report) {}

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
    report_.missing_messages = joiner_.missing();
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
    // What came by the server's standard error has lines in their order, and the postmaster's pid.
    if (transport_ == "stdout") {
      text_.append(message_, microseconds, out);
    } else if (!joiner_.add(format_time(microseconds), "", pid_.empty() ? "0" : pid_, message_, out)) {
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
  StreamText text_;
};

// "Sun 2026-11-22 01:02:03.000004 UTC [s=…": where the time begins and ends.
constexpr size_t kTimeAt = 4;
constexpr std::string_view kBehindTime = " [s=";

// `journalctl -o verbose`. What came by syslog is in parts; what came by the server's standard error is in
// lines.
class JournalVerboseUnwrapper final : public LineUnwrapper {
 public:
  using LineUnwrapper::LineUnwrapper;
  bool finish(std::string& out) override {
    LineUnwrapper::finish(out);
    close(out);
    joiner_.finish(out);
    report_.missing_messages = joiner_.missing();
    return false;
  }

 protected:
  void line(std::string_view text, std::string& out) override {
    if (begins_journal_record(text)) {
      close(out);
      time_ = text.substr(kTimeAt, text.find(kBehindTime) - kTimeAt);
      return;
    }
    const std::string_view field = text.substr(std::min(text.find_first_not_of(' '), text.size()));
    const size_t equals = std::min(field.find('='), field.size());
    if (equals < field.size()) set(field.substr(0, equals), field.substr(equals + 1));
  }

 private:
  void set(std::string_view key, std::string_view value) {
    if (key == "MESSAGE") {
      message_ = value;
      has_message_ = true;
    } else if (key == "_COMM" || key == "SYSLOG_IDENTIFIER") {
      named_ = named_ || !value.empty();
      server_ = server_ || value.find("postgres") != std::string_view::npos;
    } else if (key == "_PID" || (key == "SYSLOG_PID" && pid_.empty())) {
      pid_ = value;
    }
  }

  void close(std::string& out) {
    if (has_message_) put(out);
    has_message_ = server_ = named_ = false;
    pid_.clear();
  }

  void put(std::string& out) {
    if (named_ && !server_) return other(message_);
    joins_ = joins_ || EntryJoiner::is_marked(message_, pid_);
    if (joins_) {
      if (!joiner_.add(time_, "", pid_.empty() ? "0" : pid_, message_, out)) other(message_);
    } else if (message_.starts_with('\t')) {  // a further line of an entry
      out.append(message_).push_back('\n');
    } else {
      append_entry(message_, "", out);
    }
  }

  std::string time_, pid_, message_;
  bool has_message_ = false, server_ = false, named_ = false;
  bool joins_ = false;
  EntryJoiner joiner_;
};

}  // namespace

bool begins_journal_record(std::string_view line) {
  if (line.size() < 30 || line[3] != ' ' || parse_time(line.substr(kTimeAt)).length == 0) return false;
  return line.substr(0, 80).find(kBehindTime) != std::string_view::npos;
}

std::unique_ptr<Unwrapper> make_journal_verbose(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<JournalVerboseUnwrapper>(report);
}

bool is_journal_export(std::string_view head) {
  return (head.starts_with("__CURSOR=") || head.starts_with("__REALTIME_TIMESTAMP=")) &&
         head.find("\nMESSAGE") != std::string_view::npos;
}

std::unique_ptr<Unwrapper> make_journal_export(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<JournalUnwrapper>(report);
}

}  // namespace pgsieve
