// TOML as plain values that know where they stand. The one place that knows toml++.
//
// Dates and date-times are kept as the text of their date, YYYY-MM-DD; times of day alone are refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/error.h"

namespace pgsieve {

struct TomlMember;

struct TomlValue {
  enum class Kind : uint8_t { kString, kInteger, kNumber, kBoolean, kDate, kArray, kTable };
  Kind kind = Kind::kTable;
  std::string text;  // as written for people: of a string its content, of other scalars their TOML
  int64_t integer = 0;
  double number = 0;  // of an integer, too
  bool boolean = false;
  std::vector<TomlValue> items;     // kArray
  std::vector<TomlMember> members;  // kTable, by name
  uint32_t line = 0, column = 0;    // of a member: where its key stands

  const TomlValue* find(std::string_view name) const;  // nullptr: not there, or no table
  std::string string(std::string_view name) const;     // the text of a scalar member; "" when there is none
};
struct TomlMember {
  std::string name;
  TomlValue value;
};
std::string_view toml_kind_name(TomlValue::Kind kind);  // "a string", "a table", …

// The document's root table. The Error has file, line and column ("line 7, column 3: …").
Result<TomlValue> parse_toml(std::string_view text, const std::string& file);
Result<TomlValue> read_toml(const std::string& path);

// "FILE:LINE:COLUMN: MESSAGE" as an Error of kind usage.
Error toml_error(const std::string& file, const TomlValue& where, const std::string& message);

// A basic string with its quotes, on one line.
std::string toml_string(std::string_view text);

// Days since 1970-01-01 of "YYYY-MM-DD"; nullopt: no such day.
std::optional<int64_t> day_number(std::string_view date);
std::string day_text(int64_t day);
int64_t today();  // UTC

}  // namespace pgsieve
