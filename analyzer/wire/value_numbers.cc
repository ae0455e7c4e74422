#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "analyzer/wire/byte_cursor.h"
#include "analyzer/wire/value_text.h"

namespace pgsieve {

// Base 10000 digits with the weight (power of 10000) of the first one; `scale` decimal digits are printed.
bool append_numeric(std::string_view bytes, std::string& out) {
  constexpr uint16_t kNegative = 0x4000, kNan = 0xC000, kInfinity = 0xD000, kMinusInfinity = 0xF000;
  constexpr int kMaxWeight = 0x7FFF, kMaxScale = 0x3FFF;
  ByteCursor cursor(bytes);
  const int count = cursor.i16();
  const int weight = cursor.i16();
  const uint16_t sign = cursor.u16();
  const int scale = cursor.u16();
  if (cursor.failed() || count < 0 || scale > kMaxScale || weight > kMaxWeight) return false;
  // Hardly any number ends in this many zeroes; a few bytes that claim so shall not become megabytes.
  constexpr int kMaxZeroes = 512;
  if (weight > count + kMaxZeroes || scale > (count + kMaxZeroes) * 4) return false;
  if (cursor.left() != static_cast<size_t>(count) * 2) return false;
  if (sign == kNan) return out += "NaN", true;
  if (sign == kInfinity) return out += "Infinity", true;
  if (sign == kMinusInfinity) return out += "-Infinity", true;
  const std::string_view digits = cursor.rest();
  const auto digit = [&](int index) -> unsigned {
    if (index < 0 || index >= count) return 0;
    const auto at = static_cast<size_t>(index) * 2;
    return static_cast<unsigned>(static_cast<uint8_t>(digits[at])) << 8U |
           static_cast<uint8_t>(digits[at + 1]);
  };
  if (sign == kNegative) out.push_back('-');
  if (weight < 0) out.push_back('0');
  for (int i = 0; i <= weight; ++i) {
    if (digit(i) > 9999) return false;
    out += i == 0 ? fmt::format("{}", digit(i)) : fmt::format("{:04}", digit(i));
  }
  if (scale == 0) return true;
  out.push_back('.');
  const size_t end = out.size() + static_cast<size_t>(scale);
  for (int i = weight + 1; out.size() < end; ++i) out += fmt::format("{:04}", digit(i) % 10000);
  out.resize(end);
  return true;
}

// The shortest text that reads back as the same number, with an exponent where the server writes one: below
// 1e-4 and from 1e15 (1e6 for float4) on.
bool append_float(double value, bool single, std::string& out) {
  if (std::isnan(value)) return out += "NaN", true;
  if (std::isinf(value)) return out += value < 0 ? "-Infinity" : "Infinity", true;
  if (value == 0) return out += std::signbit(value) ? "-0" : "0", true;
  char buffer[64];
  const auto result =
      single ? std::to_chars(buffer, buffer + sizeof buffer, static_cast<float>(value),
                             std::chars_format::scientific)
             : std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  const std::string_view scientific(buffer, static_cast<size_t>(result.ptr - buffer));
  const size_t mark = scientific.find('e');
  const int exponent = std::atoi(std::string(scientific.substr(mark + 1)).c_str());
  if (exponent < -4 || exponent >= (single ? 6 : 15)) {
    out += scientific;
    return true;
  }
  std::string digits;
  for (const char c : scientific.substr(0, mark)) {
    if (c >= '0' && c <= '9') digits.push_back(c);
  }
  if (value < 0) out.push_back('-');
  if (exponent < 0) {
    out += "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
    return true;
  }
  const auto whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() < whole) digits.append(whole - digits.size(), '0');
  out.append(digits, 0, whole);
  if (digits.size() > whole) {
    out.push_back('.');
    out.append(digits, whole);
  }
  return true;
}

}  // namespace pgsieve
