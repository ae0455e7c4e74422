#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <span>

#include "analyzer/schema/schema.h"
#include "analyzer/schema/statistics_file.h"
#include "analyzer/schema/text_file.h"

namespace pgsieve {
namespace {

struct Estimate {
  std::string schema, table;
  std::optional<double> rows, pages;
};

// reltuples is -1 for a table that was never analysed.
std::optional<double> known(double value) {
  return value < 0 ? std::nullopt : std::optional<double>(value);
}

std::optional<double> number_field(const simdjson::dom::object& object,
                                   std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    double value = 0;
    if (object[name].get(value) == simdjson::SUCCESS) return known(value);
  }
  return std::nullopt;
}

std::string string_field(const simdjson::dom::object& object, std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    std::string_view value;
    if (object[name].get(value) == simdjson::SUCCESS) return std::string(value);
  }
  return {};
}

constexpr std::string_view kTableNames[] = {"table", "rel", "relname", "table_name", "tablename", "name"};
constexpr std::string_view kSchemaNames[] = {"schema", "schemaname", "table_schema", "nspname"};
constexpr std::string_view kRowNames[] = {"rows", "reltuples", "tuples", "row_estimate", "n_live_tup"};
constexpr std::string_view kPageNames[] = {"pages", "relpages"};

Result<std::vector<Estimate>> read_json(const std::string& text, const std::string& path) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (const auto error = parser.parse(text).get(root); error != simdjson::SUCCESS)
    return Error{.message = std::string("not valid JSON: ") + simdjson::error_message(error),
                 .hint = {},
                 .file = path};
  simdjson::dom::array entries;
  if (root.get(entries) != simdjson::SUCCESS && root["relations"].get(entries) != simdjson::SUCCESS &&
      root["tables"].get(entries) != simdjson::SUCCESS)
    return Error{.message = "no list of tables in it",
                 .hint = R"(Expected [{"table": "orders", "reltuples": 1200, "relpages": 10}, …])",
                 .file = path};
  std::vector<Estimate> estimates;
  for (const simdjson::dom::element entry : entries) {
    simdjson::dom::object object;
    if (entry.get(object) != simdjson::SUCCESS) continue;
    Estimate estimate{string_field(object, kSchemaNames), string_field(object, kTableNames),
                      number_field(object, kRowNames), number_field(object, kPageNames)};
    if (!estimate.table.empty()) estimates.push_back(std::move(estimate));
  }
  return estimates;
}

// One CSV record (RFC 4180) from the front of `rest`.
std::vector<std::string> take_record(std::string_view& rest) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  size_t at = 0;
  for (; at < rest.size(); ++at) {
    const char c = rest[at];
    if (quoted) {
      if (c != '"') {
        fields.back() += c;
      } else if (at + 1 < rest.size() && rest[at + 1] == '"') {
        fields.back() += '"';
        ++at;
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',' || c == ';' || c == '\t') {
      fields.emplace_back();
    } else if (c == '\n') {
      ++at;
      break;
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  rest.remove_prefix(at);
  return fields;
}

size_t header_position(const std::vector<std::string>& header, std::span<const std::string_view> names) {
  for (size_t at = 0; at < header.size(); ++at)
    if (std::ranges::find(names, header[at]) != names.end()) return at;
  return header.size();
}

std::optional<double> number(const std::vector<std::string>& record, size_t at) {
  if (at >= record.size()) return std::nullopt;
  double value = -1;
  const std::string& text = record[at];
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() ? known(value) : std::nullopt;
}

Result<std::vector<Estimate>> read_csv(std::string_view text, const std::string& path) {
  const std::vector<std::string> header = take_record(text);
  const size_t table = header_position(header, kTableNames);
  const size_t schema = header_position(header, kSchemaNames);
  const size_t rows = header_position(header, kRowNames);
  const size_t pages = header_position(header, kPageNames);
  if (table == header.size() || (rows == header.size() && pages == header.size()))
    return Error{.message = "neither JSON nor a CSV file whose header names a table and its rows or pages",
                 .hint = "Expected a first line like schema,table,rows,pages",
                 .file = path,
                 .line = 1};
  std::vector<Estimate> estimates;
  while (!text.empty()) {
    const std::vector<std::string> record = take_record(text);
    if (table >= record.size() || record[table].empty()) continue;
    estimates.push_back({schema < record.size() ? record[schema] : std::string(), record[table],
                         number(record, rows), number(record, pages)});
  }
  return estimates;
}

// "schema.name" where the file has no schema field of its own.
RelationStatistics& relation_of(Statistics& statistics, const Estimate& estimate) {
  const size_t dot = estimate.table.find('.');
  if (!estimate.schema.empty() || dot == std::string::npos)
    return statistics.relation(estimate.schema, estimate.table);
  return statistics.relation(estimate.table.substr(0, dot), estimate.table.substr(dot + 1));
}

}  // namespace

Result<Statistics> read_statistics(const std::string& path) {
  const Result<std::string> text = read_text_file(path);
  if (!text.ok()) return text.error();
  const size_t first = text->find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return Error{.message = "is empty", .hint = {}, .file = path};
  if (is_statistics_file(*text)) {
    Result<StatisticsFile> file = parse_statistics_file(*text, path);
    if (!file.ok()) return file.error();
    return std::move(file->columns);
  }
  const bool json = (*text)[first] == '[' || (*text)[first] == '{';
  const Result<std::vector<Estimate>> estimates = json ? read_json(*text, path) : read_csv(*text, path);
  if (!estimates.ok()) return estimates.error();
  Statistics statistics;
  for (const Estimate& estimate : *estimates) {
    RelationStatistics& relation = relation_of(statistics, estimate);
    relation.rows = estimate.rows.value_or(-1);
    relation.pages = estimate.pages.value_or(-1);
  }
  return statistics;
}

Result<uint64_t> load_statistics(Schema& schema, const std::string& path) {
  const Result<Statistics> statistics = read_statistics(path);
  if (!statistics.ok()) return statistics.error();
  return apply_sizes(*statistics, schema);
}

}  // namespace pgsieve
