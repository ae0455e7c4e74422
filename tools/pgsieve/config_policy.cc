#include "tools/pgsieve/config_policy.h"

#include <cstdlib>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "analyzer/policy/toml.h"
#include "tools/pgsieve/setting_value.h"

namespace pgsieve {

namespace {

std::optional<uint64_t> whole(const ConfigEntry& entry, const std::string& key) {
  const auto found = entry.find(key);
  if (found == entry.end()) return {};
  return std::strtoull(found->second.values.front().c_str(), nullptr, 10);
}

std::string text_of(const ConfigEntry& entry, const std::string& key) {
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

Suppression suppression_of(const ConfigEntry& entry) {
  Suppression suppression;
  suppression.rule = text_of(entry, "rule");
  suppression.id = text_of(entry, "id");
  suppression.table = text_of(entry, "table");
  suppression.tag = text_of(entry, "tag");
  suppression.test = text_of(entry, "test");
  suppression.app = text_of(entry, "app");
  suppression.sql = text_of(entry, "sql");
  if (!suppression.sql.empty()) suppression.sql_expression = config_expression(suppression.sql).value();
  suppression.reason = text_of(entry, "reason");
  suppression.issue = text_of(entry, "issue");
  suppression.until = day_number(text_of(entry, "until"));
  suppression.where = entry.at("").origin;
  return suppression;
}

LocationRule location_of(const ConfigEntry& entry) {
  LocationRule location;
  for (const std::string& pair : entry.at("match").values) {
    const size_t equals = pair.find('=');
    location.match[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  location.file = text_of(entry, "file");
  location.line = whole(entry, "line").value_or(1);
  return location;
}

Budget budget_of(const ConfigEntry& entry) {
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

Status apply_config(const Config& config, ReportOptions& options) {
  apply_rules(config, options);
  Policy& policy = options.policy;
  const auto list = [&config](const std::string& name) {
    const auto found = config.lists.find(name);
    return found == config.lists.end() ? std::vector<ConfigEntry>() : found->second;
  };
  for (const auto& entry : list("suppress")) policy.suppressions.push_back(suppression_of(entry));
  for (const auto& entry : list("location")) policy.locations.push_back(location_of(entry));
  for (const auto& entry : list("budget")) policy.budgets.push_back(budget_of(entry));
  if (const ConfigValue* tests = config.find("scope.test-from")) policy.unit_sources.test = tests->values;
  if (const ConfigValue* routes = config.find("scope.route-from")) policy.unit_sources.route = routes->values;
  if (const ConfigValue* excluded = config.find("input.exclude-sql")) {
    for (const std::string& text : excluded->values) {
      Result<std::regex> compiled = config_expression(text);
      if (!compiled) return compiled.error();
      options.analysis.workload.exclude_sql.push_back(*compiled);
    }
  }
  if (config.text("privacy.literals") == "strip") options.analysis.workload.keep_values = false;
  return {};
}

}  // namespace pgsieve
