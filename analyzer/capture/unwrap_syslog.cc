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
#include "analyzer/capture/syslog_header.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Text that journalctl does not print: "[146B blob data]", "[1.2K blob data]".
bool is_blob(std::string_view message) {
  constexpr std::string_view kEnd = " blob data]";
  const size_t unit = message.find_first_not_of("0123456789.", 1);
  if (!message.starts_with('[') || unit < 2 || unit == std::string_view::npos) return false;
  return std::string_view("BKMG").find(message[unit]) != std::string_view::npos &&
         message.substr(unit + 1) == kEnd;
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
    if (named_hosts_) report_.missing_messages = joiner_.missing();  // Heroku ships a choice of them
    return false;
  }

 protected:
  void line(std::string_view text, std::string& out) override {
    SyslogHeader header;
    if (text.empty()) return other(text);
    if (!read_syslog_header(text, header)) {
      if (repeat_last(text, out)) return;
      header = SyslogHeader();
      if (!read_heroku_header(text, header)) return other(text);
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

  std::string_view host_of(const SyslogHeader& header) const {
    return !named_hosts_ ? std::string_view() : header.host.empty() ? std::string_view("-") : header.host;
  }

  // "message repeated 3 times: [TEXT]": rsyslog's reduction of equal messages.
  void repeat(const std::string& time, const SyslogHeader& header, std::string_view rest,
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
    SyslogHeader header;
    if (!accept(line, header)) continue;
    ++matched;
    if (find_level(header.message).length > 0) ++server;
  }
  return lines > 0 && matched * 2 > lines && server > 0;
}

}  // namespace

bool is_syslog(std::string_view head) {
  return mostly(head, read_syslog_header);
}
bool is_heroku(std::string_view head) {
  return mostly(head, read_heroku_header);
}

std::unique_ptr<Unwrapper> make_syslog(const IngestOptions& options, UnwrapReport& report) {
  return std::make_unique<SyslogUnwrapper>(options, report, true);
}
std::unique_ptr<Unwrapper> make_heroku(const IngestOptions& options, UnwrapReport& report) {
  return std::make_unique<SyslogUnwrapper>(options, report, false);
}

}  // namespace pgsieve
