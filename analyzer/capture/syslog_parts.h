// The parts into which the server cuts a message for syslog.
//
// The server's syslog code (src/backend/utils/error/elog.c, write_syslog) numbers messages per process and
// cuts them: "[n-m] " is part m of message n. It cuts at every newline, and after at most 900 bytes, at the
// last blank if there is one. What follows a newline starts with a tab when it continues a field (most syslog
// daemons write it as "#011"), else with log_line_prefix (DETAIL, STATEMENT, …). What follows a cut in the
// middle of a line starts with the blank, or, when there was no blank, comes after a part of 897 to 900
// bytes. So the parts go together again, byte for byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace pgsieve {

// "[n-m] " at the start of a record: part m of message n.
struct SyslogMark {
  uint64_t number = 0, part = 0;
  size_t length = 0;  // 0: no mark
};
SyslogMark read_syslog_mark(std::string_view text);

// Undoes what daemons and printers make of the server's control characters.
class SyslogEscapes {
 public:
  // The record without its mark, as the server wrote it: in `buffer` where it is not in `text`. `marked`: it
  // had a mark.
  std::string_view undone(std::string_view text, bool marked, std::string& buffer);

 private:
  bool raw_tabs_ = false;  // the daemon does not write "#011"
};

// Whether messages are missing, by their numbers: each process counts its own.
class SyslogNumbers {
 public:
  // The first part of a message that was seen of it; in a fresh process, whatever its number, none is
  // missing.
  void saw(const std::string& process, uint64_t number);
  // A part that does not follow the one before.
  void missed_part() { ++missing_; }
  uint64_t missing() const { return missing_; }

 private:
  static constexpr size_t kMostProcesses = 16384;
  struct Process {
    uint64_t latest = 0;
    uint64_t gap_first = 1, gap_last = 0;  // the latest numbers that were skipped: they may only be late
  };
  std::unordered_map<std::string, Process> processes_;
  uint64_t missing_ = 0;
};

// How a further part goes on where the one before ended: the text goes on, with a further line, or with a
// DETAIL or its like.
enum class SyslogJoint : uint8_t { kNone, kLine, kEntry };
// `last_part`: bytes of the one before. `head`: what its message begins with, up to the level word.
SyslogJoint syslog_joint(std::string_view text, bool marked, size_t last_part, std::string_view head);

}  // namespace pgsieve
