// LogEntry: one entry of a server log, as any of the formats gives it, before pairing.
//
// Views point into the chunk the entry was read from (or into its LogChunk's arena when the format had to be
// unescaped).
#pragma once

#include <cstdint>
#include <string_view>

#include "analyzer/base/time.h"

namespace pgsieve {

enum class Severity : uint8_t {
  kUnknown,
  kDebug,
  kLog,
  kInfo,
  kNotice,
  kWarning,
  kError,
  kFatal,
  kPanic,
  // Secondary entries of the stderr and syslog formats; csvlog and jsonlog carry them as fields.
  kDetail,
  kHint,
  kQuery,
  kContext,
  kLocation,
  kBacktrace,
  kStatement,
};

struct LogEntry {
  Severity severity = Severity::kUnknown;
  Microseconds time = kUnknownTime;
  std::string_view user, database, application, host;  // host without its port
  std::string_view server;       // the host or address of the server itself; empty: unknown
  uint64_t pid = 0;              // 0: unknown
  std::string_view session_id;   // %c; empty: unknown
  uint64_t session_line = 0;     // %l; 0: unknown
  std::string_view transaction;  // %v; empty: unknown
  std::string_view sqlstate;
  std::string_view
      message;  // without the severity word; continuation lines joined by '\n', their leading tab dropped
  std::string_view detail, hint, context, statement, query;  // csvlog, jsonlog
  uint64_t query_id = 0;
  uint64_t position = 0;   // where in `statement` the error is: characters from 1; 0: unknown
  bool localized = false;  // the severity word was not English

  uint64_t offset = 0;  // of its first byte in the decoded input
  uint64_t line = 0;    // 1-based, from the start of its chunk
};

}  // namespace pgsieve
