// StatementEvent: an Event with its statement looked up, as the trackers take it. Lives for one call.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>

#include "analyzer/capture/event.h"
#include "analyzer/sql/literal_text.h"
#include "analyzer/workload/statement_info.h"
#include "analyzer/workload/tags.h"

namespace pgsieve {

// The value of one followed slot in one execution.
struct SlotValue {
  static constexpr int64_t kNotNumeric = std::numeric_limits<int64_t>::min();
  static constexpr size_t kFollowedBytes = 64;  // of its text, that whoever follows sessions may look at
  uint64_t hash = 0;                            // slot_value_hash of its text
  int64_t number = kNotNumeric;
  std::string_view text;
  uint16_t ordinal = 0;  // scan order
  SlotRole role = SlotRole::kNone;
  bool known = false;  // false: a parameter the capture has no value for, or one that was cut
  ValueSpelling spelling = ValueSpelling::kExact;  // of `text`
};

// What one execution was, its values and its event aside.
struct ExecutionFacts {
  std::shared_ptr<StatementInfo> info;  // never null
  Pattern* pattern = nullptr;           // of the right arity; null: beyond the cap
  uint32_t pattern_ordinal = 0;         // small dense number of the pattern
  bool single_value = true;
  bool values_known = true;  // of all slots
  bool failed = false;
  Event::Sent sent =
      Event::Sent::kUnknown;  // a simple query of a log is one after the answer: nobody pipelines them
  Microseconds start = kUnknownTime, end = kUnknownTime;
  Microseconds duration = 0;        // 0 when unknown
  uint64_t tuple = 0;               // hash of all values together
  int64_t limit = -1, offset = -1;  // -1: none or unknown
  int64_t asked_keys = -1;          // of a list of keys, of which each has one row at most; -1: none or unknown
  int64_t rows = -1;
  uint64_t session = 0, transaction = 0;
  uint64_t application = 0;  // hash of database, user, application, host: one client program
  uint64_t trace = 0;        // 0: none
  uint64_t unit = 0;         // trace or tagged unit; 0: none
};

struct StatementEvent : ExecutionFacts {
  std::array<SlotValue, StatementInfo::kMaxValueSlots> values;
  size_t value_count = 0;
  const Event* event = nullptr;
  const Tags* tags = nullptr;  // never null
};

}  // namespace pgsieve
