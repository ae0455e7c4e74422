// What a server message says: the fixed texts of src/backend/tcop/postgres.c and contrib/auto_explain, taken
// apart.
//
//   duration: 0.217 ms  statement: TEXT          duration: 0.130 ms  execute NAME: TEXT
//   duration: 0.630 ms  parse NAME: TEXT         duration: 0.004 ms  execute fetch from NAME: TEXT
//   duration: 0.231 ms  bind NAME: TEXT          duration: 0.316 ms
//   statement: TEXT    execute NAME: TEXT        duration: 0.206 ms  plan:\nPLAN
//
// Any number of blanks after "ms"; translated texts by the table in message_translations.cc. All functions
// are pure, and views point into their argument.
#pragma once

#include <cstdint>
#include <string_view>

#include "analyzer/base/time.h"

namespace pgsieve {

enum class MessageKind : uint8_t {
  kOther,
  kStatement,
  kParse,
  kBind,
  kExecute,
  kFetch,
  kDuration,    // a duration and nothing else
  kPlan,        // text: what follows "plan:\n"
  kFastpath,    // a function call outside SQL
  kConnection,  // "connection received: …", "connection authorized: …"
  kDisconnection,
};

struct Message {
  MessageKind kind = MessageKind::kOther;
  bool localized = false;
  Microseconds duration = kUnknownTime;
  std::string_view name;  // parse, bind, execute, fetch: "S_2/C_3"; empty for <unnamed>
  std::string_view text;  // the statement
};

// Of a LOG entry.
Message classify_message(std::string_view message);

enum class DetailKind : uint8_t { kOther, kParameters, kPrepare };
struct Detail {
  DetailKind kind = DetailKind::kOther;
  std::string_view text;  // the list of parameters, or the PREPARE statement
};
// Of a DETAIL entry ("parameters: …", "Parameters: …", "prepare: …").
Detail classify_detail(std::string_view detail);

// The list behind "unnamed portal with parameters: " or "portal \"x\" with parameters: " in an error's
// CONTEXT; empty: none.
std::string_view context_parameters(std::string_view context);

// "00000: " that log_error_verbosity = verbose puts before the message: its length with the blank, 0 when it
// isn't there.
size_t verbose_state_length(std::string_view message);

// For message_translations.cc.
Message classify_translated(std::string_view message);
Detail classify_translated_detail(std::string_view detail);
std::string_view translated_context_parameters(std::string_view context);

// Shared by both: NAME, the colon and the text of parse, bind and execute messages.
void split_name(std::string_view rest, Message& message);

}  // namespace pgsieve
