// Unwrapper: one wrapper format undone. Takes the wrapped bytes in any portions and appends the inner log's
// bytes.
//
// Internal to unwrapping. Stateful, used by one thread. Memory is bounded: records beyond kMaxRecordBytes are
// counted as damaged and left out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "analyzer/capture/ingest.h"
#include "analyzer/capture/unwrap.h"

namespace pgsieve {

class Unwrapper {
 public:
  static constexpr size_t kMaxRecordBytes = size_t{32} * 1024 * 1024;

  virtual ~Unwrapper() = default;
  virtual void feed(std::string_view bytes, std::string& out) = 0;
  // After the last byte. True: there is more, call again.
  virtual bool finish(std::string& out) = 0;
};

// Cuts its input into lines for the formats that have a record per line.
class LineUnwrapper : public Unwrapper {
 public:
  explicit LineUnwrapper(UnwrapReport& report) : report_(report) {}
  void feed(std::string_view bytes, std::string& out) final;
  bool finish(std::string& out) override;

 protected:
  // One line, without its end ("\n" or "\r\n").
  virtual void line(std::string_view text, std::string& out) = 0;
  void other(std::string_view text) {
    ++report_.other_records;
    report_.other_bytes += text.size() + 1;
  }
  void omitted(std::string_view text) {
    ++report_.omitted_records;
    report_.other_bytes += text.size() + 1;
  }
  void damaged() {
    if (report_.damaged_records++ == 0) report_.damaged_offset = line_offset_;
  }

  UnwrapReport& report_;

 private:
  void take(std::string_view text, std::string& out);

  std::string partial_;
  bool too_long_ = false;
  bool begun_ = false, windows_ = false;  // lines end with "\r\n": so does the first one
  uint64_t line_offset_ = 0;              // of the line being read, in the wrapped stream
};

// A line's level word ("LOG:  ", "ERROR:  ", "DETAIL:  ", …) and where it starts. length 0: none in the first
// kLevelSearch bytes.
struct LevelWord {
  size_t at = 0;
  size_t length = 0;
  bool secondary = false;
};
inline constexpr size_t kLevelSearch = 1000;
LevelWord find_level(std::string_view line);

// Whether the text is one of the server's messages of statements and sessions as it is, without prefix and
// level.
bool is_bare_message(std::string_view text);

// Whether two lines can have the same log_line_prefix and belong to one entry: what stands before their level
// words is equal but for the digits (times, line numbers).
bool same_prefix(std::string_view left, std::string_view right);

// Appends an entry's text, further lines led by a tab (but not DETAIL and its like, which have the first
// line's prefix), and a line end. `stamp` goes in front of every line that has a prefix. The text of a csvlog
// row or JSON line goes as it is.
void append_entry(std::string_view text, std::string_view stamp, std::string& out);

// A container's two streams as one. Another program on the other stream must not come between the lines of a
// server's entry: a line waits until the next line of its stream shows that it isn't continued (with a tab).
class StreamMixer {
 public:
  void add(bool standard_error, std::string_view line, std::string& out);  // line: without its end
  void finish(std::string& out);

 private:
  std::string waiting_[2];
  bool seen_[2] = {};
};

// What the head of a stream is wrapped in. `name` is for the report. `by_likeness`: told by nothing but words
// that all lines begin with, as a log_line_prefix is.
struct WrapperKind {
  std::string_view name;
  std::unique_ptr<Unwrapper> (*make)(const IngestOptions& options, UnwrapReport& report);
  bool by_likeness = false;
};

// nullptr: no wrapper we know. Each looks at complete lines (or records) of `head` only; `ended`: head is all
// there is.
const WrapperKind* detect_wrapper(std::string_view head, bool ended);

// The detectors and makers, by file.
bool is_cri(std::string_view head);  // unwrap_lines.cc
bool is_stamped_lines(std::string_view head);
std::unique_ptr<Unwrapper> make_cri(const IngestOptions& options, UnwrapReport& report);
std::unique_ptr<Unwrapper> make_stamped_lines(const IngestOptions& options, UnwrapReport& report);
bool is_named_lines(std::string_view head);  // unwrap_named.cc
std::unique_ptr<Unwrapper> make_named_lines(const IngestOptions& options, UnwrapReport& report);
bool is_stern(std::string_view head);
std::unique_ptr<Unwrapper> make_stern(const IngestOptions& options, UnwrapReport& report);
bool is_led(std::string_view head);  // unwrap_led.cc
std::unique_ptr<Unwrapper> make_led(const IngestOptions& options, UnwrapReport& report);
bool leads_further(std::string_view head);  // the lead is more than a time
// Of lines with a field that holds the server's: by its form; null: none of those.
const WrapperKind* detect_fields(std::string_view head);  // unwrap_fields.cc
bool is_tail_output(std::string_view head);               // unwrap_tail.cc
bool is_with_companions(std::string_view head);
std::unique_ptr<Unwrapper> make_tail_output(const IngestOptions& options, UnwrapReport& report);
std::unique_ptr<Unwrapper> make_companions(const IngestOptions& options, UnwrapReport& report);
bool is_numbered_parts(std::string_view head);  // unwrap_numbered.cc
std::unique_ptr<Unwrapper> make_numbered_parts(const IngestOptions& options, UnwrapReport& report);
bool is_coloured(std::string_view head);  // unwrap_colours.cc
std::unique_ptr<Unwrapper> make_coloured(const IngestOptions& options, UnwrapReport& report);
bool is_copy_text(std::string_view head);  // unwrap_copy.cc
std::unique_ptr<Unwrapper> make_copy_text(const IngestOptions& options, UnwrapReport& report);
bool is_frames(std::string_view head);  // unwrap_frames.cc
std::unique_ptr<Unwrapper> make_frames(const IngestOptions& options, UnwrapReport& report);
bool is_syslog(std::string_view head);  // unwrap_syslog.cc
bool is_heroku(std::string_view head);
std::unique_ptr<Unwrapper> make_syslog(const IngestOptions& options, UnwrapReport& report);
std::unique_ptr<Unwrapper> make_heroku(const IngestOptions& options, UnwrapReport& report);
bool is_journal_export(std::string_view head);  // unwrap_journal.cc
bool begins_journal_record(std::string_view line);
std::unique_ptr<Unwrapper> make_journal_verbose(const IngestOptions& options, UnwrapReport& report);
std::unique_ptr<Unwrapper> make_journal_export(const IngestOptions& options, UnwrapReport& report);
bool is_wrapped_json(std::string_view head, std::string_view& name);  // unwrap_json.cc
std::unique_ptr<Unwrapper> make_json(const IngestOptions& options, UnwrapReport& report);
bool is_wrapped_csv(std::string_view head, std::string_view& name);
std::unique_ptr<Unwrapper> make_csv(const IngestOptions& options, UnwrapReport& report);

}  // namespace pgsieve
