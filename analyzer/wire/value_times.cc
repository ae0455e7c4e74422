// Dates and times count from 2000-01-01 (POSTGRES_EPOCH_JDATE in src/include/datatype/timestamp.h).
#include <fmt/format.h>

#include <limits>

#include "analyzer/base/time.h"
#include "analyzer/wire/byte_cursor.h"
#include "analyzer/wire/value_text.h"

namespace pgsieve {
namespace {

constexpr int64_t kSecondsPerDay = 86'400;
constexpr int64_t kDay = kSecondsPerDay * kSecond;

struct CivilDate {
  int64_t year = 0;
  unsigned month = 0, day = 0;
};

// The proleptic Gregorian date of a day counted from 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level
// Date Algorithms", civil_from_days): years start in March, so that the leap day comes last.
CivilDate civil_from_days(int64_t days) {
  days += 719'468;
  const int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const int64_t day_of_era = days - era * 146'097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const auto month = static_cast<unsigned>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
          static_cast<unsigned>(day_of_year - (153 * shifted_month + 2) / 5 + 1)};
}

// "2026-11-22"; the era " BC" is the caller's to append.
bool append_civil(int64_t days_since_2000, std::string& out) {
  const CivilDate date = civil_from_days(days_since_2000 + 10'957);
  const int64_t year = date.year > 0 ? date.year : 1 - date.year;
  out += fmt::format("{:04}-{:02}-{:02}", year, date.month, date.day);
  return date.year <= 0;
}

void append_clock(int64_t microseconds, std::string& out) {
  const int64_t seconds = microseconds / kSecond;
  const int64_t fraction = microseconds % kSecond;
  out += fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (fraction == 0) return;
  std::string digits = fmt::format(".{:06}", fraction);
  digits.erase(digits.find_last_not_of('0') + 1);
  out += digits;
}

}  // namespace

bool append_date(int32_t days, std::string& out) {
  if (days == std::numeric_limits<int32_t>::max()) return out += "infinity", true;
  if (days == std::numeric_limits<int32_t>::min()) return out += "-infinity", true;
  if (append_civil(days, out)) out += " BC";
  return true;
}

bool append_timestamp(int64_t microseconds, bool zone, std::string& out) {
  if (microseconds == std::numeric_limits<int64_t>::max()) return out += "infinity", true;
  if (microseconds == std::numeric_limits<int64_t>::min()) return out += "-infinity", true;
  int64_t days = microseconds / kDay;
  int64_t rest = microseconds % kDay;
  if (rest < 0) {
    rest += kDay;
    --days;
  }
  const bool before_christ = append_civil(days, out);
  out.push_back(' ');
  append_clock(rest, out);
  if (zone) out += "+00";
  if (before_christ) out += " BC";
  return true;
}

bool append_time_of_day(int64_t microseconds, std::string& out) {
  if (microseconds < 0 || microseconds > kDay) return false;
  append_clock(microseconds, out);
  return true;
}

// Style "postgres": "1 year 2 mons -3 days 04:05:06.7".
bool append_interval(std::string_view bytes, std::string& out) {
  ByteCursor cursor(bytes);
  const int64_t microseconds = cursor.i64();
  const int64_t days = cursor.i32();
  const int64_t months = cursor.i32();
  if (cursor.failed() || cursor.left() != 0) return false;
  if (microseconds == std::numeric_limits<int64_t>::min()) return false;
  bool negative_before = false;
  const size_t start = out.size();
  const auto field = [&](int64_t value, std::string_view unit, bool plural) {
    if (value == 0) return;
    if (out.size() != start) out.push_back(' ');
    out += fmt::format("{}{} {}{}", negative_before && value > 0 ? "+" : "", value, unit,
                       plural && value != 1 ? "s" : "");
    negative_before = value < 0;
  };
  field(months / 12, "year", true);
  field(months % 12, "mon", true);
  field(days, "day", true);
  if (microseconds == 0 && out.size() != start) return true;
  if (out.size() != start) out.push_back(' ');
  if (microseconds < 0) {
    out.push_back('-');
  } else if (negative_before) {
    out.push_back('+');
  }
  append_clock(microseconds < 0 ? -microseconds : microseconds, out);
  return true;
}

}  // namespace pgsieve
