#include "tools/pgsieve/setting_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "analyzer/workload/unit_names.h"
#include "tools/pgsieve/suggest.h"

namespace pgsieve {

namespace {

// The texts of a value, when it is of the setting's type.
Result<std::vector<std::string>> typed_values(const Setting& setting, const TomlValue& value,
                                              const std::string& file, const std::filesystem::path& folder) {
  const auto must_be = [&](std::string_view what) {
    return toml_error(file, value,
                      fmt::format("'{}' must be {}, not {}", setting.name, what, toml_kind_name(value.kind)));
  };
  using Kind = TomlValue::Kind;
  std::vector<std::string> values;
  switch (setting.type) {
    case SettingType::kText:
      if (value.kind != Kind::kString) return must_be("a string");
      values = {value.text};
      break;
    case SettingType::kFile:
      if (value.kind != Kind::kString) return must_be("a string");
      values = {shown_path(folder / value.text)};
      break;
    case SettingType::kTexts:
    case SettingType::kRegexes:
      if (value.kind == Kind::kString && setting.name == "extends") {
        values = {value.text};
        break;
      }
      if (value.kind != Kind::kArray) return must_be("a list of strings");
      for (const TomlValue& item : value.items) {
        if (item.kind != Kind::kString)
          return toml_error(file, item, fmt::format("'{}' must be a list of strings", setting.name));
        if (setting.type == SettingType::kRegexes) {
          const Result<std::regex> tried = config_expression(item.text);
          if (!tried) return toml_error(file, item, tried.error().message);
        }
        values.push_back(item.text);
      }
      break;
    case SettingType::kWhole:
      if (value.kind != Kind::kInteger || value.integer < 0) return must_be("a whole number");
      values = {value.text};
      break;
    case SettingType::kNumber:
      if (value.kind != Kind::kInteger && value.kind != Kind::kNumber) return must_be("a number");
      values = {value.text};
      break;
    case SettingType::kFlag:
      if (value.kind != Kind::kBoolean) return must_be("true or false");
      values = {value.text};
      break;
    case SettingType::kDate:
      if (!day_number(value.text)) return must_be("a date, as in 2027-03-31");
      values = {value.text};
      break;
    case SettingType::kMap:
      if (value.kind != Kind::kTable) return must_be("a table");
      for (const auto& [key, item] : value.members) values.push_back(key + "=" + item.text);
      break;
  }
  return values;
}

}  // namespace

Result<std::vector<std::string>> setting_values(const Setting& setting, const TomlValue& value,
                                                const std::string& file,
                                                const std::filesystem::path& folder) {
  Result<std::vector<std::string>> values = typed_values(setting, value, file, folder);
  if (!values) return values;
  if (!setting.choices.empty()) {
    const std::vector<std::string> choices = setting_choices(setting);
    if (std::find(choices.begin(), choices.end(), value.text) == choices.end()) {
      return toml_error(file, value,
                        fmt::format("'{}' is {}, not '{}'{}", setting.name, fmt::join(choices, ", "),
                                    value.text, did_you_mean(value.text, choices)));
    }
  }
  if (setting.table == "scope") {
    for (const std::string& source : *values) {
      if (const std::optional<std::string> mistake = check_unit_source(source))
        return toml_error(file, value, *mistake);
    }
  }
  return values;
}

std::string shown_path(const std::filesystem::path& path) {
  std::error_code failed;
  const std::filesystem::path near = std::filesystem::proximate(path, failed);
  const std::string text = failed ? path.string() : near.string();
  return text.size() < path.string().size() ? text : path.string();
}

Result<std::regex> config_expression(std::string text) {
  auto flags = std::regex::ECMAScript;
  for (const std::string_view prefix : {"(?i)", "^(?i)"}) {
    if (!text.starts_with(prefix)) continue;
    text = (prefix[0] == '^' ? "^" : "") + text.substr(prefix.size());
    flags |= std::regex::icase;
  }
  try {
    return std::regex(text, flags);
  } catch (const std::regex_error& error) {
    return Error{.kind = Error::Kind::kUsage,
                 .message = fmt::format("'{}' is no regular expression: {}", text, error.what()),
                 .hint = {},
                 .file = {}};
  }
}

}  // namespace pgsieve
