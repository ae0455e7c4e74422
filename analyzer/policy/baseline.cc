#include "analyzer/policy/baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <tuple>

#include "analyzer/policy/toml.h"

namespace pgsieve {

namespace {

constexpr int kBaselineSchema = 1;

Result<uint64_t> whole_number(const TomlValue& value, const std::string& file, const std::string& key) {
  if (value.kind == TomlValue::Kind::kInteger && value.integer >= 0)
    return static_cast<uint64_t>(value.integer);
  return toml_error(file, value, fmt::format("'{}' must be a whole number", key));
}

Result<std::string> plain_text(const TomlValue& value, const std::string& file, const std::string& key) {
  if (value.kind == TomlValue::Kind::kString) return value.text;
  return toml_error(file, value,
                    fmt::format("'{}' must be a string, not {}", key, toml_kind_name(value.kind)));
}

Status read_field(BaselineEntry& entry, const std::string& key, const TomlValue& value,
                  const std::string& file) {
  if (key == "calls") {
    const Result<uint64_t> calls = whole_number(value, file, key);
    if (!calls) return calls.error();
    entry.calls = *calls;
    return {};
  }
  if (key == "until") {
    entry.until = day_number(value.text);
    if (!entry.until) return toml_error(file, value, "'until' must be a date, as in 2027-03-31");
    return {};
  }
  if (key == "seen") {
    if (value.kind != TomlValue::Kind::kArray)
      return toml_error(file, value, "'seen' must be a list of strings");
    for (const TomlValue& item : value.items) entry.seen.push_back(item.text);
    return {};
  }
  const std::map<std::string, std::string*> texts = {
      {"id", &entry.id},   {"rule", &entry.rule},     {"state", &entry.state},  {"reason", &entry.reason},
      {"sql", &entry.sql}, {"parent", &entry.parent}, {"object", &entry.object}};
  const auto text = texts.find(key);
  if (text == texts.end())
    return toml_error(
        file, value,
        fmt::format("unknown key '{}' in [[finding]] (known: id, rule, state, reason, until, sql, "
                    "parent, object, seen, calls)",
                    key));
  const Result<std::string> given = plain_text(value, file, key);
  if (!given) return given.error();
  *text->second = *given;
  return {};
}

Status check_entry(const BaselineEntry& entry, const TomlValue& where, const std::string& file) {
  if (entry.id.empty() || entry.rule.empty())
    return toml_error(file, where, "a [[finding]] needs id and rule");
  if (entry.state != "todo" && entry.state != "accepted")
    return toml_error(file, where, fmt::format("state is \"todo\" or \"accepted\", not \"{}\"", entry.state));
  if (entry.state == "accepted" && entry.reason.empty())
    return toml_error(file, where, fmt::format("{} is accepted, which needs a reason", entry.id));
  return {};
}

Status read_entries(const TomlValue& list, const std::string& file, Baseline& baseline) {
  if (list.kind != TomlValue::Kind::kArray) return toml_error(file, list, "findings are written [[finding]]");
  for (const TomlValue& item : list.items) {
    BaselineEntry entry;
    for (const auto& [key, value] : item.members) {
      if (Status failed = read_field(entry, key, value, file)) return failed;
    }
    if (Status failed = check_entry(entry, item, file)) return failed;
    baseline.entries.push_back(std::move(entry));
  }
  return {};
}

Status read_units(const TomlValue& list, const std::string& file, Baseline& baseline) {
  if (list.kind != TomlValue::Kind::kArray) return toml_error(file, list, "units are written [[unit]]");
  for (const TomlValue& item : list.items) {
    UnitCounts counts;
    for (const auto& [key, value] : item.members) {
      if (key == "name") continue;
      if (key == "time-ms") {
        counts.time = static_cast<Microseconds>(value.number * kMillisecond);
        continue;
      }
      uint64_t* target = key == "statements" ? &counts.statements
                         : key == "patterns" ? &counts.patterns
                         : key == "rows"     ? &counts.rows
                                             : nullptr;
      if (target == nullptr) return toml_error(file, value, fmt::format("unknown key '{}' in [[unit]]", key));
      const Result<uint64_t> number = whole_number(value, file, key);
      if (!number) return number.error();
      *target = *number;
    }
    baseline.units[item.string("name")] = counts;
  }
  return {};
}

}  // namespace

const BaselineEntry* Baseline::find(std::string_view id) const {
  for (const BaselineEntry& entry : entries) {
    if (entry.id == id) return &entry;
  }
  return nullptr;
}

BaselineEntry* Baseline::find(std::string_view id) {
  return const_cast<BaselineEntry*>(static_cast<const Baseline*>(this)->find(id));
}

void Baseline::sort() {
  std::sort(entries.begin(), entries.end(), [](const BaselineEntry& left, const BaselineEntry& right) {
    return std::tie(left.rule, left.id) < std::tie(right.rule, right.id);
  });
}

Result<Baseline> parse_baseline(std::string_view text, const std::string& file) {
  const Result<TomlValue> document = parse_toml(text, file);
  if (!document) return document.error();
  Baseline baseline;
  for (const auto& [key, value] : document->members) {
    Status failed;
    if (key == "schema") {
      if (value.integer > kBaselineSchema)
        failed = toml_error(file, value, "this baseline was written by a newer pgsieve");
    } else if (key == "finding") {
      failed = read_entries(value, file, baseline);
    } else if (key == "unit") {
      failed = read_units(value, file, baseline);
    } else {
      failed = toml_error(file, value, fmt::format("unknown key '{}' (known: schema, finding, unit)", key));
    }
    if (failed) return *failed;
  }
  baseline.sort();
  for (size_t i = 1; i < baseline.entries.size(); ++i) {
    if (baseline.entries[i].id == baseline.entries[i - 1].id)
      return toml_error(file, TomlValue(), fmt::format("{} is there twice", baseline.entries[i].id));
  }
  return baseline;
}

Result<Baseline> load_baseline(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream.is_open() || stream.bad()) {
    Error error;
    error.kind = Error::Kind::kUsage;
    error.message = "can't read the baseline " + path;
    return error;
  }
  return parse_baseline(text, path);
}

std::string write_baseline(const Baseline& baseline, const std::string& made_by) {
  std::string text = fmt::format("# pgsieve baseline; made by: {}\nschema = {}\n", made_by, kBaselineSchema);
  for (const BaselineEntry& entry : baseline.entries) {
    text += "\n[[finding]]\n";
    const auto line = [&text](std::string_view key, const std::string& value) {
      text += fmt::format("{:<6} = {}\n", key, value);
    };
    line("id", toml_string(entry.id));
    line("rule", toml_string(entry.rule));
    line("state", toml_string(entry.state));
    if (!entry.reason.empty()) line("reason", toml_string(entry.reason));
    if (entry.until) line("until", day_text(*entry.until));
    line("sql", toml_string(entry.sql));
    if (!entry.parent.empty()) line("parent", toml_string(entry.parent));
    if (!entry.object.empty()) line("object", toml_string(entry.object));
    if (!entry.seen.empty()) {
      std::vector<std::string> names;
      for (const std::string& name : entry.seen) names.push_back(toml_string(name));
      line("seen", fmt::format("[{}]", fmt::join(names, ", ")));
    }
    line("calls", fmt::format("{}", entry.calls));
  }
  for (const auto& [name, counts] : baseline.units) {
    text += fmt::format(
        "\n[[unit]]\nname       = {}\nstatements = {}\npatterns   = {}\nrows       = {}\ntime-ms    = "
        "{:.1f}\n",
        toml_string(name), counts.statements, counts.patterns, counts.rows,
        static_cast<double>(counts.time) / kMillisecond);
  }
  return text;
}

std::vector<std::string> units_of(const Finding& finding) {
  std::vector<std::string> names;
  for (const std::string_view key : {"route", "test"}) {
    const auto tag = finding.tags.find(std::string(key));
    if (tag != finding.tags.end() && !tag->second.empty())
      names.push_back(fmt::format("{}:{}", key, tag->second));
  }
  return names;
}

BaselineEntry entry_of(const Finding& finding) {
  BaselineEntry entry;
  entry.id = finding.id;
  entry.rule = finding.rule;
  entry.sql = finding.query;
  entry.parent = finding.parent_query;
  entry.object = finding.object;
  entry.calls = finding.count;
  entry.seen = units_of(finding);
  return entry;
}

size_t migrate(Baseline& baseline) {
  size_t changed = 0;
  std::vector<BaselineEntry> entries;
  for (BaselineEntry& entry : baseline.entries) {
    const std::string id = finding_id(entry.rule, entry.sql, entry.parent, entry.object);
    if (id != entry.id) ++changed;
    entry.id = id;
    const auto same = std::find_if(entries.begin(), entries.end(),
                                   [&](const BaselineEntry& each) { return each.id == entry.id; });
    if (same == entries.end()) {
      entries.push_back(std::move(entry));
    } else if (same->state != "accepted" && entry.state == "accepted") {
      *same = std::move(entry);
    }
  }
  baseline.entries = std::move(entries);
  baseline.sort();
  return changed;
}

}  // namespace pgsieve
