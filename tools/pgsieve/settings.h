// Settings: what pgsieve.toml may say, in one table. Reading, checking, `config show`, the environment's
// variables, the command line's options and the published JSON Schema all come from it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgsieve {

enum class SettingType : uint8_t {
  kText,
  kFile,     // a path; in a file it is relative to that file
  kTexts,    // a list of strings
  kRegexes,  // a list of regular expressions
  kWhole,
  kNumber,
  kFlag,
  kDate,
  kMap,  // a table of strings
};

struct Setting {
  std::string_view table;  // "": top level; "rules.*": the table of any rule; "suppress", "location",
                           // "budget": of each [[…]]
  std::string_view name;
  SettingType type = SettingType::kText;
  std::string_view option;    // of the command line, which is stronger; "": none
  std::string_view choices;   // "a|b|c"; "": anything
  std::string_view standard;  // what holds without it, for people
  std::string_view help;
};

std::span<const Setting> all_settings();
const Setting* find_setting(std::string_view table, std::string_view name);
std::string setting_key(const Setting& setting);  // "fail-on", "input.format"
bool is_list_table(std::string_view table);       // written [[table]]

// The tables that may stand at the top level, and the names in one table.
std::vector<std::string> setting_tables();
std::vector<std::string> setting_names(std::string_view table);

std::vector<std::string> setting_choices(const Setting& setting);

// Options of one rule, as `[rules.NAME] option = …` and `--set NAME.option=…` take them.
struct RuleOption {
  std::string_view rule, name;
  std::string_view help;
};
std::span<const RuleOption> all_rule_options();
std::vector<std::string> rule_option_names(std::string_view rule);

// PGSIEVE_INPUT_FORMAT of input.format. "" for tables that are lists, and for rules.
std::string variable_of(const Setting& setting);

// The JSON Schema (draft 2020-12) of pgsieve.toml.
std::string settings_schema();

}  // namespace pgsieve
