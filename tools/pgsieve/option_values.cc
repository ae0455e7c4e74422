#include "tools/pgsieve/option_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>

#include "analyzer/advisor/scale.h"
#include "analyzer/workload/orm.h"
#include "tools/pgsieve/settings.h"
#include "tools/pgsieve/suggest.h"

namespace pgsieve {

std::vector<std::string> format_names() {
  std::vector<std::string> names;
  for (const ReportFormat& format : report_formats()) names.emplace_back(format.name);
  return names;
}

namespace {

template <typename Value>
Value choose(const std::string& option, const std::string& given,
             const std::vector<std::pair<std::string, Value>>& choices) {
  std::vector<std::string> names;
  for (const auto& [name, value] : choices) {
    if (name == given) return value;
    names.push_back(name);
  }
  const std::string hint = did_you_mean(given, names);
  throw UsageError{fmt::format("{} knows {}, not '{}'{}", option, fmt::join(names, ", "), given, hint)};
}

OutputSpec parse_output(const std::string& text) {
  const size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const ReportFormat* format = find_report_format(name);
  if (format == nullptr) {
    const std::vector<std::string> names = format_names();
    throw UsageError{fmt::format(
        "there is no output format '{}'{}{}", name, did_you_mean(name, names),
        nearest_name(name, names).empty() ? fmt::format(" (known: {})", fmt::join(names, ", ")) : "")};
  }
  if (colon != std::string::npos && colon + 1 == text.size()) {
    throw UsageError{fmt::format("-o {}: the file name is missing", text)};
  }
  return {format, colon == std::string::npos ? std::string() : text.substr(colon + 1)};
}

std::vector<OutputSpec> parse_outputs(const std::vector<std::string>& texts) {
  std::vector<OutputSpec> outputs;
  for (const std::string& text : texts) outputs.push_back(parse_output(text));
  if (outputs.empty()) outputs.push_back({find_report_format("text"), {}});
  const auto to_stdout =
      std::count_if(outputs.begin(), outputs.end(), [](const OutputSpec& spec) { return spec.file.empty(); });
  if (to_stdout > 1)
    throw UsageError{
        "only one output can go to standard output: name a file for the others (-o FORMAT:FILE)"};
  return outputs;
}

void check_rule_names(const std::vector<std::string>& given) {
  std::vector<std::string> names;
  for (const Rule& rule : all_rules()) names.emplace_back(rule.name);
  for (const std::string& name : given) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    throw UsageError{fmt::format("there is no rule '{}'{}", name, did_you_mean(name, names))};
  }
}

std::string log_format(const std::string& given) {
  if (given.empty() || given == "auto") return {};
  if (given == "csv") return "csvlog";
  if (given == "json") return "jsonlog";
  std::vector<std::pair<std::string, std::string>> choices{{"auto", ""}};
  for (const LogFormatKind kind :
       {LogFormatKind::kStderr, LogFormatKind::kCsv, LogFormatKind::kJson, LogFormatKind::kSyslog,
        LogFormatKind::kOtlpSpans, LogFormatKind::kStatStatements, LogFormatKind::kPackets,
        LogFormatKind::kConversations}) {
    const std::string name(log_format_name(kind));
    choices.emplace_back(name, name);
  }
  return choose("--format", given, choices);
}

Microseconds moment(const char* option, const std::string& text) {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  if (text.empty()) return kUnknownTime;
  const std::optional<Microseconds> time = parse_moment(text, now.count());
  if (!time)
    throw UsageError{
        fmt::format("{} '{}' is no time: write 2026-11-22 01:00:00 (UTC), 2026-11-22, 2026-11, or 24h, 7d, "
                    "30m before now",
                    option, text)};
  return *time;
}

void check_tags(const std::vector<std::string>& tags) {
  for (const std::string& tag : tags) {
    if (tag.find('=') == std::string::npos || tag.starts_with('=')) {
      throw UsageError{fmt::format("a tag is written KEY=VALUE, not '{}'", tag)};
    }
  }
}

std::map<std::string, std::string> parse_rule_options(const std::vector<std::string>& settings) {
  std::map<std::string, std::string> options;
  for (const std::string& setting : settings) {
    const size_t equals = setting.find('=');
    const size_t dot = setting.find('.');
    if (equals == std::string::npos || dot == std::string::npos || dot > equals) {
      throw UsageError{fmt::format("--set is written RULE.OPTION=VALUE, not '{}'", setting)};
    }
    check_rule_names({setting.substr(0, dot)});
    const std::vector<std::string> names = rule_option_names(setting.substr(0, dot));
    const std::string name = setting.substr(dot + 1, equals - dot - 1);
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw UsageError{fmt::format("{} has no option '{}'{}", setting.substr(0, dot), name, did_you_mean(name, names))};
    options[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  return options;
}

bool has_filters(const AnalysisOptions& options) {
  const IngestOptions& ingest = options.ingest;
  const auto any = [](const auto&... lists) { return (!lists.empty() || ...); };
  return ingest.since != kUnknownTime || ingest.until != kUnknownTime ||
         any(ingest.databases, ingest.users, ingest.applications, ingest.hosts, ingest.exclude_databases,
             ingest.exclude_users, ingest.exclude_applications, ingest.exclude_hosts,
             options.workload.tag_filters, options.workload.tag_excludes);
}

}  // namespace

When color_of(const RawOptions& raw) {
  return choose<When>("--color", raw.color,
                      {{"auto", When::kAuto}, {"always", When::kAlways}, {"never", When::kNever}});
}

// "90%" or "90".
static double parse_share(const std::string& text) {
  double share = 0;
  std::string_view digits = text;
  if (digits.ends_with('%')) digits.remove_suffix(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), share);
  if (error != std::errc() || end != digits.data() + digits.size() || share < 0 || share > 100)
    throw UsageError{fmt::format("--min-recognised is a share of the lines, as in 90%, not '{}'", text)};
  return share;
}

static void complete_gate(GateOptions& gate, const RawOptions& raw) {
  choose<int>("--stale", gate.stale, {{"note", 0}, {"warning", 1}, {"error", 2}});
  if (!raw.min_recognised.empty()) gate.min_recognised = parse_share(raw.min_recognised);
  for (const std::string& setting : raw.severities) {
    const size_t equals = setting.find('=');
    if (equals == std::string::npos)
      throw UsageError{fmt::format("--severity is written RULE=SEVERITY, not '{}'", setting)};
    const std::string rule = setting.substr(0, equals);
    if (rule != "budget") check_rule_names({rule});
    gate.severities[rule] = choose<FindingSeverity>("--severity", setting.substr(equals + 1),
                                                    {{"error", FindingSeverity::kError},
                                                     {"warning", FindingSeverity::kWarning},
                                                     {"note", FindingSeverity::kInfo},
                                                     {"info", FindingSeverity::kInfo}});
  }
}

void complete(ReportOptions& options, const RawOptions& raw) {
  AnalysisOptions& analysis = options.analysis;
  IngestOptions& ingest = analysis.ingest;
  options.outputs = parse_outputs(raw.outputs);
  options.color = color_of(raw);
  options.fail_on = choose<FailOn>("--fail-on", raw.fail_on,
                                   {{"info", FailOn::kInfo},
                                    {"note", FailOn::kInfo},
                                    {"warning", FailOn::kWarning},
                                    {"error", FailOn::kError},
                                    {"never", FailOn::kNever}});
  analysis.min_confidence = options.lint ? Confidence::kMedium : Confidence::kLow;
  if (!raw.min_confidence.empty() && !confidence_from_name(raw.min_confidence, analysis.min_confidence)) {
    throw UsageError{
        fmt::format("--min-confidence knows low, medium, high, proved, not '{}'", raw.min_confidence)};
  }
  if (!analysis.orm.empty() && orm_from_name(analysis.orm) == Orm::kUnknown) {
    throw UsageError{fmt::format("--orm knows {}, not '{}'", fmt::join(orm_names(), ", "), analysis.orm)};
  }
  complete_gate(options.gate, raw);
  check_rule_names(analysis.rules);
  check_rule_names(analysis.skip_rules);
  analysis.rule_options = parse_rule_options(raw.rule_options);
  check_tags(analysis.workload.tag_filters);
  check_tags(analysis.workload.tag_excludes);
  analysis.workload.keep_values = true;
  if (!raw.scale.empty()) {
    options.scale = parse_scale(raw.scale);
    if (!options.scale) throw UsageError{fmt::format("--scale is a factor such as 100x, not '{}'", raw.scale)};
  }
  ingest.format = log_format(ingest.format);
  ingest.since = moment("--since", raw.since);
  ingest.until = moment("--until", raw.until);
  if (ingest.since != kUnknownTime && ingest.until != kUnknownTime && ingest.until <= ingest.since)
    throw UsageError{fmt::format("--until ({}) is not after --since ({})", format_time(ingest.until), format_time(ingest.since))};
  ingest.threads =
      raw.threads != 0 ? std::min(raw.threads, 256U) : std::max(1U, std::thread::hardware_concurrency());
  if (analysis.inputs.empty() && analysis.store_file.empty()) {
    throw UsageError{"no input: name log files, directories, or - for standard input, or a --store"};
  }
  const bool standard_input =
      std::find(analysis.inputs.begin(), analysis.inputs.end(), "-") != analysis.inputs.end();
  if (ingest.follow && (analysis.inputs.empty() || standard_input)) {
    throw UsageError{"--follow needs files: standard input is read as it comes anyway"};
  }
  if (analysis.inputs.empty() && has_filters(analysis)) {
    throw UsageError{"filters choose what is read into a store; they can't take anything out of it again"};
  }
}

std::optional<Microseconds> parse_moment(std::string_view text, Microseconds now) {
  if (text.ends_with(" ago")) text.remove_suffix(4);
  int64_t amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error == std::errc() && amount >= 0 && end + 1 == text.data() + text.size()) {
    constexpr Microseconds kMinute = 60 * kSecond;
    constexpr int64_t kLongest = 365LL * 1000;
    if (amount > kLongest * 86400) return {};
    switch (*end) {
      case 's':
        return now - amount * kSecond;
      case 'm':
        return now - amount * kMinute;
      case 'h':
        return now - amount * 60 * kMinute;
      case 'w':
        return amount > kLongest / 7 ? std::nullopt : std::optional(now - amount * 7 * 24 * 60 * kMinute);
      case 'd':
        return amount > kLongest ? std::nullopt : std::optional(now - amount * 24 * 60 * kMinute);
      default:
        break;
    }
  }
  // "2026-11-22 01:00 CET": the seconds may be left out before a zone, too.
  constexpr size_t kMinute = 16;
  if (text.size() > kMinute && text[13] == ':' && text[kMinute] != ':') {
    const std::string candidate = std::string(text.substr(0, kMinute)) + ":00" + std::string(text.substr(kMinute));
    const ParsedTime parsed = parse_time(candidate);
    if (parsed.length == candidate.size() && parsed.zone_known) return parsed.time;
  }
  // A year, a month, a day, an hour or a minute stands for its start.
  for (const char* completion : {"", ":00", ":00:00", " 00:00:00", "-01 00:00:00", "-01-01 00:00:00"}) {
    const std::string candidate = std::string(text) + completion;
    const ParsedTime parsed = parse_time(candidate);
    if (parsed.length == candidate.size() && parsed.length != 0 && parsed.zone_known) return parsed.time;
  }
  return {};
}

}  // namespace pgsieve
