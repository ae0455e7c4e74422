// Time stamps of log lines, read with a memo: neighbouring lines share their minute and their zone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "analyzer/base/time.h"

namespace pgsieve {

// The last time stamp read. One per thread (or per chunk).
struct TimeMemo {
  char minute[17] = {};                     // "2026-11-22 01:05:"
  Microseconds minute_time = kUnknownTime;  // zone applied
  char zone[16] = {};                       // what follows the fraction, " UTC"
  size_t zone_length = 0;
  bool valid = false;
};

// Like parse_time(): the length read, 0 when there is no time. A time without a zone is taken as zone_seconds
// east of UTC.
size_t read_log_time(std::string_view text, int32_t zone_seconds, TimeMemo& memo, Microseconds& time);

}  // namespace pgsieve
