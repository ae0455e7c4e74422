#include "analyzer/capture/json_fields.h"

namespace pgsieve {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

bool get_field(const object& from, std::string_view key, std::string_view& value) {
  return from.at_key(key).get(value) == simdjson::SUCCESS;
}
bool get_field(const object& from, std::string_view key, object& value) {
  return from.at_key(key).get(value) == simdjson::SUCCESS;
}
bool get_field(const object& from, std::string_view key, array& value) {
  return from.at_key(key).get(value) == simdjson::SUCCESS;
}

std::string_view first_field(const object& from, std::initializer_list<std::string_view> keys) {
  std::string_view value;
  for (const std::string_view key : keys) {
    if (get_field(from, key, value)) return value;
  }
  return {};
}

uint64_t number_field(const object& from, std::string_view key) {
  element value;
  if (from.at_key(key).get(value) != simdjson::SUCCESS) return 0;
  uint64_t number = 0;
  double real = 0;
  std::string_view text;
  if (value.get(number) == simdjson::SUCCESS) return number;
  if (value.get(real) == simdjson::SUCCESS) return real > 0 && real < 1e19 ? static_cast<uint64_t>(real) : 0;
  if (value.get(text) != simdjson::SUCCESS) return 0;
  for (const char c : text.substr(0, 19)) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  return number;
}

Microseconds epoch_time(uint64_t number) {
  if (number == 0) return kUnknownTime;
  if (number < 100'000'000'000ULL) return static_cast<Microseconds>(number) * kSecond;
  if (number < 100'000'000'000'000ULL) return static_cast<Microseconds>(number) * kMillisecond;
  if (number < 100'000'000'000'000'000ULL) return static_cast<Microseconds>(number);
  return static_cast<Microseconds>(number / 1000);
}

Microseconds time_field(const object& from, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    std::string_view text;
    if (get_field(from, key, text)) {
      const ParsedTime parsed = parse_time(text);
      if (parsed.length > 0) return parsed.time;
    }
    const Microseconds time = epoch_time(number_field(from, key));
    if (time != kUnknownTime) return time;
  }
  return kUnknownTime;
}

void append_json_string(std::string_view text, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace pgsieve
