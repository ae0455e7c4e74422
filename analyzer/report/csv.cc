// csv: the patterns as a table, RFC 4180, for spreadsheets.
#include <fmt/format.h>

#include "analyzer/report/escape.h"
#include "analyzer/report/report.h"

namespace pgsieve {

std::string write_csv(const Report& report) {
  std::string out =
      "fingerprint,arity,calls,errors,total_ms,mean_ms,p50_ms,p95_ms,p99_ms,min_ms,max_ms,rows,query\r\n";
  for (const Pattern* pattern : report.patterns) {
    const PatternTimes times = pattern_times(*pattern);
    const auto ms = [&](double milliseconds) {
      return times.known ? fmt::format("{:.3f}", milliseconds) : std::string();
    };
    out += fmt::format(
        "{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n", fingerprint_hex(pattern->key.fingerprint),
        arity_name(pattern->key.arity), pattern->calls, pattern->errors, ms(times.total_ms),
        ms(times.mean_ms), ms(times.p50_ms), ms(times.p95_ms), ms(times.p99_ms), ms(times.min_ms),
        ms(times.max_ms), pattern->rows_calls != 0 ? std::to_string(pattern->rows_total) : std::string(),
        csv_field(escape_terminal(pattern->query)));
  }
  return out;
}

}  // namespace pgsieve
