#include "tools/pgsieve/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "analyzer/base/json_writer.h"
#include "rules/rule.h"

namespace pgsieve {

namespace {

using enum SettingType;

constexpr std::array kSettings = {
    Setting{"", "schema", kWhole, "", "", "1", "version of this file's form"},
    Setting{"", "extends", kTexts, "", "", "",
            "files to begin with: their tables are merged with this one's, lists are replaced"},
    Setting{"", "fail-on", kText, "--fail-on", "error|warning|note|info|never", "warning",
            "least severity of a new finding that makes lint fail"},
    Setting{"", "min-confidence", kText, "--min-confidence", "low|medium|high|proved",
            "medium for lint, low for report", "findings below it are not shown"},
    Setting{"", "baseline", kFile, "--baseline", "", "pgsieve-baseline.toml, where it exists",
            "the findings that are known"},
    Setting{"", "stale", kText, "--stale", "note|warning|error", "note",
            "what a baseline entry is whose finding is gone: error makes lint fail"},
    Setting{"", "show-accepted", kFlag, "--show-accepted", "", "false",
            "lint shows known and suppressed findings, too"},
    Setting{"", "output", kTexts, "--output", "", "text", "formats to write, FORMAT or FORMAT:FILE"},
    Setting{"", "orm", kText, "--orm", "", "recognised", "write fixes for this ORM"},
    Setting{"", "top", kWhole, "--top", "", "20", "patterns to list, 0 for all"},
    Setting{"input", "format", kText, "--format", "", "auto", "format of the log"},
    Setting{"input", "prefix", kText, "--prefix", "", "recognised", "log_line_prefix of the server"},
    Setting{"input", "timezone", kText, "--timezone", "", "UTC", "zone of time stamps that carry none"},
    Setting{"input", "ddl", kFile, "--schema", "", "", "pg_dump --schema-only of the database"},
    Setting{"input", "stats", kFile, "--stats", "", "", "row estimates per table"},
    Setting{"input", "allow-empty", kFlag, "--allow-empty", "", "false",
            "a capture without statements is no failure"},
    Setting{"input", "min-recognised", kText, "--min-recognised", "", "0%",
            "least share of the lines that must be understood, else exit code 3"},
    Setting{"input", "dbs", kTexts, "--db", "", "", "only these databases"},
    Setting{"input", "users", kTexts, "--user", "", "", "only these users"},
    Setting{"input", "apps", kTexts, "--app", "", "", "only these application_names"},
    Setting{"input", "hosts", kTexts, "--host", "", "", "only these client hosts"},
    Setting{"input", "tags", kTexts, "--tag", "", "",
            "only statements with one of these comment tags, KEY=VALUE"},
    Setting{"input", "exclude-dbs", kTexts, "--exclude-db", "", "", "not these databases"},
    Setting{"input", "exclude-users", kTexts, "--exclude-user", "", "", "not these users"},
    Setting{"input", "exclude-apps", kTexts, "--exclude-app", "", "", "not these application_names"},
    Setting{"input", "exclude-hosts", kTexts, "--exclude-host", "", "", "not these client hosts"},
    Setting{"input", "exclude-tags", kTexts, "--exclude-tag", "", "",
            "no statements with one of these comment tags"},
    Setting{"input", "exclude-sql", kRegexes, "", "", "",
            "no statements whose normalised text one of these expressions matches"},
    Setting{"scope", "test-from", kTexts, "", "", "tag:test, app:^t:(.*)$, marker",
            "where the name of the test comes from"},
    Setting{"scope", "route-from", kTexts, "", "", "tag:route, tag:controller+action, tag:endpoint, tag:job",
            "where the name of the route comes from"},
    Setting{"rules", "default", kText, "", "recommended|all|off", "recommended",
            "rules that are on without a table of their own"},
    Setting{"rules", "select", kTexts, "--rule", "", "", "only these rules"},
    Setting{"rules", "ignore", kTexts, "--skip-rule", "", "", "not these rules"},
    Setting{"rules.*", "severity", kText, "", "error|warning|note|info|off", "",
            "of all findings of the rule; off: none"},
    Setting{"rules.*", "ratchet", kText, "", "", "",
            "calls*FACTOR or calls+NUMBER: above it a known finding is worse, and fails"},
    Setting{"suppress", "rule", kText, "", "", "", "name of a rule"},
    Setting{"suppress", "id", kText, "", "", "", "identity of a finding"},
    Setting{"suppress", "table", kText, "", "", "", "main table of the finding; * and ? stand for any text"},
    Setting{"suppress", "tag", kText, "", "", "", "KEY=VALUE"},
    Setting{"suppress", "test", kText, "", "", "", "name of a test"},
    Setting{"suppress", "app", kText, "", "", "", "application_name"},
    Setting{"suppress", "sql", kText, "", "", "", "regular expression over the normalised statement"},
    Setting{"suppress", "reason", kText, "", "", "required", "why"},
    Setting{"suppress", "until", kDate, "", "", "", "last day it holds; afterwards the finding is back"},
    Setting{"suppress", "issue", kText, "", "", "", "where it is tracked"},
    Setting{"location", "match", kMap, "", "", "required",
            "route, test, table, rule, app or a tag, and a pattern"},
    Setting{"location", "file", kText, "", "", "required",
            "where such findings belong that carry no place in the source"},
    Setting{"location", "line", kWhole, "", "", "1", ""},
    Setting{"budget", "test", kText, "", "", "", "tests it is about: a name, or a pattern with * and ?"},
    Setting{"budget", "route", kText, "", "", "", "routes it is about; limits are for one request"},
    Setting{"budget", "tag", kText, "", "", "", "KEY=VALUE it is about"},
    Setting{"budget", "statements", kWhole, "", "", "", "most statements"},
    Setting{"budget", "patterns", kWhole, "", "", "", "most distinct statements"},
    Setting{"budget", "rows", kWhole, "", "", "", "most rows read and written"},
    Setting{"budget", "time-ms", kNumber, "", "", "", "most time in the database"},
    Setting{"privacy", "literals", kText, "", "strip|keep", "keep",
            "strip: no literal of the traffic is kept, not even in a store"},
};

constexpr std::array kRuleOptions = {
    RuleOption{"n-plus-one", "min-count", "executions after one parent that make a loop"},
    RuleOption{"n-plus-one", "min-without-parent", "executions that make a loop without a parent statement"},
    RuleOption{"recursive-walk", "min-steps", "steps that make a walk"},
    RuleOption{"batches-too-small", "suggested", "elements of a list that are advised"},
    RuleOption{"batches-too-small", "max-average", "mean elements of a list above which it is large enough"},
    RuleOption{"batches-too-small", "min-batches", "lists in one scope that make a finding"},
    RuleOption{"write-loop", "min-count", "executions that make a loop"},
    RuleOption{"duplicate-query", "min-count", "executions with the same values that make a finding"},
    RuleOption{"missing-index", "min-rows", "rows of a table below which an index does not matter"},
    RuleOption{"missing-index", "reference-ms",
               "milliseconds a scan must take where a foreign key has no index"},
    RuleOption{"missing-index", "column-ms", "milliseconds a scan must take elsewhere"},
    RuleOption{"unpaginated", "min-rows", "rows of a result that are many"},
    RuleOption{"unpaginated", "whole-table-ms", "milliseconds a read of a whole table must take"},
    RuleOption{"unpaginated", "filtered-ms", "milliseconds a read with a condition must take"},
    RuleOption{"deep-offset", "min-offset", "skipped rows that matter"},
    RuleOption{"deep-offset", "min-ratio", "skipped rows per row asked for that matter"},
    RuleOption{"offset-walk", "min-pages", "pages that make a walk"},
    RuleOption{"offset-walk", "costly-pages", "pages that make it costly"},
    RuleOption{"idle-in-transaction", "min-ms", "milliseconds a transaction must be left open"},
};

void write_setting(JsonWriter& json, const Setting& setting) {
  const auto list_of_strings = [&] {
    json.member("type", "array");
    json.key("items");
    json.begin_object();
    json.member("type", "string");
    json.end_object();
  };
  json.key(setting.name);
  json.begin_object();
  if (!setting.help.empty()) json.member("description", setting.help);
  switch (setting.type) {
    case kText:
    case kFile:
      json.member("type", "string");
      break;
    case kTexts:
    case kRegexes:
      if (setting.name == "extends") break;  // one, or a list
      list_of_strings();
      break;
    case kWhole:
      json.member("type", "integer");
      json.member("minimum", 0);
      break;
    case kNumber:
      json.member("type", "number");
      break;
    case kFlag:
      json.member("type", "boolean");
      break;
    case kDate:
      break;  // a TOML date; editors know no JSON type for it
    case kMap:
      json.member("type", "object");
      json.key("additionalProperties");
      json.begin_object();
      json.member("type", "string");
      json.end_object();
      break;
  }
  if (!setting.choices.empty()) {
    json.key("enum");
    json.begin_array();
    for (const std::string& choice : setting_choices(setting)) json.value(choice);
    json.end_array();
  }
  json.end_object();
}

void begin_closed_object(JsonWriter& json) {
  json.begin_object();
  json.member("type", "object");
  json.member("additionalProperties", false);
}

void write_members(JsonWriter& json, std::string_view table) {
  for (const Setting& setting : kSettings) {
    if (setting.table == table) write_setting(json, setting);
  }
}

void write_rule_tables(JsonWriter& json) {
  for (const Rule& rule : all_rules()) {
    json.key(rule.name);
    begin_closed_object(json);
    json.member("description", rule.summary);
    json.key("properties");
    json.begin_object();
    write_members(json, "rules.*");
    for (const RuleOption& option : kRuleOptions) {
      if (option.rule != rule.name) continue;
      json.key(option.name);
      json.begin_object();
      json.member("type", "number");
      json.member("description", option.help);
      json.end_object();
    }
    json.end_object();
    json.end_object();
  }
}

void write_table(JsonWriter& json, const std::string& table) {
  json.key(table);
  if (is_list_table(table)) {
    json.begin_object();
    json.member("type", "array");
    json.key("items");
  }
  begin_closed_object(json);
  std::vector<std::string_view> required;
  for (const Setting& setting : kSettings) {
    if (setting.table == table && setting.standard == "required") required.push_back(setting.name);
  }
  if (!required.empty()) {
    json.key("required");
    json.begin_array();
    for (const std::string_view name : required) json.value(name);
    json.end_array();
  }
  json.key("properties");
  json.begin_object();
  write_members(json, table);
  if (table == "rules") write_rule_tables(json);
  json.end_object();
  json.end_object();
  if (is_list_table(table)) json.end_object();
}

}  // namespace

std::span<const Setting> all_settings() {
  return kSettings;
}

std::string setting_key(const Setting& setting) {
  return setting.table.empty() ? std::string(setting.name)
                               : fmt::format("{}.{}", setting.table, setting.name);
}

const Setting* find_setting(std::string_view table, std::string_view name) {
  for (const Setting& setting : kSettings) {
    if (setting.table == table && setting.name == name) return &setting;
  }
  return nullptr;
}

bool is_list_table(std::string_view table) {
  return table == "suppress" || table == "location" || table == "budget";
}

std::vector<std::string> setting_tables() {
  std::vector<std::string> tables;
  for (const Setting& setting : kSettings) {
    const std::string table(setting.table);
    if (!table.empty() && table != "rules.*" &&
        std::find(tables.begin(), tables.end(), table) == tables.end())
      tables.push_back(table);
  }
  return tables;
}

std::vector<std::string> setting_names(std::string_view table) {
  std::vector<std::string> names;
  for (const Setting& setting : kSettings) {
    if (setting.table == table) names.emplace_back(setting.name);
  }
  return names;
}

std::vector<std::string> setting_choices(const Setting& setting) {
  std::vector<std::string> choices;
  std::string_view rest = setting.choices;
  while (!rest.empty()) {
    const size_t bar = std::min(rest.find('|'), rest.size());
    choices.emplace_back(rest.substr(0, bar));
    rest.remove_prefix(std::min(rest.size(), bar + 1));
  }
  return choices;
}

std::span<const RuleOption> all_rule_options() {
  return kRuleOptions;
}

std::vector<std::string> rule_option_names(std::string_view rule) {
  std::vector<std::string> names = setting_names("rules.*");
  for (const RuleOption& option : kRuleOptions) {
    if (option.rule == rule) names.emplace_back(option.name);
  }
  return names;
}

std::string variable_of(const Setting& setting) {
  if (is_list_table(setting.table) || setting.table == "rules.*" || setting.name == "schema") return {};
  std::string name = "PGSIEVE_";
  for (const char c : fmt::format("{}{}{}", setting.table, setting.table.empty() ? "" : "_", setting.name))
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::string settings_schema() {
  JsonWriter json(2);
  json.begin_object();
  json.member("$schema", "https://json-schema.org/draft/2020-12/schema");
  json.member("title", "pgsieve.toml");
  json.member("type", "object");
  json.member("additionalProperties", false);
  json.key("properties");
  json.begin_object();
  write_members(json, "");
  for (const std::string& table : setting_tables()) write_table(json, table);
  json.end_object();
  json.end_object();
  return json.take() + "\n";
}

}  // namespace pgsieve
