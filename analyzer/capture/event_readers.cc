#include "analyzer/capture/event_readers.h"

namespace pgsieve {

std::unique_ptr<EventReader> make_event_reader(LogFormatKind kind, const IngestOptions& /*options*/) {
  if (kind == LogFormatKind::kOtlpSpans) return make_span_reader();
  if (kind == LogFormatKind::kStatStatements) return make_stat_statements_reader();
  return nullptr;
}

LogFormatKind detect_event_format(std::string_view head) {
  const size_t start = head.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (start == std::string_view::npos) return LogFormatKind::kUnknown;
  head.remove_prefix(start);
  // The export's outermost key comes first; a log that merely mentions it doesn't start with a brace and this
  // key.
  if (head.starts_with('{') || head.starts_with('[')) {
    const size_t key = head.find('"');
    constexpr std::string_view kSpans = "\"resourceSpans\"";
    if (key != std::string_view::npos && key < 64 && head.substr(key).starts_with(kSpans))
      return LogFormatKind::kOtlpSpans;
  }
  return is_stat_statements(head) ? LogFormatKind::kStatStatements : LogFormatKind::kUnknown;
}

}  // namespace pgsieve
