// What stands before the message in a line of a syslog file, in all the forms that daemons and journalctl
// write.
#pragma once

#include <string>
#include <string_view>

namespace pgsieve {

// Views into the line.
struct SyslogHeader {
  std::string_view month_day_time;  // RFC 3164: "Nov 22 00:53:03"
  std::string_view iso_time;
  std::string unix_time;  // RFC 3164 with the seconds since 1970, as an ISO time
  std::string_view host, program, pid, message;
};

// False: the line has no such header.
bool read_syslog_header(std::string_view line, SyslogHeader& header);
bool read_heroku_header(std::string_view line, SyslogHeader& header);

}  // namespace pgsieve
