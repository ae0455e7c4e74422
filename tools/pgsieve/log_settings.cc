#include "tools/pgsieve/log_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/sql/expression_text.h"

namespace pgsieve {

namespace {

constexpr const char* kPrefix = "%m [%p] %q%u@%d/%a ";
constexpr const char* kLibraries = "session_preload_libraries";

// "a, b" as its elements.
std::vector<std::string> elements(const std::string& list) {
  std::vector<std::string> found;
  std::string element;
  bool quoted = false;
  for (const char byte : list + ",") {
    if (byte == '"') {
      quoted = !quoted;
    } else if (byte == ',' && !quoted) {
      if (!element.empty()) found.push_back(element);
      element.clear();
    } else if (byte != ' ' || quoted) {
      element += byte;
    }
  }
  return found;
}

class Judge {
 public:
  Judge(const std::map<std::string, ServerSetting>& settings, const LoggingWishes& wishes)
      : settings_(settings), wishes_(wishes) {}

  std::vector<SettingAdvice> run() {
    threshold();
    prefix();
    destination();
    statement_lines();
    values();
    hidden_lines();
    plans();
    return std::move(advice_);
  }

 private:
  using Verdict = SettingAdvice::Verdict;

  bool known(const std::string& name) const { return settings_.contains(name); }
  std::string value(const std::string& name) const {
    const auto found = settings_.find(name);
    return found == settings_.end() ? std::string() : found->second.value;
  }

  void want(const std::string& name, bool good, const std::string& wanted, const std::string& why,
            const std::string& cost) {
    if (good) {
      advice_.push_back({Verdict::kGood, name, value(name), {}, why, {}});
      return;
    }
    const auto found = settings_.find(name);
    const std::string source = found == settings_.end() ? std::string() : found->second.source;
    if (source == "command line" || source == "environment variable") {
      advice_.push_back(
          {Verdict::kBlocked, name, value(name), wanted,
           why + "; it is given on the server's command line (-c), which no other setting overrides: "
                 "change it there",
           cost});
      return;
    }
    advice_.push_back({Verdict::kChange, name, value(name), wanted, why, cost});
  }
  void note(const std::string& name, const std::string& why) {
    advice_.push_back({Verdict::kNote, name, value(name), {}, why, {}});
  }

  void threshold() {
    want("log_min_duration_statement", value("log_min_duration_statement") == "0", "0",
         "every statement with its duration; a loop is made of statements too fast for any threshold",
         "one line of log for each statement: some percent of throughput on a busy server, and disk");
  }

  bool only_structured() const {
    if (value("logging_collector") != "on") return false;
    const std::vector<std::string> targets = elements(value("log_destination"));
    return std::find(targets.begin(), targets.end(), "stderr") == targets.end() &&
           std::find(targets.begin(), targets.end(), "syslog") == targets.end();
  }

  void prefix() {
    if (only_structured()) return;  // csvlog and jsonlog carry all of it
    const std::string prefix = value("log_line_prefix");
    const auto has = [&](const char* escape) { return prefix.find(escape) != std::string::npos; };
    std::string missing;
    const auto need = [&](bool present, const char* what) {
      if (!present) missing += (missing.empty() ? "" : "; ") + std::string(what);
    };
    need(has("%m") || has("%n"), "%m: times to the millisecond, for pauses and loops");
    need(has("%p") || has("%c"), "%p: tells sessions apart, without which there are no loops");
    need(has("%d"), "%d: the database, for filters and one database per test worker");
    need(has("%a"), "%a: application_name, for filters and names of tests");
    want("log_line_prefix", missing.empty(), kPrefix,
         missing.empty() ? "time, session, database and application are in it" : "it lacks " + missing,
         "some 40 bytes a line; whatever else reads this log must be told the prefix");
  }

  void destination() {
    const std::vector<std::string> targets = elements(value("log_destination"));
    const bool collector = value("logging_collector") == "on";
    for (const std::string& target : targets) {
      if ((target == "csvlog" || target == "jsonlog") && !collector) {
        note("log_destination",
             fmt::format(
                 "{} without logging_collector gives plain lines on standard error, and says nothing of it; "
                 "logging_collector needs a restart",
                 target));
      } else if (target == "syslog") {
        note("log_destination",
             "syslog cuts long statements into pieces and may drop lines when many come at once: prefer "
             "stderr, "
             "csvlog or jsonlog");
      } else if (target == "eventlog") {
        note("log_destination",
             "the event log of Windows can't be read by pgsieve: use stderr, csvlog or jsonlog");
      }
    }
    if (known("logging_collector") && !collector)
      note("logging_collector",
           "the log goes to the server's standard error: `docker logs`, journalctl, or the file pg_ctl -l "
           "names");
  }

  void statement_lines() {
    want("log_statement", value("log_statement") == "none", "none",
         "log_statement gives no duration, is written before a statement is known to succeed, and says again "
         "what "
         "log_min_duration_statement says",
         "none: the log gets smaller");
    want("log_duration", value("log_duration") == "off", "off",
         "log_duration repeats the duration on a line of its own, without the statement", "none");
  }

  void values() {
    constexpr const char* kName = "log_parameter_max_length";
    if (!known(kName)) return;
    const std::string length = value(kName);
    if (wishes_.hide_values) {
      want(kName, length == "0", "0", "keeps the values of bound parameters out of the log",
           "loops are recognised by their rhythm alone, with less confidence");
    } else if (length == "0") {
      note(kName,
           "the values of bound parameters are not logged: loops are recognised by their rhythm alone, with "
           "less "
           "confidence; -1 logs them");
    } else if (length != "-1") {
      note(kName, fmt::format("values are cut at {} bytes: long ones can't be compared", length));
    } else {
      note(kName,
           "the values of bound parameters are in the log; pgsieve needs them to compare executions and "
           "keeps them "
           "to itself, but whoever can read the log sees them: --hide-values sets 0");
    }
  }

  void hidden_lines() {
    want("log_error_verbosity", value("log_error_verbosity") != "terse", "default",
         "terse drops the DETAIL lines, and with them the values of parameters", "none");
    const std::string least = value("log_min_messages");
    want("log_min_messages", least != "fatal" && least != "panic", "warning",
         "above 'log', the lines of statements are not written at all", "none");
  }

  void plans() {
    const std::vector<std::string> libraries = elements(value(kLibraries));
    const auto loads = [](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), "auto_explain") != list.end();
    };
    const bool loaded = loads(libraries) || loads(elements(value("shared_preload_libraries")));
    if (!wishes_.plans_from_ms) {
      if (!loaded)
        note(kLibraries,
             "auto_explain is not loaded: there will be no plans, and missing indexes are judged by "
             "durations and the "
             "schema; --plans MS sets it up");
      return;
    }
    std::vector<std::string> wanted = libraries;
    wanted.emplace_back("auto_explain");
    want(kLibraries, loaded, fmt::format("{}", fmt::join(wanted, ", ")),
         "auto_explain writes the plan of a statement into the log; for sessions that begin from now on",
         "none by itself");
    const std::string from = std::to_string(*wishes_.plans_from_ms);
    const auto plan = [&](const char* name, const std::string& wanted_value, const char* why,
                          const char* cost) {
      want(std::string("auto_explain.") + name, value(std::string("auto_explain.") + name) == wanted_value,
           wanted_value, why, cost);
    };
    plan("log_min_duration", from, "plans of statements that take this many ms or longer",
         "a plan is 1 to 10 kB of log");
    plan("log_format", "json", "plans that are read without guessing", "none");
    plan("log_analyze", "on", "rows read and thrown away, as they were",
         "row counts for every statement, shown or not: a few percent");
    plan("log_timing", "off", "no clock is read for every row",
         "none: this saves most of what log_analyze costs");
  }

  const std::map<std::string, ServerSetting>& settings_;
  const LoggingWishes& wishes_;
  std::vector<SettingAdvice> advice_;
};

}  // namespace

std::vector<std::string> logging_settings() {
  return {"log_min_duration_statement",
          "log_line_prefix",
          "log_destination",
          "logging_collector",
          "log_statement",
          "log_duration",
          "log_parameter_max_length",
          "log_error_verbosity",
          "log_min_messages",
          "session_preload_libraries",
          "shared_preload_libraries",
          "auto_explain.log_min_duration",
          "auto_explain.log_format",
          "auto_explain.log_analyze",
          "auto_explain.log_timing"};
}

std::vector<SettingAdvice> judge_settings(const std::map<std::string, ServerSetting>& settings,
                                          const LoggingWishes& wishes) {
  return Judge(settings, wishes).run();
}

std::string setting_literal(const std::string& name, const std::string& value) {
  if (name != kLibraries) return quote_literal(value);
  std::vector<std::string> literals;
  for (const std::string& element : elements(value)) literals.push_back(quote_literal(element));
  return literals.empty() ? "''" : fmt::format("{}", fmt::join(literals, ", "));
}

}  // namespace pgsieve
