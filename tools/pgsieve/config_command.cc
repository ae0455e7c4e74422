// pgsieve config: what the configuration says, whether it is right, and its JSON Schema.
#include <fmt/format.h>

#include "analyzer/policy/toml.h"
#include "tools/pgsieve/commands.h"
#include "tools/pgsieve/config.h"
#include "tools/pgsieve/settings.h"

namespace pgsieve {

namespace {

// Every value with its origin.
std::string listing_of(const Config& config) {
  std::string text =
      config.file.empty() ? "# no pgsieve.toml was found\n" : fmt::format("# {}\n", config.file);
  std::vector<std::pair<std::string, std::string>> lines;  // assignment, origin
  const auto value_text = [](const ConfigValue& value, bool list) {
    std::vector<std::string> parts;
    for (const std::string& each : value.values) parts.push_back(toml_string(each));
    return list ? fmt::format("[{}]", fmt::join(parts, ", ")) : parts.empty() ? "\"\"" : parts.front();
  };
  for (const Setting& setting : all_settings()) {
    if (is_list_table(setting.table) || setting.table == "rules.*") continue;
    const std::string key = setting_key(setting);
    const bool list = setting.type == SettingType::kTexts || setting.type == SettingType::kRegexes;
    const ConfigValue* value = config.find(key);
    if (value != nullptr) {
      lines.emplace_back(fmt::format("{} = {}", key, value_text(*value, list)), value->origin);
    } else if (!setting.standard.empty()) {
      lines.emplace_back(fmt::format("{} = {}", key, setting.standard), "default");
    }
  }
  for (const auto& [key, value] : config.values) {
    if (key.starts_with("rules.") && key.find('.', 6) != std::string::npos)
      lines.emplace_back(fmt::format("{} = {}", key, value_text(value, false)), value.origin);
  }
  for (const auto& [table, entries] : config.lists) {
    for (const auto& entry : entries) {
      std::vector<std::string> parts;
      for (const auto& [name, value] : entry) {
        if (!name.empty())
          parts.push_back(fmt::format("{} = {}", name, value_text(value, value.values.size() > 1)));
      }
      lines.emplace_back(fmt::format("[[{}]] {}", table, fmt::join(parts, ", ")), entry.at("").origin);
    }
  }
  size_t width = 0;
  for (const auto& line : lines) width = std::max(width, std::min<size_t>(line.first.size(), 60));
  for (const auto& [assignment, origin] : lines)
    text += fmt::format("{:<{}}  # {}\n", assignment, width, origin);
  return text;
}

}  // namespace

int run_config(const ConfigOptions& options) {
  if (options.action == "schema") return write_stdout(settings_schema()) ? kExitOk : kExitUsage;
  const Result<Config> config = load_config(options.config);
  if (!config) {
    tell(config.error().to_string());
    return kExitUsage;
  }
  if (options.action == "show") return write_stdout(listing_of(*config)) ? kExitOk : kExitUsage;
  if (config->file.empty()) {
    tell("there is no pgsieve.toml here or in the folders above");
    return kExitUsage;
  }
  return write_stdout(fmt::format("{} is right\n", config->file)) ? kExitOk : kExitUsage;
}

}  // namespace pgsieve
