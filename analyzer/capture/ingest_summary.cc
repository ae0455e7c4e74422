#include "analyzer/capture/ingest_summary.h"
#include "analyzer/base/utf8.h"

#include <fmt/format.h>

#include <set>
#include <string>
#include <vector>

#include "analyzer/capture/prefix.h"

namespace pgsieve {
namespace {

std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted.push_back(c);
    }
  }
  return quoted + "'";
}

std::string milliseconds(Microseconds time) {
  return fmt::format("{}.{:03} ms", time / 1000, time % 1000);
}

// Whether the input is a server's log, as against aggregates, spans or packets.
bool is_log(LogFormatKind kind) {
  return kind != LogFormatKind::kPackets && kind != LogFormatKind::kConversations &&
         kind != LogFormatKind::kOtlpSpans && kind != LogFormatKind::kStatStatements;
}

// "1 line was", "2 lines were".
std::string counted(uint64_t number, std::string_view one, std::string_view several) {
  return fmt::format("{} {}", number, number == 1 ? one : several);
}

constexpr size_t kSampleBytes = 200;  // of a line that could not be read
constexpr uint64_t kNoticeable = 60;  // percent

// Percentage of the transactions that have no statement in the log.
uint64_t hidden_transactions(const SettingsEvidence& evidence) {
  if (evidence.transactions_passed < 50) return 0;
  return 100 - evidence.transactions_seen * 100 / evidence.transactions_passed;
}

// log_min_duration_statement above 0 hides what is faster.
bool hides_fast(const SettingsEvidence& evidence, const IngestStats& stats) {
  return evidence.durations_with_text > 0 && stats.min_duration_seen >= kMillisecond &&
         evidence.texts_alone == 0;
}

// With a threshold of 0 every execute comes behind its bind. Where many do not, each line was drawn by lot:
// the percentage that was; 100: no sign of it.
uint64_t sampled_statements(const SettingsEvidence& evidence, const IngestStats& stats) {
  constexpr uint64_t kEnough = 20;
  constexpr uint64_t kUsual = 75;
  if (evidence.executes_timed < kEnough || stats.no_session > 0 || stats.min_duration_seen >= kMillisecond)
    return 100;
  const uint64_t percent = evidence.executes_bound * 100 / evidence.executes_timed;
  return percent < kUsual ? percent : 100;
}

// log_duration with a log_statement other than 'all': durations of what the log has no text of.
bool most_are_left_out(const SettingsEvidence& evidence, const IngestStats& stats) {
  constexpr uint64_t kEnough = 10;
  return stats.executions > 0 && evidence.bare_durations >= kEnough &&
         evidence.bare_durations * 4 >= stats.executions;
}

// A clock of milliseconds shows a whole second once in a thousand times.
bool tells_whole_seconds(const SettingsEvidence& evidence, const IngestStats& stats) {
  constexpr uint64_t kEnough = 20;
  return stats.entries >= kEnough && stats.first != kUnknownTime &&
         evidence.fractional_times * 2 < stats.entries;
}

bool tells_sessions(const std::string& prefix) {
  const Result<PrefixMatcher> matcher = PrefixMatcher::compile(prefix);
  return matcher && (matcher->has('p') || matcher->has('c'));
}

// Of the stderr logs among the files.
std::set<std::string> prefixes_of(const std::vector<IngestFile>& files) {
  std::set<std::string> prefixes;
  for (const IngestFile& file : files) {
    if (file.format.starts_with("stderr") && file.bytes > 0) prefixes.insert(file.prefix);
  }
  return prefixes;
}

void infer_settings(const SettingsEvidence& evidence, IngestStats& stats) {
  auto& settings = stats.settings;
  if (evidence.durations_with_text > 0) {
    // Below a millisecond nothing but 0 makes sense as a threshold.
    settings["log_min_duration_statement"] =
        stats.min_duration_seen < kMillisecond
            ? "0"
            : fmt::format("at most {} (the shortest seen)", milliseconds(stats.min_duration_seen));
  } else {
    settings["log_min_duration_statement"] = "off";
  }
  if (most_are_left_out(evidence, stats)) {
    settings["log_statement"] = "not 'all': durations without a statement";
  } else if (evidence.texts_alone > 0) {
    settings["log_statement"] = "on (statements without a duration of their own)";
  }
  if (evidence.durations_paired + evidence.bare_durations > 0) settings["log_duration"] = "on";
  if (evidence.plans > 0) settings["auto_explain"] = fmt::format("on ({} plans)", evidence.plans);
  if (!hides_fast(evidence, stats) && hidden_transactions(evidence) >= kNoticeable) {
    settings["log_transaction_sample_rate"] = fmt::format(
        "or log_statement_sample_rate below 1: about {}% of the transactions have a statement in the log",
        100 - hidden_transactions(evidence));
  }
  if (const uint64_t percent = sampled_statements(evidence, stats); percent < 100) {
    settings["log_min_duration_statement"] = "off or above 0";
    settings["log_min_duration_sample"] = "0";
    settings["log_statement_sample_rate"] =
        fmt::format("below 1: {}% of the executions come without the bind before them", 100 - percent);
  }
  if (evidence.locations > 0) settings["log_error_verbosity"] = "verbose";
  if (tells_whole_seconds(evidence, stats)) settings["log_line_prefix"] = "times in whole seconds (%t)";
}

void add_warnings(const ReadAccount& account, const SettingsEvidence& evidence, bool log,
                  IngestStats& stats) {
  auto& warnings = stats.warnings;
  if (stats.interrupted)
    warnings.emplace_back("Reading was interrupted: only the part before is in the figures.");
  const bool threshold = hides_fast(evidence, stats);
  if (threshold) {
    warnings.push_back(
        fmt::format("The shortest duration is {}: log_min_duration_statement seems to hide faster "
                    "statements, so counts per request are too low.",
                    milliseconds(stats.min_duration_seen)));
  }
  if (!threshold && hidden_transactions(evidence) >= kNoticeable) {
    warnings.push_back(
        fmt::format("About {}% of the transactions have no statement in the log: it seems to be a sample "
                    "(log_transaction_sample_rate, log_statement_sample_rate), so counts are too low and "
                    "loops have gaps.",
                    hidden_transactions(evidence)));
  }
  if (const uint64_t percent = sampled_statements(evidence, stats); log && percent < 100) {
    warnings.push_back(fmt::format(
        "About {}% of the executions come without the bind before them: the log seems to be a sample "
        "(log_statement_sample_rate), so counts are too low and loops have gaps.",
        100 - percent));
  }
  if (log && tells_whole_seconds(evidence, stats)) {
    warnings.emplace_back(
        "Times are whole seconds: a pause of less than two is not known. With %m in place of %t in "
        "log_line_prefix it would be.");
  }
  if (log && stats.entries > 0 && stats.first == kUnknownTime) {
    warnings.emplace_back(
        "The lines have no time (no %m, %t or %n in log_line_prefix): when statements ran, and the pauses "
        "between them, are not known.");
  }
  if (most_are_left_out(evidence, stats)) {
    warnings.push_back(fmt::format(
        "{} no statement: log_duration is on, but log_statement leaves statements out, so counts are too "
        "low. With log_min_duration_statement = 0 they would be complete.",
        counted(evidence.bare_durations, "duration has", "durations have")));
  }
  if (evidence.late_fetches > 0) {
    warnings.push_back(fmt::format(
        "{} ({}) came after other statements of their session; their time is in no statement.",
        counted(evidence.late_fetches, "fetch", "fetches"), milliseconds(evidence.late_fetch_time)));
  }
  if (evidence.hidden_by_names > 0) {
    warnings.push_back(fmt::format(
        "{} not read: they seem to come from a client whose application_name has \"LOG:  \" in it. "
        "With another field behind %a in log_line_prefix they would be.",
        counted(evidence.hidden_by_names, "statement was", "statements were")));
  }
  if (stats.no_session > 0 && log) {
    warnings.push_back(
        fmt::format("{} no session (no %p or %c in the prefix): nothing can be said about their sequence.",
                    counted(stats.no_session, "statement has", "statements have")));
  }
  if (stats.missing_parameters > 0) {
    warnings.push_back(fmt::format("{} without values{}.",
                                   counted(stats.missing_parameters, "execution with parameters comes",
                                           "executions with parameters come"),
                                   !log ? ""
                                   : evidence.plans > 0 && evidence.durations_with_text == 0
                                       ? " (auto_explain has none before PostgreSQL 16)"
                                   : evidence.details > 0
                                       ? " (log_parameter_max_length = 0?)"
                                       : " (log_error_verbosity = terse or log_parameter_max_length = 0?)"));
  }
  if (stats.truncated_parameters > 0) {
    warnings.push_back(fmt::format("{} values that end in '...': log_parameter_max_length may have cut them.",
                                   counted(stats.truncated_parameters, "execution has", "executions have")));
  }
  if (stats.truncated_texts > 0)
    warnings.push_back(
        counted(stats.truncated_texts, "statement is cut short.", "statements are cut short."));
  if (stats.executions == 0 && evidence.bare_durations > 0) {
    warnings.push_back(
        "The log has durations but no statements: log_duration is on without log_statement or "
        "log_min_duration_statement.");
  } else if (stats.executions == 0 && evidence.durations_with_text > 0 && log) {
    warnings.emplace_back("The log's statements are empty: comments, or the \";\" of a connection check.");
  } else if (stats.executions == 0 && log) {
    warnings.push_back(fmt::format(
        "The log has {}: set log_min_duration_statement = 0 for a while to capture {}.",
        stats.errors > 0 ? "failed statements only" : "no statements", stats.errors > 0 ? "all" : "them"));
  }
  if (stats.unread_lines > 0) {
    warnings.push_back(counted(stats.unread_lines, "line could not be read; its shape is listed.",
                               "lines could not be read; their shapes are listed."));
    const bool foreign =
        std::any_of(stats.unread_shapes.begin(), stats.unread_shapes.end(), [](const auto& one) {
          const std::string& sample = one.second.sample;
          return !is_valid_utf8(sample.size() < kSampleBytes ? sample
                                                             : utf8_prefix(sample, sample.size() - 3));
        });
    if (foreign) {
      warnings.emplace_back(
          "Some of the lines that could not be read are not in UTF-8: convert the log (iconv -f ENCODING -t "
          "UTF-8) "
          "if it should have been read.");
    }
  }
  if (account.damaged_records > 0) {
    warnings.push_back(fmt::format("{} damaged, {}at byte {}; reading went on behind.",
                                   counted(account.damaged_records, "record is", "records are"),
                                   account.damaged_records == 1 ? "" : "the first ", account.damaged_offset));
  }
  if (account.truncated_entries > 0) {
    warnings.push_back(counted(account.truncated_entries, "entry is longer than the limit and was cut.",
                               "entries are longer than the limit and were cut."));
  }
  if (account.loose_continuations > 0) {
    warnings.push_back(fmt::format(
        "{} lost the tab in front; what they say was added to the entry before.",
        counted(account.loose_continuations, "continuation line has", "continuation lines have")));
  }
  if (evidence.evicted_backends > 0) {
    warnings.push_back(
        fmt::format("{} forgotten to bound memory; an entry of theirs may be unpaired.",
                    counted(evidence.evicted_backends, "idle session was", "idle sessions were")));
  }
  if (stats.localized_entries > 0) {
    warnings.push_back(fmt::format("{} in another language than English (lc_messages).",
                                   counted(stats.localized_entries, "entry is", "entries are")));
  }
}

}  // namespace

void InputFacts::add(ChunkSupplier& supplier) {
  for (IngestFile& file : supplier.files()) files.push_back(std::move(file));
  for (std::string& warning : supplier.warnings()) warnings.push_back(std::move(warning));
  const Detection& other = supplier.detection();
  if (other.kind == LogFormatKind::kUnknown) return;
  mixed |= supplier.mixed() || (detection.kind != LogFormatKind::kUnknown && detection.kind != other.kind);
  if (detection.kind == LogFormatKind::kUnknown) detection = other;
}

void summarize(InputFacts inputs, const ReadAccount& account, const SettingsEvidence& evidence,
               uint64_t log_entries, const IngestOptions& options, IngestStats& stats) {
  stats.lines = account.lines;
  stats.entry_bytes = account.entry_bytes;
  stats.unread_bytes = account.unread_bytes;
  stats.blank_bytes = account.blank_bytes;
  stats.unread_lines = account.unread_lines;
  stats.unread_shapes = account.unread_shapes;
  stats.files = std::move(inputs.files);
  for (const IngestFile& file : stats.files) stats.bytes += file.bytes;
  const Detection& detection = inputs.detection;
  stats.format = inputs.mixed ? "mixed" : std::string(log_format_name(detection.kind));
  const std::set<std::string> prefixes = prefixes_of(stats.files);
  const bool one_prefix = prefixes.size() <= 1;
  stats.prefix = !one_prefix ? "" : prefixes.empty() ? detection.prefix : *prefixes.begin();
  const bool log = inputs.mixed || is_log(detection.kind);
  if (log) {
    stats.confidence =
        fmt::format("matched {} of {} entries", log_entries, log_entries + account.unread_lines);
  } else {
    const std::string_view what = detection.kind == LogFormatKind::kPackets         ? "packets"
                                  : detection.kind == LogFormatKind::kConversations ? "chunks"
                                  : detection.kind == LogFormatKind::kOtlpSpans     ? "spans"
                                                                                    : "rows";
    stats.confidence = fmt::format("{} {}", stats.entries, what);
  }
  if (!inputs.mixed) {
    stats.pin_options = "--format " + stats.format;
    if (detection.kind == LogFormatKind::kStderr && one_prefix)
      stats.pin_options += " --prefix " + shell_quoted(stats.prefix);
  }
  if (log) infer_settings(evidence, stats);
  // What the readers of whole inputs had to say comes first.
  for (std::string& warning : inputs.warnings) stats.warnings.push_back(std::move(warning));
  if (!options.prefix_given && !inputs.mixed && one_prefix && detection.kind == LogFormatKind::kStderr &&
      !tells_sessions(stats.prefix) && stats.no_session == 0) {
    const Result<PrefixMatcher> matcher = PrefixMatcher::compile(stats.prefix);
    stats.warnings.emplace_back(
        matcher && matcher->has('r')
            ? "The prefix has neither %p nor %c: sessions are told apart by the client's address and "
              "port (%r)."
            : "The prefix has neither %p nor %c: sessions can't be told apart.");
  }
  add_warnings(account, evidence, log, stats);
}

}  // namespace pgsieve
