// Format detection from content: reads the head of an input with every reader that could fit and takes what
// explains most. There is no minimum number of lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/error.h"
#include "analyzer/capture/ingest.h"

namespace pgsieve {

struct Detection {
  LogFormatKind kind = LogFormatKind::kUnknown;
  std::string prefix;                 // kStderr
  uint64_t matched = 0;               // records of the sample that were read
  uint64_t sampled = 0;               // records of the sample (continuation lines left out)
  Microseconds first = kUnknownTime;  // of the sample
  bool descending = false;            // the sample runs backwards in time
};

// `head`: the first bytes of a decoded input (1 MiB is plenty); `whole`: it is all of it. `hint`: a prefix
// that fitted another input of the same run, tried first. `prefix_head`: what every prefix is known to start
// with; it ends with "[%p] ". Fails when nothing matches; the Error says what the lines look like.
Result<Detection> detect_log(std::string_view head, bool whole, const IngestOptions& options,
                             std::string_view hint = {}, std::string_view prefix_head = {});

// The candidates for log_line_prefix that the lines suggest, best first, at most `limit`. Lines are whole,
// without tabs at their start. `prefix_head` as above.
std::vector<std::string> guess_prefixes(const std::vector<std::string_view>& lines, size_t limit,
                                        std::string_view prefix_head = {});

// Whether the line is a JSON object or array, whatever text is inside: no line of a stderr log.
bool is_json_record(std::string_view line);

// "stderr", … to its kind; kUnknown when there is no such format.
LogFormatKind log_format_kind(std::string_view name);

}  // namespace pgsieve
