#include "tools/pgsieve/config_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "analyzer/policy/policy.h"
#include "analyzer/policy/toml.h"
#include "rules/rule.h"
#include "tools/pgsieve/setting_value.h"
#include "tools/pgsieve/settings.h"
#include "tools/pgsieve/suggest.h"

namespace pgsieve {

namespace {

namespace fs = std::filesystem;

constexpr int kConfigSchema = 1;
constexpr size_t kMaxExtends = 16;

Error usage_error(std::string message) {
  Error error;
  error.kind = Error::Kind::kUsage;
  error.message = std::move(message);
  return error;
}

// Reads one document and what it extends.
class ConfigReader {
 public:
  Result<Config> read(const fs::path& path) {
    Config config;
    if (Status failed = read_into(path, config)) return *failed;
    config.file = shown_path(path);
    config.folder = path.parent_path().string();
    return config;
  }

 private:
  Status read_into(const fs::path& path, Config& config);
  Status take_base(const TomlValue& value, Config& config);
  Status take_table(const std::string& table, const TomlValue& value, Config& config);
  Status take_rule(const std::string& rule, const TomlValue& value, Config& config);
  Status take_list(const std::string& table, const TomlValue& value, Config& config);
  Status check_field(const std::string& table, const std::string& key, const TomlValue& field) const;
  Status check_entry(const std::string& table, const ConfigEntry& entry, const TomlValue& item) const;
  Result<ConfigValue> take(const Setting& setting, const TomlValue& value) const;
  Error unknown(const std::string& key, const TomlValue& where, const std::string& place,
                const std::vector<std::string>& names) const;
  Error wrong(const TomlValue& where, const std::string& message) const {
    return toml_error(file_, where, message);
  }
  std::string origin(const TomlValue& where) const { return fmt::format("{}:{}", file_, where.line); }

  std::string file_;
  fs::path folder_;
  std::set<std::string> open_;
};

Error ConfigReader::unknown(const std::string& key, const TomlValue& where, const std::string& place,
                            const std::vector<std::string>& names) const {
  const std::string hint = did_you_mean(key, names);
  return wrong(where, fmt::format("unknown key '{}'{}{}", key, place.empty() ? "" : " in " + place,
                                  hint.empty() ? fmt::format(" (known: {})", fmt::join(names, ", ")) : hint));
}

Result<ConfigValue> ConfigReader::take(const Setting& setting, const TomlValue& value) const {
  Result<std::vector<std::string>> values = setting_values(setting, value, file_, folder_);
  if (!values) return values.error();
  return ConfigValue{.values = std::move(*values), .origin = origin(value)};
}

Status ConfigReader::take_base(const TomlValue& value, Config& config) {
  const Setting* setting = find_setting("", "extends");
  const Result<ConfigValue> files = take(*setting, value);
  if (!files) return files.error();
  const std::string file = file_;
  const fs::path folder = folder_;
  for (const std::string& base : files->values) {
    if (Status failed = read_into(folder / base, config)) return failed;
    file_ = file;
    folder_ = folder;
  }
  return {};
}

Status ConfigReader::take_rule(const std::string& rule, const TomlValue& value, Config& config) {
  if (value.kind != TomlValue::Kind::kTable)
    return wrong(value, fmt::format("'{}' is written [rules.{}]", rule, rule));
  for (const auto& [key, item] : value.members) {
    const Setting* setting = find_setting("rules.*", key);
    const std::vector<std::string> names = rule_option_names(rule);
    if (setting == nullptr && std::find(names.begin(), names.end(), key) == names.end())
      return unknown(key, item, fmt::format("[rules.{}]", rule), names);
    static constexpr Setting kOption{"rules.*", "option", SettingType::kNumber, "", "", "", ""};
    Setting option = setting == nullptr ? kOption : *setting;
    option.name = key;
    const Result<ConfigValue> taken = take(option, item);
    if (!taken) return taken.error();
    if (key == "ratchet" && !parse_ratchet(item.text))
      return wrong(item,
                   fmt::format("a ratchet is \"calls*FACTOR\" or \"calls+NUMBER\", not '{}'", item.text));
    config.values[fmt::format("rules.{}.{}", rule, key)] = *taken;
  }
  return {};
}

Status ConfigReader::take_table(const std::string& table, const TomlValue& value, Config& config) {
  if (value.kind != TomlValue::Kind::kTable)
    return wrong(value, fmt::format("'{}' is written [{}]", table, table));
  std::vector<std::string> names = setting_names(table);
  for (const auto& [key, item] : value.members) {
    if (table == "rules") {
      const auto rules = all_rules();
      const std::string& name = key;
      if (std::any_of(rules.begin(), rules.end(), [&name](const Rule& rule) { return rule.name == name; })) {
        if (Status failed = take_rule(key, item, config)) return failed;
        continue;
      }
    }
    const Setting* setting = find_setting(table, key);
    if (setting == nullptr) {
      if (table == "rules") {
        for (const Rule& rule : all_rules()) names.emplace_back(rule.name);
      }
      return unknown(key, item, fmt::format("[{}]", table), names);
    }
    const Result<ConfigValue> taken = take(*setting, item);
    if (!taken) return taken.error();
    config.values[fmt::format("{}.{}", table, key)] = *taken;
  }
  return {};
}

// What the type of a field does not say.
Status ConfigReader::check_field(const std::string& table, const std::string& key,
                                 const TomlValue& field) const {
  if (key == "sql") {
    const Result<std::regex> tried = config_expression(field.text);
    if (!tried) return wrong(field, tried.error().message);
  }
  if (key == "tag" && field.text.find('=') == std::string::npos)
    return wrong(field, "a tag is written KEY=VALUE");
  if (table == "suppress" && key == "rule") {
    std::vector<std::string> rules = {"budget"};
    for (const Rule& rule : all_rules()) rules.emplace_back(rule.name);
    if (std::find(rules.begin(), rules.end(), field.text) == rules.end())
      return wrong(field,
                   fmt::format("there is no rule '{}'{}", field.text, did_you_mean(field.text, rules)));
  }
  return {};
}

// What an entry must say in any case.
Status ConfigReader::check_entry(const std::string& table, const ConfigEntry& entry,
                                 const TomlValue& item) const {
  for (const Setting& setting : all_settings()) {
    if (setting.table == table && setting.standard == "required" &&
        !entry.contains(std::string(setting.name)))
      return wrong(item, fmt::format("[[{}]] needs '{}'", table, setting.name));
  }
  const auto any = [&](std::initializer_list<const char*> keys) {
    return std::any_of(keys.begin(), keys.end(), [&](const char* key) { return entry.contains(key); });
  };
  if (table == "suppress" && !any({"rule", "id", "table", "tag", "test", "app", "sql"}))
    return wrong(item, "[[suppress]] needs a condition: rule, id, table, tag, test, app or sql");
  if (table == "budget" && !any({"test", "route", "tag"}))
    return wrong(item, "[[budget]] needs test, route or tag");
  if (table == "budget" && !any({"statements", "patterns", "rows", "time-ms"}))
    return wrong(item, "[[budget]] needs a limit: statements, patterns, rows or time-ms");
  return {};
}

Status ConfigReader::take_list(const std::string& table, const TomlValue& value, Config& config) {
  if (value.kind != TomlValue::Kind::kArray)
    return wrong(value, fmt::format("'{}' is written [[{}]]", table, table));
  auto& list = config.lists[table];
  list.clear();  // lists of an extended file are replaced
  for (const TomlValue& item : value.items) {
    auto& entry = list.emplace_back();
    entry[""] = ConfigValue{{}, origin(item)};
    for (const auto& [key, field] : item.members) {
      const Setting* setting = find_setting(table, key);
      if (setting == nullptr) return unknown(key, field, fmt::format("[[{}]]", table), setting_names(table));
      const Result<ConfigValue> taken = take(*setting, field);
      if (!taken) return taken.error();
      if (Status failed = check_field(table, key, field)) return failed;
      entry[key] = *taken;
    }
    if (Status failed = check_entry(table, entry, item)) return failed;
  }
  return {};
}

Status ConfigReader::read_into(const fs::path& path, Config& config) {
  std::error_code failed_path;
  const std::string identity = fs::weakly_canonical(path, failed_path).string();
  if (open_.size() >= kMaxExtends || !open_.insert(identity).second)
    return usage_error(
        fmt::format("{}: `extends` leads back to a file that is being read", shown_path(path)));
  const Result<TomlValue> document = read_toml(shown_path(path));
  if (!document) return document.error();
  file_ = shown_path(path);
  folder_ = path.parent_path();
  if (const TomlValue* base = document->find("extends")) {
    if (Status failed = take_base(*base, config)) return failed;
  }
  for (const auto& [key, value] : document->members) {
    if (key == "extends") continue;
    Status failed;
    const std::vector<std::string> tables = setting_tables();
    if (const Setting* setting = find_setting("", key)) {
      const Result<ConfigValue> taken = take(*setting, value);
      if (!taken) return taken.error();
      if (key == "schema" && value.integer > kConfigSchema)
        return wrong(value, "this configuration is for a newer pgsieve");
      config.values[key] = *taken;
    } else if (is_list_table(key)) {
      failed = take_list(key, value, config);
    } else if (std::find(tables.begin(), tables.end(), key) != tables.end()) {
      failed = take_table(key, value, config);
    } else {
      std::vector<std::string> names = setting_names("");
      names.insert(names.end(), tables.begin(), tables.end());
      return unknown(key, value, "", names);
    }
    if (failed) return failed;
  }
  open_.erase(identity);
  return {};
}

}  // namespace

Result<Config> read_config_file(const fs::path& path) {
  return ConfigReader().read(path);
}

}  // namespace pgsieve
