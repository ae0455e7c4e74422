#include "tools/pgsieve/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "analyzer/policy/toml.h"
#include "tools/pgsieve/suggest.h"

namespace pgsieve {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNames[] = {"pgsieve.toml", ".pgsieve.toml", ".config/pgsieve.toml"};
constexpr int kConfigSchema = 1;
constexpr size_t kMaxExtends = 16;

Error usage(std::string message) {
  Error error;
  error.kind = Error::Kind::kUsage;
  error.message = std::move(message);
  return error;
}

// As short as it can be told from the working directory.
std::string shown(const fs::path& path) {
  std::error_code failed;
  const fs::path near = fs::proximate(path, failed);
  const std::string text = failed ? path.string() : near.string();
  return text.size() < path.string().size() ? text : path.string();
}

// Reads one document and what it extends.
class ConfigReader {
 public:
  Result<Config> read(const fs::path& path) {
    Config config;
    if (Status failed = read_into(path, config)) return *failed;
    config.file = shown(path);
    config.folder = path.parent_path().string();
    return config;
  }

 private:
  Status read_into(const fs::path& path, Config& config);
  Status take_base(const TomlValue& value, Config& config);
  Status take_table(const std::string& table, const TomlValue& value, Config& config);
  Status take_rule(const std::string& rule, const TomlValue& value, Config& config);
  Status take_list(const std::string& table, const TomlValue& value, Config& config);
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

// A regular expression as other tools write it: "(?i)" in front makes it ignore case.
Result<std::regex> expression(std::string text) {
  auto flags = std::regex::ECMAScript;
  for (const std::string_view prefix : {"(?i)", "^(?i)"}) {
    if (!text.starts_with(prefix)) continue;
    text = (prefix[0] == '^' ? "^" : "") + text.substr(prefix.size());
    flags |= std::regex::icase;
  }
  try {
    return std::regex(text, flags);
  } catch (const std::regex_error& error) {
    return usage(fmt::format("'{}' is no regular expression: {}", text, error.what()));
  }
}

Result<ConfigValue> ConfigReader::take(const Setting& setting, const TomlValue& value) const {
  ConfigValue taken{.values = {}, .origin = origin(value)};
  const auto must_be = [&](std::string_view what) {
    return wrong(value,
                 fmt::format("'{}' must be {}, not {}", setting.name, what, toml_kind_name(value.kind)));
  };
  using Kind = TomlValue::Kind;
  switch (setting.type) {
    case SettingType::kText:
      if (value.kind != Kind::kString) return must_be("a string");
      taken.values = {value.text};
      break;
    case SettingType::kFile:
      if (value.kind != Kind::kString) return must_be("a string");
      taken.values = {shown(folder_ / value.text)};
      break;
    case SettingType::kTexts:
    case SettingType::kRegexes:
      if (value.kind == Kind::kString && setting.name == "extends") {
        taken.values = {value.text};
        break;
      }
      if (value.kind != Kind::kArray) return must_be("a list of strings");
      for (const TomlValue& item : value.items) {
        if (item.kind != Kind::kString)
          return wrong(item, fmt::format("'{}' must be a list of strings", setting.name));
        if (setting.type == SettingType::kRegexes) {
          const Result<std::regex> tried = expression(item.text);
          if (!tried) return wrong(item, tried.error().message);
        }
        taken.values.push_back(item.text);
      }
      break;
    case SettingType::kWhole:
      if (value.kind != Kind::kInteger || value.integer < 0) return must_be("a whole number");
      taken.values = {value.text};
      break;
    case SettingType::kNumber:
      if (value.kind != Kind::kInteger && value.kind != Kind::kNumber) return must_be("a number");
      taken.values = {value.text};
      break;
    case SettingType::kFlag:
      if (value.kind != Kind::kBoolean) return must_be("true or false");
      taken.values = {value.text};
      break;
    case SettingType::kDate:
      if (!day_number(value.text)) return must_be("a date, as in 2027-03-31");
      taken.values = {value.text};
      break;
    case SettingType::kMap:
      if (value.kind != Kind::kTable) return must_be("a table");
      for (const auto& [key, item] : value.members) taken.values.push_back(key + "=" + item.text);
      break;
  }
  if (!setting.choices.empty()) {
    const std::vector<std::string> choices = setting_choices(setting);
    if (std::find(choices.begin(), choices.end(), value.text) == choices.end()) {
      return wrong(value, fmt::format("'{}' is {}, not '{}'{}", setting.name, fmt::join(choices, ", "),
                                      value.text, did_you_mean(value.text, choices)));
    }
  }
  if (setting.table == "scope") {
    for (const std::string& source : taken.values) {
      if (const std::optional<std::string> mistake = check_unit_source(source)) return wrong(value, *mistake);
    }
  }
  return taken;
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
      if (key == "sql") {
        const Result<std::regex> tried = expression(field.text);
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
      entry[key] = *taken;
    }
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
  }
  return {};
}

Status ConfigReader::read_into(const fs::path& path, Config& config) {
  std::error_code failed_path;
  const std::string identity = fs::weakly_canonical(path, failed_path).string();
  if (open_.size() >= kMaxExtends || !open_.insert(identity).second)
    return usage(fmt::format("{}: `extends` leads back to a file that is being read", shown(path)));
  const Result<TomlValue> document = read_toml(shown(path));
  if (!document) return document.error();
  file_ = shown(path);
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

// Variables are checked as the file's values are.
Status take_environment(Config& config) {
  for (const Setting& setting : all_settings()) {
    const std::string name = variable_of(setting);
    const char* given = name.empty() ? nullptr : std::getenv(name.c_str());
    if (given == nullptr || *given == '\0') continue;
    const std::string key =
        setting.table.empty() ? std::string(setting.name) : fmt::format("{}.{}", setting.table, setting.name);
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
      return usage(fmt::format("{} is {}, not '{}'{}", name, fmt::join(choices, ", "), given,
                               did_you_mean(given, choices)));
    config.values[key] = std::move(value);
  }
  return {};
}

std::optional<uint64_t> whole(const std::map<std::string, ConfigValue>& entry, const std::string& key) {
  const auto found = entry.find(key);
  if (found == entry.end()) return {};
  return std::strtoull(found->second.values.front().c_str(), nullptr, 10);
}

std::string text_of(const std::map<std::string, ConfigValue>& entry, const std::string& key) {
  const auto found = entry.find(key);
  return found == entry.end() || found->second.values.empty() ? std::string() : found->second.values.front();
}

FindingSeverity severity_of(const std::string& name) {
  return name == "error"     ? FindingSeverity::kError
         : name == "warning" ? FindingSeverity::kWarning
                             : FindingSeverity::kInfo;
}

void apply_rules(const Config& config, ReportOptions& options) {
  const std::string standard = config.text("rules.default");
  std::set<std::string> named;
  for (const auto& [key, value] : config.values) {
    if (!key.starts_with("rules.")) continue;
    const size_t dot = key.find('.', 6);
    if (dot == std::string::npos) continue;
    const std::string rule = key.substr(6, dot - 6);
    const std::string name = key.substr(dot + 1);
    named.insert(rule);
    const std::string& text = value.values.front();
    if (name == "severity" && text == "off") {
      options.analysis.skip_rules.push_back(rule);
    } else if (name == "severity") {
      options.policy.severities[rule] = severity_of(text);
    } else if (name == "ratchet") {
      options.policy.ratchets[rule] = *parse_ratchet(text);
    } else {
      options.analysis.rule_options.try_emplace(rule + "." + name, text);  // --set is stronger
    }
  }
  if (standard != "off") return;
  for (const Rule& rule : all_rules()) {
    if (!named.contains(std::string(rule.name))) options.analysis.skip_rules.emplace_back(rule.name);
  }
}

Suppression suppression_of(const std::map<std::string, ConfigValue>& entry) {
  Suppression suppression;
  suppression.rule = text_of(entry, "rule");
  suppression.id = text_of(entry, "id");
  suppression.table = text_of(entry, "table");
  suppression.tag = text_of(entry, "tag");
  suppression.test = text_of(entry, "test");
  suppression.app = text_of(entry, "app");
  suppression.sql = text_of(entry, "sql");
  if (!suppression.sql.empty()) suppression.sql_expression = expression(suppression.sql).value();
  suppression.reason = text_of(entry, "reason");
  suppression.issue = text_of(entry, "issue");
  suppression.until = day_number(text_of(entry, "until"));
  suppression.where = entry.at("").origin;
  return suppression;
}

LocationRule location_of(const std::map<std::string, ConfigValue>& entry) {
  LocationRule location;
  for (const std::string& pair : entry.at("match").values) {
    const size_t equals = pair.find('=');
    location.match[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  location.file = text_of(entry, "file");
  location.line = whole(entry, "line").value_or(1);
  return location;
}

Budget budget_of(const std::map<std::string, ConfigValue>& entry) {
  Budget budget;
  budget.test = text_of(entry, "test");
  budget.route = text_of(entry, "route");
  budget.tag = text_of(entry, "tag");
  budget.statements = whole(entry, "statements");
  budget.patterns = whole(entry, "patterns");
  budget.rows = whole(entry, "rows");
  if (entry.contains("time-ms")) budget.time_ms = std::strtod(text_of(entry, "time-ms").c_str(), nullptr);
  budget.where = entry.at("").origin;
  return budget;
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
  return ConfigReader().read(fs::absolute(path, failed));
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

Status apply_config(const Config& config, ReportOptions& options) {
  apply_rules(config, options);
  Policy& policy = options.policy;
  const auto list = [&config](const std::string& name) {
    const auto found = config.lists.find(name);
    return found == config.lists.end() ? std::vector<std::map<std::string, ConfigValue>>() : found->second;
  };
  for (const auto& entry : list("suppress")) policy.suppressions.push_back(suppression_of(entry));
  for (const auto& entry : list("location")) policy.locations.push_back(location_of(entry));
  for (const auto& entry : list("budget")) policy.budgets.push_back(budget_of(entry));
  if (const ConfigValue* tests = config.find("scope.test-from")) policy.unit_sources.test = tests->values;
  if (const ConfigValue* routes = config.find("scope.route-from")) policy.unit_sources.route = routes->values;
  if (const ConfigValue* excluded = config.find("input.exclude-sql")) {
    for (const std::string& text : excluded->values) {
      Result<std::regex> compiled = expression(text);
      if (!compiled) return compiled.error();
      options.analysis.workload.exclude_sql.push_back(*compiled);
    }
  }
  if (config.text("privacy.literals") == "strip") options.analysis.workload.keep_values = false;
  return {};
}

std::string show_config(const Config& config) {
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
    const std::string key =
        setting.table.empty() ? std::string(setting.name) : fmt::format("{}.{}", setting.table, setting.name);
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

}  // namespace pgsieve
