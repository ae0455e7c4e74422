#include "analyzer/policy/toml.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>

namespace pgsieve {

namespace {

TomlValue convert(const toml::node& node);

TomlValue at_source(const toml::source_region& source) {
  TomlValue value;
  value.line = static_cast<uint32_t>(source.begin.line);
  value.column = static_cast<uint32_t>(source.begin.column);
  return value;
}

TomlValue convert_table(const toml::table& table) {
  TomlValue value = at_source(table.source());
  value.kind = TomlValue::Kind::kTable;
  for (const auto& [key, node] : table) {
    TomlValue member = convert(node);
    member.line = static_cast<uint32_t>(key.source().begin.line);
    member.column = static_cast<uint32_t>(key.source().begin.column);
    value.members.push_back({std::string(key.str()), std::move(member)});
  }
  return value;
}

std::string date_text(const toml::date& date) {
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

TomlValue convert(const toml::node& node) {
  if (const toml::table* table = node.as_table()) return convert_table(*table);
  TomlValue value = at_source(node.source());
  if (const toml::array* array = node.as_array()) {
    value.kind = TomlValue::Kind::kArray;
    for (const toml::node& item : *array) value.items.push_back(convert(item));
  } else if (const auto* string = node.as_string()) {
    value.kind = TomlValue::Kind::kString;
    value.text = string->get();
  } else if (const auto* integer = node.as_integer()) {
    value.kind = TomlValue::Kind::kInteger;
    value.integer = integer->get();
    value.number = static_cast<double>(integer->get());
    value.text = fmt::format("{}", integer->get());
  } else if (const auto* number = node.as_floating_point()) {
    value.kind = TomlValue::Kind::kNumber;
    value.number = number->get();
    value.text = fmt::format("{}", number->get());
  } else if (const auto* boolean = node.as_boolean()) {
    value.kind = TomlValue::Kind::kBoolean;
    value.boolean = boolean->get();
    value.text = value.boolean ? "true" : "false";
  } else if (const auto* date = node.as_date()) {
    value.kind = TomlValue::Kind::kDate;
    value.text = date_text(date->get());
  } else if (const auto* moment = node.as_date_time()) {
    value.kind = TomlValue::Kind::kDate;
    value.text = date_text(moment->get().date);
  } else {
    value.kind = TomlValue::Kind::kString;  // a time of day
    value.text = "time";
  }
  return value;
}

Error syntax_error(const toml::parse_error& error, const std::string& file) {
  TomlValue where = at_source(error.source());
  return toml_error(file, where, std::string(error.description()));
}

}  // namespace

const TomlValue* TomlValue::find(std::string_view name) const {
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string TomlValue::string(std::string_view name) const {
  const TomlValue* member = find(name);
  return member == nullptr ? std::string() : member->text;
}

std::string_view toml_kind_name(TomlValue::Kind kind) {
  switch (kind) {
    case TomlValue::Kind::kString:
      return "a string";
    case TomlValue::Kind::kInteger:
      return "a whole number";
    case TomlValue::Kind::kNumber:
      return "a number";
    case TomlValue::Kind::kBoolean:
      return "true or false";
    case TomlValue::Kind::kDate:
      return "a date";
    case TomlValue::Kind::kArray:
      return "a list";
    case TomlValue::Kind::kTable:
      return "a table";
  }
  return "a value";
}

Error toml_error(const std::string& file, const TomlValue& where, const std::string& message) {
  Error error;
  error.kind = Error::Kind::kUsage;
  error.message = where.line == 0 ? fmt::format("{}: {}", file, message)
                                  : fmt::format("{}:{}:{}: {}", file, where.line, where.column, message);
  return error;
}

Result<TomlValue> parse_toml(std::string_view text, const std::string& file) {
#if TOML_EXCEPTIONS
  try {
    return convert_table(toml::parse(text, file));
  } catch (const toml::parse_error& error) {
    return syntax_error(error, file);
  }
#else
  toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) return syntax_error(parsed.error(), file);
  return convert_table(parsed.table());
#endif
}

Result<TomlValue> read_toml(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream.is_open() || stream.bad()) {
    Error error;
    error.kind = Error::Kind::kUsage;
    error.message = "can't read " + path;
    return error;
  }
  return parse_toml(text, path);
}

std::string toml_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\t':
        quoted += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
          quoted += c;
        }
    }
  }
  return quoted + '"';
}

std::optional<int64_t> day_number(std::string_view date) {
  if (date.size() != 10 || date[4] != '-' || date[7] != '-') return {};
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  const auto read = [](std::string_view digits, auto& out) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  if (!read(date.substr(0, 4), year) || !read(date.substr(5, 2), month) || !read(date.substr(8, 2), day))
    return {};
  const std::chrono::year_month_day calendar{std::chrono::year(year), std::chrono::month(month),
                                             std::chrono::day(day)};
  if (!calendar.ok()) return {};
  return std::chrono::sys_days(calendar).time_since_epoch().count();
}

std::string day_text(int64_t day) {
  const std::chrono::year_month_day calendar{std::chrono::sys_days(std::chrono::days(day))};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(calendar.year()),
                     static_cast<unsigned>(calendar.month()), static_cast<unsigned>(calendar.day()));
}

int64_t today() {
  return std::chrono::duration_cast<std::chrono::hours>(std::chrono::system_clock::now().time_since_epoch())
             .count() /
         24;
}

}  // namespace pgsieve
