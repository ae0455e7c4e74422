#include "analyzer/capture/syslog_header.h"

#include <algorithm>

#include "analyzer/base/time.h"

namespace pgsieve {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view take_word(std::string_view& text) {
  const size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

bool is_month(std::string_view word) {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const size_t at = word.size() == 3 ? kMonths.find(word) : std::string_view::npos;
  return at != std::string_view::npos && at % 3 == 0;
}

// "Mmm dd hh:mm:ss", the day padded with a blank or zero; journalctl can add a fraction.
bool take_bsd_time(std::string_view& text, std::string_view& time) {
  if (text.size() < 16 || !is_month(text.substr(0, 3)) || text[3] != ' ' || text[9] != ':' ||
      text[12] != ':') {
    return false;
  }
  for (const size_t at : {5U, 7U, 8U, 10U, 11U, 13U, 14U}) {
    if (!is_digit(text[at])) return false;
  }
  size_t end = 15;
  if (text[end] == '.') {
    while (++end < text.size() && is_digit(text[end])) {
    }
  }
  if (end >= text.size() || text[end] != ' ') return false;
  time = text.substr(0, end);
  text.remove_prefix(end + 1);
  return true;
}

// journalctl -o short-unix: "1763905767.305495 ", as an ISO time.
bool take_unix_time(std::string_view& text, std::string& time) {
  constexpr size_t kSeconds = 10, kDigits = 6;
  if (text.size() < kSeconds + kDigits + 2 || text[kSeconds] != '.' || text[kSeconds + kDigits + 1] != ' ')
    return false;
  int64_t microseconds = 0;
  for (size_t at = 0; at <= kSeconds + kDigits; ++at) {
    if (at == kSeconds) continue;
    if (!is_digit(text[at])) return false;
    microseconds = microseconds * 10 + (text[at] - '0');
  }
  time = format_time(microseconds);
  text.remove_prefix(kSeconds + kDigits + 2);
  return true;
}

// journalctl -o short-full: "Fri 2026-11-20 10:00:00 UTC ".
bool take_full_time(std::string_view& text, std::string_view& time) {
  static constexpr std::string_view kDays = "MonTueWedThuFriSatSun";
  const size_t day =
      text.size() > 24 && text[3] == ' ' ? kDays.find(text.substr(0, 3)) : std::string_view::npos;
  if (day == std::string_view::npos || day % 3 != 0) return false;
  const ParsedTime parsed = parse_time(text.substr(4));
  if (parsed.length < 19 || text.size() <= 4 + parsed.length || text[4 + parsed.length] != ' ') return false;
  time = text.substr(4, parsed.length);
  text.remove_prefix(parsed.length + 5);
  return true;
}

// RFC 6587's octet count before a frame: "123 <134>1 …".
std::string_view without_octet_count(std::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && digits < 8 && is_digit(text[digits])) ++digits;
  return digits > 0 && text.substr(digits).starts_with(" <") ? text.substr(digits + 1) : text;
}

// "name[123]:" or "name:".
bool take_tag(std::string_view& text, SyslogHeader& header) {
  const size_t colon = text.find(": ");
  size_t end = colon;
  if (colon == std::string_view::npos) {
    if (!text.ends_with(':')) return false;
    end = text.size() - 1;
  }
  std::string_view tag = text.substr(0, end);
  if (tag.empty() || tag.size() > 200 || tag.find(' ') != std::string_view::npos) return false;
  if (tag.ends_with(']')) {
    const size_t open = tag.rfind('[');
    if (open == std::string_view::npos) return false;
    header.pid = tag.substr(open + 1, tag.size() - open - 2);
    tag = tag.substr(0, open);
  }
  header.program = tag;
  text.remove_prefix(std::min(end + 2, text.size()));
  header.message = text;
  return true;
}

// The structured data of RFC 5424: "-" or "[id name=\"value\" …]…".
bool skip_structured_data(std::string_view& text) {
  if (text.starts_with('-')) {
    text.remove_prefix(1);
  } else {
    if (!text.starts_with('[')) return false;
    bool quoted = false;
    size_t i = 0;
    for (; i < text.size(); ++i) {
      if (text[i] == '\\' && quoted) {
        ++i;
      } else if (text[i] == '"') {
        quoted = !quoted;
      } else if (text[i] == ']' && !quoted && (i + 1 == text.size() || text[i + 1] != '[')) {
        break;
      }
    }
    if (i >= text.size()) return false;
    text.remove_prefix(i + 1);
  }
  if (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

// "<134>Nov 22 00:53:03 postgres[25940]: …" behind a time and a host: a record as it came, with or without a
// host of its own. A daemon that is told not to read records writes it there.
bool read_unparsed(std::string_view text, SyslogHeader& header) {
  const size_t digits = std::min(text.find_first_not_of("0123456789", 1), text.size());
  if (digits < 2 || digits > 4 || digits == text.size() || text[digits] != '>') return false;
  text.remove_prefix(digits + 1);
  std::string_view time;
  if (!take_bsd_time(text, time)) return false;
  if (take_tag(text, header)) return true;
  header.host = take_word(text);
  return take_tag(text, header);
}

}  // namespace

bool read_syslog_header(std::string_view text, SyslogHeader& header) {
  bool numbered = false;
  text = without_octet_count(text);
  if (text.starts_with('<')) {
    const size_t close = text.find('>');
    if (close == std::string_view::npos || close > 4) return false;
    text.remove_prefix(close + 1);
    numbered = text.starts_with("1 ");
    if (numbered) text.remove_prefix(2);
  }
  if (take_unix_time(text, header.unix_time)) {
    header.iso_time = header.unix_time;
  } else if (!take_bsd_time(text, header.month_day_time) && !take_full_time(text, header.iso_time)) {
    const ParsedTime time = parse_time(text);
    if (time.length < 19 || text.size() <= time.length || text[10] != 'T' || text[time.length] != ' ')
      return false;
    header.iso_time = text.substr(0, time.length);
    text.remove_prefix(time.length + 1);
  }
  header.host = take_word(text);
  if (header.host.empty()) return false;
  if (text.starts_with('<')) return read_unparsed(text, header);
  if (!numbered) return take_tag(text, header);
  header.program = take_word(text);
  header.pid = take_word(text);
  take_word(text);  // message id
  if (!skip_structured_data(text)) return false;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  header.message = text;
  return true;
}

// "TIME app[postgres.5925]: [COLOR] [12-1] text", or without the colon: "TIME d.<uuid> app[postgres.5925]
// [AQUA] [12-1] text"; an RFC 5424 frame ("<134>1 TIME host app postgres.5925 - [AQUA] …") is read by
// read_syslog_header().
bool read_heroku_header(std::string_view text, SyslogHeader& header) {
  const ParsedTime time = parse_time(text);
  if (time.length < 19 || text.size() <= time.length || text[10] != 'T') return false;
  header.iso_time = text.substr(0, time.length);
  text.remove_prefix(time.length);
  const size_t app = text.substr(0, 100).find("app[postgres");
  if (app == std::string_view::npos) return false;
  text.remove_prefix(app + 12);
  const size_t close = text.find(']');
  if (close == std::string_view::npos) return false;
  header.pid = text.substr(0, close);
  if (header.pid.starts_with('.')) header.pid.remove_prefix(1);
  text.remove_prefix(close + 1);
  if (text.starts_with(':')) text.remove_prefix(1);
  while (text.starts_with(' ')) text.remove_prefix(1);
  header.program = "postgres";
  header.message = text;
  return true;
}

}  // namespace pgsieve
