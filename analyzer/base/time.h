// Points in time and spans of it: whole microseconds, time points counted from 1970-01-01 00:00:00 UTC.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace pgsieve {

using Microseconds = int64_t;

// "Not known", for both time points and durations.
inline constexpr Microseconds kUnknownTime = std::numeric_limits<Microseconds>::min();

inline constexpr Microseconds kMillisecond = 1000;
inline constexpr Microseconds kSecond = 1000 * kMillisecond;

// Days from 1970-01-01 of a proleptic Gregorian date; any year, month 1..12, day 1..31.
int64_t days_from_civil(int64_t year, unsigned month, unsigned day);

// Offset from UTC in seconds of a zone as PostgreSQL prints it: an abbreviation ("UTC", "CEST", "PDT") or a signed
// offset ("+03", "-0330", "+05:30"). Ambiguous abbreviations take PostgreSQL's default meaning
// (src/timezone/tznames/Default). nullopt: not a zone we know.
std::optional<int32_t> zone_offset_seconds(std::string_view zone);

struct ParsedTime {
  Microseconds time = kUnknownTime;
  size_t length = 0;        // bytes consumed, the zone included
  bool zone_known = true;   // false: a zone name followed that we don't know; taken as UTC
};

// Reads "YYYY-MM-DD HH:MM:SS[.fraction][ ZONE]" or ISO 8601 "YYYY-MM-DDTHH:MM:SS[.fraction](Z|+hh:mm)" at the start of
// text. length == 0: no time there.
ParsedTime parse_time(std::string_view text);

// "2026-11-22 01:05:49.032 UTC"; an unknown time gives "".
std::string format_time(Microseconds time);

// Parses PostgreSQL's "%ld.%03d" milliseconds ("0.217", "11368.000") at the start of text into microseconds; consumed
// gets the bytes read, 0 when there is no number.
Microseconds parse_milliseconds(std::string_view text, size_t& consumed);

}  // namespace pgsieve
