#include "analyzer/schema/statistics_file.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "analyzer/schema/text_file.h"

namespace pgsieve {

namespace {

constexpr std::string_view kFormat = "statistics/";
constexpr std::string_view kVersion = "statistics/1";

using simdjson::dom::element;
using simdjson::dom::object;

std::string text_of(const object& line, std::string_view name) {
  std::string_view value;
  return line[name].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
}

std::optional<double> number_of(const object& line, std::string_view name) {
  double value = 0;
  return line[name].get(value) == simdjson::SUCCESS ? std::optional(value) : std::nullopt;
}

std::vector<double> numbers_of(const object& line, std::string_view name) {
  std::vector<double> numbers;
  simdjson::dom::array array;
  if (line[name].get(array) != simdjson::SUCCESS) return numbers;
  for (const element item : array) {
    double value = 0;
    if (item.get(value) == simdjson::SUCCESS) numbers.push_back(value);
  }
  return numbers;
}

std::vector<std::string> values_of(const object& line, std::string_view name) {
  return parse_array_literal(text_of(line, name)).value_or(std::vector<std::string>{});
}

StatisticsHeader read_header(const object& line) {
  StatisticsHeader header;
  header.database = text_of(line, "database");
  header.encoding = text_of(line, "encoding");
  header.collate = text_of(line, "collate");
  header.ctype = text_of(line, "ctype");
  header.provider = text_of(line, "provider");
  header.icu_locale = text_of(line, "icu_locale");
  header.server_version = text_of(line, "server_version");
  header.server_version_num = static_cast<int>(number_of(line, "server_version_num").value_or(0));
  header.block_size = static_cast<int>(number_of(line, "block_size").value_or(8192));
  header.extended_statistics =
      static_cast<uint64_t>(std::max(0.0, number_of(line, "extended_statistics").value_or(0)));
  if (line["values"].get(header.values) != simdjson::SUCCESS) header.values = false;
  object settings;
  if (line["settings"].get(settings) == simdjson::SUCCESS) {
    for (const auto& [name, value] : settings) {
      std::string_view text;
      if (value.get(text) == simdjson::SUCCESS) header.settings.emplace(name, text);
    }
  }
  simdjson::dom::array extensions;
  if (line["extensions"].get(extensions) == simdjson::SUCCESS) {
    for (const element item : extensions) {
      object extension;
      if (item.get(extension) == simdjson::SUCCESS)
        header.extensions.push_back({text_of(extension, "name"), text_of(extension, "schema")});
    }
  }
  return header;
}

void read_relation(const object& line, StatisticsFile& file) {
  ExportedRelation relation;
  relation.schema = text_of(line, "schema");
  relation.name = text_of(line, "relation");
  const std::string kind = text_of(line, "kind");
  relation.kind = kind.empty() ? 'r' : kind.front();
  relation.relation_pages = number_of(line, "relpages").value_or(0);
  relation.pages = number_of(line, "pages").value_or(relation.relation_pages);
  relation.rows = number_of(line, "tuples").value_or(-1);
  if (const auto scans = number_of(line, "scans"); scans && *scans >= 0)
    relation.scans = static_cast<uint64_t>(*scans);
  RelationStatistics& sizes = file.columns.relation(relation.schema, relation.name);
  // A planner scales the rows of the last ANALYZE by how the file has grown since.
  const double growth = relation.relation_pages > 0 ? relation.pages / relation.relation_pages : 1;
  sizes.rows = relation.rows < 0 ? -1 : relation.rows * growth;
  sizes.pages = relation.pages;
  sizes.scans = relation.scans;
  file.relations.push_back(std::move(relation));
}

void read_column(const object& line, Statistics& statistics) {
  bool inherited = false;
  const bool known = line["inherited"].get(inherited) == simdjson::SUCCESS;
  RelationStatistics& relation = statistics.relation(text_of(line, "schema"), text_of(line, "relation"));
  const std::string name = text_of(line, "column");
  // A parent table has two sets: its own rows', and the whole tree's, which is what a query over it meets.
  if (known && !inherited && relation.columns.contains(name)) return;
  ColumnStatistics column;
  column.null_fraction = number_of(line, "null_fraction").value_or(0);
  column.average_width = number_of(line, "width").value_or(0);
  column.distinct = number_of(line, "distinct").value_or(0);
  column.correlation = number_of(line, "correlation");
  column.common_values = values_of(line, "common_values");
  column.common_frequencies = numbers_of(line, "common_frequencies");
  column.histogram = values_of(line, "histogram");
  if (column.common_values.size() != column.common_frequencies.size()) column.common_values.clear();
  relation.columns[name] = std::move(column);
}

void read_level(const object& line, StatisticsFile& file) {
  const std::string schema = text_of(line, "schema");
  const std::string name = text_of(line, "relation");
  const auto level = number_of(line, "level");
  for (ExportedRelation& relation : file.relations)
    if (level && relation.name == name && relation.schema == schema)
      relation.level = static_cast<int>(*level);
}

bool has(const object& line, std::string_view name) {
  return line[name].error() == simdjson::SUCCESS;
}

Error bad_line(std::string message, const std::string& file_name, uint64_t line) {
  return Error{.message = std::move(message),
               .hint = "Make the file again: pgsieve stats export",
               .file = file_name,
               .line = line};
}

}  // namespace

bool is_statistics_file(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  const size_t key = line.find("\"pgsieve\"");
  return key != std::string_view::npos && line.find(kFormat, key) != std::string_view::npos;
}

Result<StatisticsFile> parse_statistics_file(std::string_view text, const std::string& file_name) {
  StatisticsFile file;
  simdjson::dom::parser parser;
  uint64_t number = 0;
  file.lines = "[";
  while (!text.empty()) {
    ++number;
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view raw = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!raw.empty() && raw.back() == '\r') raw.remove_suffix(1);
    if (raw.find_first_not_of(" \t") == std::string_view::npos) continue;
    object line;
    if (const auto error = parser.parse(raw.data(), raw.size()).get(line); error != simdjson::SUCCESS)
      return bad_line(fmt::format("not a JSON object: {}", simdjson::error_message(error)), file_name,
                      number);
    if (file.lines.size() == 1) {
      const std::string format = text_of(line, "pgsieve");
      if (format != kVersion)
        return bad_line(format.empty()
                            ? "not a statistics file of pgsieve"
                            : fmt::format("this file is '{}'; this program reads '{}'", format, kVersion),
                        file_name, number);
      file.header = read_header(line);
    } else if (has(line, "kind")) {
      read_relation(line, file);
    } else if (has(line, "column")) {
      read_column(line, file.columns);
    } else if (has(line, "level")) {
      read_level(line, file);
    }
    file.lines += file.lines.size() == 1 ? "" : ",";
    file.lines += raw;
  }
  file.lines += "]";
  if (number == 0) return bad_line("is empty", file_name, 0);
  if (file.relations.empty())
    return bad_line("no table in it: the export saw none, or stopped early", file_name, number);
  return file;
}

Result<StatisticsFile> load_statistics_file(const std::string& path) {
  const Result<std::string> text = read_text_file(path);
  if (!text.ok()) return text.error();
  return parse_statistics_file(*text, path);
}

uint64_t apply_sizes(const Statistics& statistics, Schema& schema) {
  uint64_t unknown = 0;
  for (const auto& [full_name, relation] : statistics.relations()) {
    const std::string& name = full_name;
    const size_t dot = name.find('.');
    // "public" also stands for a file that names no schemas.
    const std::string in_schema = name.starts_with("public.") ? std::string() : name.substr(0, dot);
    Table* table = schema.find_mutable(in_schema, name.substr(dot + 1));
    if (table == nullptr) {
      const std::string bare = name.substr(dot + 1);
      const auto is_it = [&bare](const Index& index) { return index.name == bare; };
      const bool index = std::ranges::any_of(
          schema.tables(), [&is_it](const Table& each) { return std::ranges::any_of(each.indexes, is_it); });
      if (!index) ++unknown;
      continue;
    }
    if (relation.rows >= 0) table->rows = relation.rows;
    if (relation.pages >= 0) table->pages = relation.pages;
  }
  return unknown;
}

std::optional<std::vector<std::string>> parse_array_literal(std::string_view text) {
  std::vector<std::string> elements;
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  if (text.empty()) return elements;
  size_t at = 0;
  while (true) {
    std::string item;
    bool quoted = false;
    int depth = 0;
    for (; at < text.size(); ++at) {
      const char c = text[at];
      if (c == '\\' && at + 1 < text.size()) {
        item += text[++at];
      } else if (c == '"' && depth == 0) {
        quoted = true;
        for (++at; at < text.size() && text[at] != '"'; ++at) {
          if (text[at] == '\\' && at + 1 < text.size()) ++at;
          item += text[at];
        }
        if (at == text.size()) return std::nullopt;
      } else if (c == ',' && depth == 0) {
        break;
      } else {
        depth += (c == '{' ? 1 : 0) - (c == '}' ? 1 : 0);
        item += c;
      }
    }
    if (quoted || item != "NULL") elements.push_back(std::move(item));
    if (at >= text.size()) return elements;
    ++at;
  }
}

}  // namespace pgsieve
