// What a server has to be told so that its log shows every statement, judged without talking to it.
// (https://www.postgresql.org/docs/current/runtime-config-logging.html)
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgsieve {

struct ServerSetting {
  std::string value;   // as pg_settings shows it: numbers without unit
  std::string source;  // "default", "configuration file", "command line", "database", "user", …
};

// The names that judge_settings() looks at.
std::vector<std::string> logging_settings();

struct LoggingWishes {
  bool hide_values = false;            // keep the values of parameters out of the log
  std::optional<int> plans_from_ms{};  // auto_explain for statements of at least so many ms
};

struct SettingAdvice {
  enum class Verdict {
    kGood,     // serves
    kChange,   // `wanted` is needed
    kBlocked,  // `wanted` is needed, but ALTER SYSTEM can't set it: `why` says what does
    kNote,     // worth knowing; nothing to set
  };
  Verdict verdict = Verdict::kGood;
  std::string name;
  std::string current;  // "" when the server does not know the name yet
  std::string wanted;   // kChange, kBlocked
  std::string why;      // what it is for
  std::string cost;     // what it costs; may be empty
};

// In the order of their weight. A server lacks names that are newer than itself: those are passed over.
std::vector<SettingAdvice> judge_settings(const std::map<std::string, ServerSetting>& settings,
                                          const LoggingWishes& wishes);

// The right-hand side of ALTER SYSTEM SET name = …: literals, one per element for names that hold a list of
// libraries.
std::string setting_literal(const std::string& name, const std::string& value);

}  // namespace pgsieve
