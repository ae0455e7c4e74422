#include "analyzer/capture/log_time.h"

#include <algorithm>
#include <cstring>

namespace pgsieve {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Adds ".123" at text[at]; returns the position behind it.
size_t add_fraction(std::string_view text, size_t at, Microseconds& time) {
  if (at + 1 >= text.size() || text[at] != '.' || !is_digit(text[at + 1])) return at;
  const auto digit = [&](size_t place) { return place < text.size() && is_digit(text[place]); };
  if (digit(at + 2) && digit(at + 3) && !digit(at + 4)) {  // as the server writes it
    time += ((text[at + 1] - '0') * 100 + (text[at + 2] - '0') * 10 + (text[at + 3] - '0')) * kMillisecond;
    return at + 4;
  }
  Microseconds scale = kSecond / 10;
  for (++at; at < text.size() && is_digit(text[at]); ++at, scale /= 10) time += (text[at] - '0') * scale;
  return at;
}

// Whether the zone can end before `next`: the memo's zone must not be the head of a longer one.
bool ends_zone(const TimeMemo& memo, char next) {
  if (memo.zone_length == 0) return next != ' ' && next != '+' && next != '-' && next != 'Z';
  if (next == ':') return !is_digit(memo.zone[memo.zone_length - 1]);  // "+05:30", "UTC:10.0.0.1"
  return !is_digit(next) && (next < 'A' || next > 'Z');
}

}  // namespace

size_t read_log_time(std::string_view text, int32_t zone_seconds, TimeMemo& memo, Microseconds& time) {
  // Sixteen bytes and one: no call.
  static_assert(sizeof memo.minute == 17);
  if (memo.valid && text.size() >= 19 && std::memcmp(text.data(), memo.minute, 16) == 0 &&
      text[16] == memo.minute[16] && is_digit(text[17]) && is_digit(text[18])) {
    Microseconds found = memo.minute_time + ((text[17] - '0') * 10 + (text[18] - '0')) * kSecond;
    const size_t at = add_fraction(text, 19, found);
    const size_t end = at + memo.zone_length;
    if (text.size() >= end && std::memcmp(text.data() + at, memo.zone, memo.zone_length) == 0 &&
        ends_zone(memo, end < text.size() ? text[end] : '\n')) {
      time = found;
      return end;
    }
  }
  const ParsedTime parsed = parse_time(text);
  if (parsed.length == 0) return 0;
  Microseconds fraction = 0;
  const size_t zone_start = std::min(add_fraction(text, 19, fraction), parsed.length);
  const size_t zone_length = parsed.length - zone_start;
  time = parsed.time - (zone_length == 0 ? zone_seconds * kSecond : 0);
  memo.valid = zone_length <= sizeof memo.zone;
  if (memo.valid) {
    std::memcpy(memo.minute, text.data(), sizeof memo.minute);
    std::memcpy(memo.zone, text.data() + zone_start, zone_length);
    memo.zone_length = zone_length;
    memo.minute_time = time - fraction - ((text[17] - '0') * 10 + (text[18] - '0')) * kSecond;
  }
  return parsed.length;
}

}  // namespace pgsieve
