// EntryJoiner: puts together entries that arrive as several records of one process, between records of
// others: syslog, Heroku's logplex, the journal.
//
// Out come stderr lines "TIME [PID] REST", with a host "TIME HOST [PID] REST" (REST: the inner line without a
// time and "[pid] " of its own), entries in the order of their first part. An entry is complete when its
// process starts another, or kMaxAge records later. Memory: kMaxOpenBytes.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "analyzer/capture/syslog_parts.h"

namespace pgsieve {

class EntryJoiner {
 public:
  static constexpr uint64_t kMaxAge = 500;  // records
  static constexpr size_t kMaxOpenBytes = size_t{16} * 1024 * 1024;

  // What every line starts with that is given a host, as a log_line_prefix.
  static constexpr std::string_view kHostHead = "%m %L [%p] ";

  // One record. `time` as it is to be printed; `host` has no blanks and may be empty, but not now and then.
  // Process ids of different hosts are different processes. False: neither an entry nor part of one; nothing
  // was taken.
  bool add(std::string_view time, std::string_view host, std::string_view pid, std::string_view text,
           std::string& out);
  void finish(std::string& out);
  // Messages and parts of messages that are not there.
  uint64_t missing() const { return numbers_.missing(); }

  // Whether the text starts with "[n-m] ", the server's own numbers in syslog: not "[PID-m] " of a
  // log_line_prefix.
  static bool is_marked(std::string_view text, std::string_view pid);

  // Whether an entry's lines have been folded into one, its newlines spelled as backslash and n (rsyslog's
  // imfile): the server's tab stands behind each of them, behind a statement's own "\n" there is none.
  static bool has_folded_lines(std::string_view text);
  // The lines again, `line_break` for each spelled newline with its tab.
  static std::string unfold_lines(std::string_view text, std::string_view line_break);

  // log_line_prefix of the lines that come out, with or without a host, for a server whose own is
  // `server_prefix`.
  static std::string prefix_for(std::string_view server_prefix, bool host);

 private:
  struct Entry {
    std::string time, host, pid;
    std::string head;      // of its first part, up to the level word
    std::string lines;     // what will come out, its last line open
    uint64_t number = 0;   // n
    uint64_t part = 0;     // the latest m
    size_t last_part = 0;  // bytes of the last part
    uint64_t born = 0;
    bool complete = false;
    bool row = false;  // a csvlog row or a jsonlog record: goes on as it is
  };

  void start(Entry entry, std::string_view text);
  void open(Entry entry);
  bool add_row(std::string_view host, std::string_view pid, std::string_view text);
  void append_further(Entry& entry, std::string_view text);
  void append(Entry& entry, std::string_view text, SyslogJoint joint);
  void flush(std::string& out, bool all);

  std::deque<Entry> entries_;
  uint64_t first_ = 0;                              // ordinal of entries_.front()
  std::unordered_map<std::string, uint64_t> open_;  // process -> ordinal
  uint64_t records_ = 0;
  size_t bytes_ = 0;
  bool rows_ = false;
  bool blank_of_tag_ = false;  // every record starts with the blank behind the tag
  SyslogEscapes escapes_;
  SyslogNumbers numbers_;
};

}  // namespace pgsieve
