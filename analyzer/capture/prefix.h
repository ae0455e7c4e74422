// PrefixMatcher: a log_line_prefix compiled to a short list of steps that reads the head of a stderr (or
// syslog) line.
//
// The escapes are those of PostgreSQL 9.6 to 18 (src/backend/utils/error/elog.c, log_status_format): a
// application, u user, d database, r host(port), h host, L local address, b backend type, p pid, P leader
// pid, t/m time without/with milliseconds, n epoch with milliseconds, Q query id, i command tag, e SQLSTATE,
// c session id, l session line, s session start, v virtual transaction, x transaction, q end of the prefix
// for background processes, %% a percent sign; any of them with padding (%-10u). Blanks in the prefix match
// one or more blanks; blanks at its end match none, too (shippers squeeze).
//
// Matching is left to right. Fields of free text (names, hosts) end where the literal after them first lets
// the rest match; retries share a budget per line, so no line costs more than a bounded number of steps. What
// follows the prefix must be a level word, or the line is no entry.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/error.h"
#include "analyzer/capture/log_entry.h"
#include "analyzer/capture/log_time.h"

namespace pgsieve {

// The head of the line read last, from behind its time on: most often the next line repeats it. One per
// thread; views that line, which must live as long.
struct PrefixMemo {
  TimeMemo time;
  LogEntry entry;                        // as the head says, everything else unset
  std::string_view head;                 // from behind the time up to the level word
  size_t quit = std::string_view::npos;  // where %q stands in it, when it is not at its end
  bool valid = false;
};

class PrefixMatcher {
 public:
  // Fails on an unknown escape or a prefix that can't be told from a message (longer than 1,000 bytes).
  // zone_seconds: offset of time stamps without a zone.
  static Result<PrefixMatcher> compile(std::string_view prefix, int32_t zone_seconds = 0);

  // Reads prefix and level word at the start of `line` (one line, without its end) into entry: its prefix
  // fields, severity, localized. Returns the length up to the message; 0: no entry starts here, and entry is
  // unspecified.
  size_t match(std::string_view line, LogEntry& entry, TimeMemo& memo) const;
  // The same, for less where the line starts like the one before it, time aside. `entry` must be new.
  size_t match(std::string_view line, LogEntry& entry, PrefixMemo& memo) const;

  const std::string& prefix() const { return prefix_; }
  bool has_session() const { return has_pid_ || has_session_id_; }
  bool has_time() const { return has_time_; }
  bool has(char escape) const;

 private:
  enum class Op : uint8_t {
    kLiteral,
    kBlank,
    kTime,
    kSessionStart,
    kEpoch,
    kPid,
    kLeaderPid,
    kLine,
    kSessionId,
    kQueryId,
    kState,
    kVirtualXid,
    kXid,
    kApplication,
    kUser,
    kDatabase,
    kRemote,
    kLocalAddress,
    kBackendType,
    kCommandTag,
    kQuit,
  };
  struct Step {
    Op op;
    std::string literal;  // kLiteral
    uint16_t width = 0;   // padding: at least so many bytes
    bool left = false;    // text at the left of the padding
  };
  struct Run;  // one match in progress

  static bool is_text(Op op) { return op >= Op::kApplication && op <= Op::kCommandTag; }
  bool run_straight(Run& state) const;
  bool take(Run& state, const Step& step, size_t& at) const;
  size_t text_end(std::string_view line, size_t step, size_t end, size_t limit) const;
  void set_text(LogEntry& entry, Op op, std::string_view value) const;
  bool run(Run& state, size_t step, size_t at) const;
  bool run_text(Run& state, size_t step, size_t at) const;
  static bool finish(Run& state, size_t at);
  bool is_repeating() const;
  bool repeat(std::string_view line, LogEntry& entry, PrefixMemo& memo, size_t& message) const;
  void remember(const Run& state, PrefixMemo& memo) const;
  size_t fixed_field(Run& state, Op op, std::string_view text) const;

  std::string prefix_;
  std::vector<Step> steps_;
  int32_t zone_seconds_ = 0;
  bool has_pid_ = false, has_session_id_ = false, has_time_ = false;
  bool port_is_session_ = false;  // of the client (%r), where nothing better tells sessions apart
  bool repeats_ = false;  // lines of one session differ in nothing but the time that comes first
};

}  // namespace pgsieve
