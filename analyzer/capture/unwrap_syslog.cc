// syslog files: RFC 3164 ("Nov 22 00:53:03 host postgres[25940]: …"), its ISO-dated variant (rsyslog's file
// format), RFC 5424
// ("<134>1 2026-11-22T00:53:03.1Z host postgres 25940 - - …"), `journalctl` output, and Heroku's logplex
// ("2026-11-22T00:53:03.1Z app[postgres.5925]: [COLOR] [12-1]  …").
//
// RFC 3164 has no year: lines take the year in which they are not in the future. Its zone is unknown, too:
// the time goes on without one.
#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>

#include "analyzer/base/time.h"
#include "analyzer/capture/entry_joiner.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

struct Header {
  std::string_view month_day_time;  // RFC 3164: "Nov 22 00:53:03"
  std::string_view iso_time;
  std::string unix_time;  // RFC 3164 with the seconds since 1970, as an ISO time
  std::string_view host, program, pid, message;
};

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

// Text that journalctl does not print: "[146B blob data]", "[1.2K blob data]".
bool is_blob(std::string_view message) {
  constexpr std::string_view kEnd = " blob data]";
  const size_t unit = message.find_first_not_of("0123456789.", 1);
  if (!message.starts_with('[') || unit < 2 || unit == std::string_view::npos) return false;
  return std::string_view("BKMG").find(message[unit]) != std::string_view::npos &&
         message.substr(unit + 1) == kEnd;
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
bool take_tag(std::string_view& text, Header& header) {
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

bool read_header(std::string_view text, Header& header) {
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
// read_header().
bool read_heroku(std::string_view text, Header& header) {
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

// "[DATABASE_COLOR] " before Heroku's marks.
std::string_view without_color(std::string_view text) {
  if (!text.starts_with('[')) return text;
  const size_t close = text.find("] ");
  if (close == std::string_view::npos || (text.size() > 1 && is_digit(text[1]))) return text;
  const std::string_view color = text.substr(1, close - 1);
  const bool upper = std::all_of(color.begin(), color.end(),
                                 [](char c) { return (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c); });
  return upper && text.substr(close + 2).starts_with('[') ? text.substr(close + 2) : text;
}

// "Nov 22 00:53:03" with its year.
std::string full_time(std::string_view month_day_time, int64_t now_seconds) {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto month = static_cast<unsigned>(kMonths.find(month_day_time.substr(0, 3)) / 3 + 1);
  unsigned day = 0;
  const size_t blank = month_day_time[4] == ' ' ? 1 : 0;
  std::from_chars(month_day_time.data() + 4 + blank, month_day_time.data() + 6, day);
  const std::chrono::year_month_day today{std::chrono::sys_days{std::chrono::days{now_seconds / 86400}}};
  int year = static_cast<int>(today.year());
  if (days_from_civil(year, month, std::max(day, 1U)) > now_seconds / 86400 + 1) --year;
  char date[40];
  const int length = std::snprintf(date, sizeof date, "%04d-%02u-%02u ", year, month, day);
  return std::string(date, static_cast<size_t>(length)) + std::string(month_day_time.substr(7));
}

std::string iso_to_log(std::string_view iso) {
  std::string time(iso);
  if (time[10] == ' ') return time;
  time[10] = ' ';
  if (time.ends_with('Z') || time.ends_with('z')) {
    time.replace(time.size() - 1, 1, " UTC");
  } else if (const size_t zone = time.find_first_of("+-", 11); zone != std::string::npos) {
    time.insert(zone, " ");
  }
  return time;
}

class SyslogUnwrapper final : public LineUnwrapper {
 public:
  // named_hosts: every line names its host.
  SyslogUnwrapper(const IngestOptions& options, UnwrapReport& report, bool named_hosts)
      : LineUnwrapper(report), named_hosts_(named_hosts) {
    report_.inner = LogFormatKind::kStderr;
    if (named_hosts_) report_.inner_head = EntryJoiner::kHostHead;
    if (options.prefix_given) {
      report_.inner_prefix = EntryJoiner::prefix_for(options.prefix, named_hosts_);
      report_.inner_prefix_known = true;
    }
    now_seconds_ =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
  }

  bool finish(std::string& out) override {
    LineUnwrapper::finish(out);
    joiner_.finish(out);
    return false;
  }

 protected:
  void line(std::string_view text, std::string& out) override {
    Header header;
    if (text.empty()) return other(text);
    if (!read_header(text, header)) {
      if (repeat_last(text, out)) return;
      header = Header();
      if (!read_heroku(text, header)) return other(text);
    }
    const std::string_view message = without_color(header.message);
    const std::string time =
        header.iso_time.empty() ? time_of(header.month_day_time) : iso_to_log(header.iso_time);
    if (is_blob(message)) return omitted(text);
    constexpr std::string_view kRepeated = "message repeated ";
    if (message.starts_with(kRepeated))
      return repeat(time, header, message.substr(kRepeated.size()), text, out);
    std::string_view pid = header.pid;
    if (const size_t dot = pid.rfind('.'); dot != std::string_view::npos) pid.remove_prefix(dot + 1);
    const bool numeric = !pid.empty() && pid.size() < 20 && std::all_of(pid.begin(), pid.end(), is_digit);
    last_.known = joiner_.add(time, host_of(header), numeric ? pid : "0", message, out);
    if (!last_.known) return other(text);
    last_.time = time;
    last_.host = host_of(header);
    last_.pid = numeric ? pid : "0";
    last_.message = message;
  }

 private:
  const std::string& time_of(std::string_view month_day_time) {
    if (month_day_time != last_time_) {
      last_time_ = month_day_time;
      last_full_ = full_time(month_day_time, now_seconds_);
    }
    return last_full_;
  }

  std::string_view host_of(const Header& header) const {
    return !named_hosts_ ? std::string_view() : header.host.empty() ? std::string_view("-") : header.host;
  }

  // "message repeated 3 times: [TEXT]": rsyslog's reduction of equal messages.
  void repeat(const std::string& time, const Header& header, std::string_view rest,
              std::string_view line_text, std::string& out) {
    uint64_t times = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), times);
    const size_t open = rest.find("times: [");
    if (error != std::errc() || end == rest.data() || open == std::string_view::npos || !rest.ends_with(']'))
      return other(line_text);
    rest = rest.substr(open + 8, rest.size() - open - 9);
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    for (uint64_t i = 0; i < std::min<uint64_t>(times, 10'000); ++i) {
      if (!joiner_.add(time, host_of(header), header.pid.empty() ? "0" : header.pid, rest, out))
        return other(line_text);
    }
  }

  // "Nov 22 00:53:03 host last message repeated 3 times": what older daemons write, without a tag.
  bool repeat_last(std::string_view line, std::string& out) {
    constexpr std::string_view kMark = " last message repeated ";
    const size_t at = line.substr(0, 200).find(kMark);
    if (at == std::string_view::npos || !line.ends_with(" times")) return false;
    const std::string_view rest = line.substr(at + kMark.size());
    uint64_t times = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), times);
    if (error != std::errc() || rest.substr(static_cast<size_t>(end - rest.data())) != " times") return false;
    if (!last_.known) return false;
    for (uint64_t i = 0; i < std::min<uint64_t>(times, 10'000); ++i)
      joiner_.add(last_.time, last_.host, last_.pid, last_.message, out);
    return true;
  }

  bool named_hosts_;
  EntryJoiner joiner_;
  struct {
    std::string time, host, pid, message;
    bool known = false;
  } last_;  // the latest record that was the server's
  std::string last_time_, last_full_;
  int64_t now_seconds_ = 0;
};

// Counts among the complete lines of head (at most 200) those that `accept`s, and those a server wrote.
template <typename Accept>
bool mostly(std::string_view head, const Accept& accept) {
  size_t lines = 0, matched = 0, server = 0;
  for (size_t start = 0; start < head.size() && lines < 200;) {
    const size_t end = head.find('\n', start);
    if (end == std::string_view::npos && lines > 0) break;
    const std::string_view line = head.substr(start, end - start);
    start = end == std::string_view::npos ? head.size() : end + 1;
    if (line.empty()) continue;
    ++lines;
    Header header;
    if (!accept(line, header)) continue;
    ++matched;
    if (find_level(header.message).length > 0) ++server;
  }
  return lines > 0 && matched * 2 > lines && server > 0;
}

}  // namespace

bool is_syslog(std::string_view head) {
  return mostly(head, read_header);
}
bool is_heroku(std::string_view head) {
  return mostly(head, read_heroku);
}

std::unique_ptr<Unwrapper> make_syslog(const IngestOptions& options, UnwrapReport& report) {
  return std::make_unique<SyslogUnwrapper>(options, report, true);
}
std::unique_ptr<Unwrapper> make_heroku(const IngestOptions& options, UnwrapReport& report) {
  return std::make_unique<SyslogUnwrapper>(options, report, false);
}

}  // namespace pgsieve
