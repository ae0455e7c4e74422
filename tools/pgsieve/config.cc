#include "tools/pgsieve/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "tools/pgsieve/config_reader.h"
#include "tools/pgsieve/settings.h"
#include "tools/pgsieve/suggest.h"

namespace pgsieve {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNames[] = {"pgsieve.toml", ".pgsieve.toml", ".config/pgsieve.toml"};

// Variables are checked as the file's values are.
Status take_environment(Config& config) {
  for (const Setting& setting : all_settings()) {
    const std::string name = variable_of(setting);
    const char* given = name.empty() ? nullptr : std::getenv(name.c_str());
    if (given == nullptr || *given == '\0') continue;
    ConfigValue value{.values = {}, .origin = "environment " + name};
    const bool list = setting.type == SettingType::kTexts || setting.type == SettingType::kRegexes;
    std::string_view rest = given;
    while (list && !rest.empty()) {
      const size_t comma = std::min(rest.find(','), rest.size());
      if (comma > 0) value.values.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(rest.size(), comma + 1));
    }
    if (!list) value.values = {given};
    const std::vector<std::string> choices = setting_choices(setting);
    if (!choices.empty() && std::find(choices.begin(), choices.end(), given) == choices.end())
      return Error{.kind = Error::Kind::kUsage,
                   .message = fmt::format("{} is {}, not '{}'{}", name, fmt::join(choices, ", "), given,
                                          did_you_mean(given, choices)),
                   .hint = {},
                   .file = {}};
    config.values[setting_key(setting)] = std::move(value);
  }
  return {};
}

}  // namespace

const ConfigValue* Config::find(const std::string& key) const {
  const auto found = values.find(key);
  return found == values.end() ? nullptr : &found->second;
}

std::string Config::text(const std::string& key) const {
  const ConfigValue* value = find(key);
  return value == nullptr || value->values.empty() ? std::string() : value->values.front();
}

std::string find_config_file(const std::string& from_folder) {
  std::error_code failed;
  for (fs::path folder = from_folder;; folder = folder.parent_path()) {
    for (const std::string_view name : kNames) {
      if (fs::is_regular_file(folder / name, failed)) return (folder / name).string();
    }
    if (fs::exists(folder / ".git", failed) || folder == folder.parent_path() || folder.empty()) return {};
  }
}

Result<Config> read_config(const std::string& path) {
  std::error_code failed;
  return read_config_file(fs::absolute(path, failed));
}

Result<Config> load_config(const std::string& given) {
  std::string path = given;
  const char* variable = std::getenv("PGSIEVE_CONFIG");
  if (path.empty() && variable != nullptr) path = variable;
  std::error_code failed;
  if (path.empty()) path = find_config_file(fs::current_path(failed).string());
  Config config;
  if (!path.empty()) {
    Result<Config> read = read_config(path);
    if (!read) return read.error();
    config = std::move(*read);
  }
  if (Status wrong = take_environment(config)) return *wrong;
  return config;
}

}  // namespace pgsieve
