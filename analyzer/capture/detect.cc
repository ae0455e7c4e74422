#include "analyzer/capture/detect.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/capture/log_reader.h"
#include "analyzer/capture/prefix.h"
#include "analyzer/capture/severity.h"

namespace pgsieve {
namespace {

constexpr size_t kSampleLines = 600;
constexpr size_t kSampleBytes = size_t{512} * 1024;

constexpr std::pair<LogFormatKind, std::string_view> kNames[] = {
    {LogFormatKind::kStderr, "stderr"},   {LogFormatKind::kCsv, "csvlog"},
    {LogFormatKind::kJson, "jsonlog"},    {LogFormatKind::kSyslog, "syslog"},
    {LogFormatKind::kOtlpSpans, "otlp"},  {LogFormatKind::kStatStatements, "pg_stat_statements"},
    {LogFormatKind::kPackets, "pcap"},    {LogFormatKind::kConversations, "pgcap"},
    {LogFormatKind::kUnknown, "unknown"},
};

// Whole lines of the head that could start an entry.
std::vector<std::string_view> sample_lines(std::string_view head) {
  std::vector<std::string_view> lines;
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  while (!head.empty() && lines.size() < kSampleLines) {
    const size_t end = std::min(head.find('\n'), head.size());
    std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 1, head.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line[0] == '\t' || line.find_first_not_of(' ') == std::string_view::npos) continue;
    lines.push_back(line);
  }
  return lines;
}

// Logs of what runs beside a server, with marks that their lines have at the start or behind the level. Their
// lines may look like a server's, but say nothing about statements.
struct OtherProgram {
  std::string_view name;
  std::string_view levels[5];  // with what stands around them
  std::string_view marks[7];   // one of them follows; none: the level is telling enough
};
constexpr OtherProgram kOtherPrograms[] = {
    // "2026-01-01 00:00:00.000 UTC [12] LOG C-0x55…: db/user@1.2.3.4:5 login attempt", "… LOG stats: …"
    {"PgBouncer",
     {" LOG ", " WARNING ", " ERROR ", " DEBUG ", " NOISE "},
     {"C-0x", "S-0x", "stats: ", "kernel file descriptor", "listening on ", "process up: PgBouncer"}},
    // "2026-01-01 00:00:00,000 INFO: no action. I am (a), the leader with the lock"
    {"Patroni",
     {" INFO: ", " WARNING: ", " ERROR: "},
     {"no action. I am", "Lock owner: ", "Selected new ", "promoted self to leader",
      "following a different leader", "acquired session lock", "does not have lock"}},
    // "2026-01-01 00:00:00.000 P00   INFO: backup command begin"
    {"pgBackRest", {" P00   INFO: ", " P00  ERROR: ", " P00   WARN: ", " P00 DETAIL: ", " P01   INFO: "}, {}},
    // "2026-01-01 00:00:00.000: child pid 12: LOG:  new connection received"
    {"Pgpool-II",
     {": main pid ", ": child pid ", ": health_check", ": pcp_main pid ", ": sr_check_worker pid "},
     {}},
    {"MySQL", {"# Time: ", "# User@Host: ", "# Query_time: "}, {}},
};

bool is_of(const OtherProgram& program, std::string_view line) {
  constexpr size_t kLevelWithin = 80;
  for (const std::string_view level : program.levels) {
    const size_t at = level.empty() ? std::string_view::npos : line.find(level);
    if (at == std::string_view::npos || at > kLevelWithin) continue;
    const std::string_view rest = line.substr(at + level.size());
    if (program.marks[0].empty()) return true;
    for (const std::string_view mark : program.marks) {
      if (!mark.empty() && rest.starts_with(mark)) return true;
    }
  }
  return false;
}

// The program whose log this is; null: none of those.
const OtherProgram* other_program(const std::vector<std::string_view>& lines) {
  for (const OtherProgram& program : kOtherPrograms) {
    const auto hits = static_cast<size_t>(std::count_if(
        lines.begin(), lines.end(), [&program](std::string_view line) { return is_of(program, line); }));
    if (hits > 0 && hits * 3 >= lines.size()) return &program;
  }
  return nullptr;
}

// What one reader makes of the sample.
Detection try_reader(LogFormatKind kind, const std::string& prefix, std::string_view sample) {
  Detection detection{kind, prefix, 0, 0, kUnknownTime, false};
  ReaderOptions options;
  options.prefix = prefix;
  const auto reader = make_log_reader(kind, options);
  if (reader == nullptr) return detection;
  LogChunk chunk;
  reader->read({sample, 0, 0, true, true}, chunk);
  detection.matched = chunk.entries.size();
  detection.sampled = chunk.entries.size() + chunk.account.unread_lines;
  Microseconds last = kUnknownTime;
  size_t up = 0;
  size_t down = 0;
  for (const LogEntry& entry : chunk.entries) {
    if (entry.time == kUnknownTime) continue;
    if (detection.first == kUnknownTime || entry.time < detection.first) detection.first = entry.time;
    if (last != kUnknownTime && entry.time > last) ++up;
    if (last != kUnknownTime && entry.time < last) ++down;
    last = entry.time;
  }
  detection.descending = down > 4 * up && down >= 1;
  return detection;
}

Detection try_stderr(std::string_view sample, const IngestOptions& options, std::string_view hint,
                     std::string_view prefix_head) {
  if (options.prefix_given) return try_reader(LogFormatKind::kStderr, options.prefix, sample);
  if (!hint.empty() && hint.starts_with(prefix_head)) {
    Detection same = try_reader(LogFormatKind::kStderr, std::string(hint), sample);
    if (same.matched * 10 >= same.sampled * 9 && same.matched > 0) return same;
  }
  const std::vector<std::string> candidates = guess_prefixes(sample_lines(sample), 1, prefix_head);
  const Detection nothing{LogFormatKind::kStderr, "", 0, 0, kUnknownTime, false};
  if (candidates.empty()) return nothing;
  Detection found = try_reader(LogFormatKind::kStderr, candidates.front(), sample);
  // A prefix without time, pid or session has no form that could be told from any text: it is believed where
  // most lines have it. (A few do in every export that holds a statement which imitates a log.)
  const Result<PrefixMatcher> matcher = PrefixMatcher::compile(found.prefix);
  if (matcher && !matcher->has_time() && !matcher->has_session() && found.matched * 2 <= found.sampled)
    return nothing;
  return found;
}

std::string printable(std::string_view text, size_t limit) {
  std::string result;
  for (const char c : text.substr(0, limit)) {
    result.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c);
  }
  // Cut before a multibyte character rather than inside one.
  while (text.size() > limit && !result.empty() && (static_cast<unsigned char>(result.back()) & 0xC0) == 0x80)
    result.pop_back();
  return text.size() > limit ? result + "…" : result;
}

// " userid | query | calls | …" over "--------+-----", or "-[ RECORD 1 ]---+----" of the expanded form.
bool is_psql_table(const std::vector<std::string_view>& lines) {
  if (lines.front().starts_with("-[ RECORD 1 ]")) return true;
  if (lines.size() < 2 || lines.front().find(" | ") == std::string_view::npos) return false;
  return lines[1].find("-+-") != std::string_view::npos &&
         lines[1].find_first_not_of("-+\r ") == std::string_view::npos;
}

Error nothing_matched(const Detection& best, std::string_view sample, const IngestOptions& options) {
  const std::vector<std::string_view> lines = sample_lines(sample);
  Error error;
  error.kind = Error::Kind::kInput;
  if (lines.empty()) {
    error.message = "the input is empty";
    error.hint = "Give a PostgreSQL server log";
    return error;
  }
  if (const OtherProgram* program = other_program(lines); program != nullptr) {
    error.message =
        fmt::format("this is a log of {}: it has no statements of a PostgreSQL server", program->name);
    error.hint = "Give the log of the PostgreSQL server itself";
    return error;
  }
  const bool binary = sample.substr(0, 4096).find('\0') != std::string_view::npos;
  const std::string_view name =
      best.kind == LogFormatKind::kUnknown ? std::string_view("a log") : log_format_name(best.kind);
  error.message =
      fmt::format("matched 0 of {} line{} as {}", lines.size(), lines.size() == 1 ? "" : "s", name);
  if (options.prefix_given) error.message += fmt::format(" with prefix '{}'", options.prefix);
  error.message += binary ? "; the input is binary"
                          : fmt::format("; the lines look like '{}'", printable(lines.front(), 160));
  error.hint =
      options.prefix_given   ? "Leave --prefix out to have it detected, or give the server's log_line_prefix"
      : is_psql_table(lines) ? "This is a table as psql shows it: export it with psql --csv, or \\copy "
                               "(SELECT …) TO 'file' CSV HEADER"
      : is_json_record(lines.front())
          ? "This JSON is of no exporter that is known: take the server's lines out of it, for instance with "
            "jq -r .FIELD"
          : "Name the format with --format and, for stderr, the server's log_line_prefix with --prefix";
  return error;
}

}  // namespace

std::string_view log_format_name(LogFormatKind kind) {
  for (const auto& [known, name] : kNames) {
    if (known == kind) return name;
  }
  return "unknown";
}

LogFormatKind log_format_kind(std::string_view name) {
  if (name == "csv") return LogFormatKind::kCsv;
  if (name == "json") return LogFormatKind::kJson;
  for (const auto& [kind, known] : kNames) {
    if (known == name) return kind;
  }
  return LogFormatKind::kUnknown;
}

Result<Detection> detect_log(std::string_view head, bool whole, const IngestOptions& options,
                             std::string_view hint, std::string_view prefix_head) {
  std::string_view sample = head.substr(0, kSampleBytes);
  // A record cut by the end of the sample must not count against a format.
  if (!whole || sample.size() < head.size()) {
    const size_t end = sample.rfind('\n');
    if (end != std::string_view::npos && end > 0) sample = sample.substr(0, end + 1);
  }
  const LogFormatKind wanted = options.format.empty() || options.format == "auto"
                                   ? LogFormatKind::kUnknown
                                   : log_format_kind(options.format);
  Detection best;
  best.kind = wanted;
  const auto consider = [&](Detection candidate) {
    // The share of records read decides; of equals, the first.
    if (candidate.matched == 0) return;
    if (best.matched == 0 || candidate.matched * best.sampled > best.matched * candidate.sampled)
      best = std::move(candidate);
  };
  const auto allowed = [&](LogFormatKind kind) {
    return wanted == kind ||
           (wanted == LogFormatKind::kUnknown && (!options.prefix_given || kind == LogFormatKind::kStderr));
  };
  if (allowed(LogFormatKind::kJson)) consider(try_reader(LogFormatKind::kJson, "", sample));
  if (allowed(LogFormatKind::kCsv)) consider(try_reader(LogFormatKind::kCsv, "", sample));
  const bool clear = best.matched > 0 && best.matched * 10 >= best.sampled * 9;
  if (!clear && (allowed(LogFormatKind::kStderr) || wanted == LogFormatKind::kSyslog))
    consider(try_stderr(sample, options, hint, prefix_head));
  if (best.matched == 0) return nothing_matched(best, sample, options);
  // Another program's lines that fit some prefix, in a stream that no server writes to.
  if (best.kind == LogFormatKind::kStderr && wanted == LogFormatKind::kUnknown && !options.prefix_given &&
      sample.find("duration: ") == std::string_view::npos &&
      sample.find("statement: ") == std::string_view::npos && other_program(sample_lines(sample)) != nullptr)
    return nothing_matched(best, sample, options);
  return best;
}

}  // namespace pgsieve
