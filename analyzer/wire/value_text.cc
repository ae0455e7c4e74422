#include "analyzer/wire/value_text.h"

#include <algorithm>
#include <bit>

#include "analyzer/base/time.h"
#include "analyzer/base/utf8.h"
#include "analyzer/wire/byte_cursor.h"

namespace pgsieve {
namespace {

void append_hex(std::string_view bytes, std::string& out) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += "\\x";
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    out.push_back(kDigits[byte >> 4U]);
    out.push_back(kDigits[byte & 15U]);
  }
}

bool append_integer(std::string_view bytes, size_t size, std::string& out) {
  if (bytes.size() != size) return false;
  ByteCursor cursor(bytes);
  out += std::to_string(size == 2 ? cursor.i16() : size == 4 ? cursor.i32() : cursor.i64());
  return true;
}

bool append_unsigned(std::string_view bytes, std::string& out) {
  if (bytes.size() != 4) return false;
  out += std::to_string(ByteCursor(bytes).u32());
  return true;
}

bool append_uuid(std::string_view bytes, std::string& out) {
  if (bytes.size() != 16) return false;
  std::string hex;
  append_hex(bytes, hex);
  const std::string_view digits = std::string_view(hex).substr(2);
  size_t at = 0;
  for (const size_t length : {size_t{8}, size_t{4}, size_t{4}, size_t{4}, size_t{12}}) {
    if (at != 0) out.push_back('-');
    out += digits.substr(at, length);
    at += length;
  }
  return true;
}

bool append_real(std::string_view bytes, bool single, std::string& out) {
  if (bytes.size() != (single ? 4U : 8U)) return false;
  ByteCursor cursor(bytes);
  if (single) return append_float(static_cast<double>(std::bit_cast<float>(cursor.u32())), true, out);
  return append_float(std::bit_cast<double>(cursor.u64()), false, out);
}

// Family, prefix length, "is cidr", byte count, address.
bool append_inet(std::string_view bytes, bool cidr, std::string& out) {
  ByteCursor cursor(bytes);
  cursor.u8();
  const unsigned prefix = cursor.u8();
  cursor.u8();
  const size_t size = cursor.u8();
  const std::string_view address = cursor.take(size);
  if (cursor.failed() || cursor.left() != 0 || size != 4) return false;  // IPv6 text has too many forms
  for (size_t i = 0; i < 4; ++i) {
    if (i != 0) out.push_back('.');
    out += std::to_string(static_cast<uint8_t>(address[i]));
  }
  if (cidr || prefix != 32) out += "/" + std::to_string(prefix);
  return true;
}

bool is_text_type(uint32_t type) {
  switch (type) {
    case type_oid::kText:
    case type_oid::kVarchar:
    case type_oid::kBpchar:
    case type_oid::kName:
    case type_oid::kJson:
    case type_oid::kXml:
    case type_oid::kChar:
      return true;
    default:
      return false;
  }
}

bool append_scalar(uint32_t type, std::string_view bytes, std::string& out) {
  constexpr uint32_t kXid = 28, kCid = 29, kCidr = 650, kInet = 869;
  constexpr uint32_t kRegprocFirst = 2202, kRegtype = 2206, kRegclass = 2205, kRegproc = 24;
  if (is_text_type(type)) {
    out += bytes;
    return true;
  }
  ByteCursor cursor(bytes);
  switch (type) {
    case type_oid::kInt2:
      return append_integer(bytes, 2, out);
    case type_oid::kInt4:
      return append_integer(bytes, 4, out);
    case type_oid::kInt8:
      return append_integer(bytes, 8, out);
    case type_oid::kOid:
    case kXid:
    case kCid:
    case kRegprocFirst:
    case kRegtype:
    case kRegclass:
    case kRegproc:
      return append_unsigned(bytes, out);
    case type_oid::kBool:
      if (bytes.size() != 1) return false;
      out.push_back(bytes[0] != 0 ? 't' : 'f');
      return true;
    case type_oid::kUuid:
      return append_uuid(bytes, out);
    case type_oid::kBytea:
      append_hex(bytes, out);
      return true;
    case type_oid::kFloat4:
      return append_real(bytes, true, out);
    case type_oid::kFloat8:
      return append_real(bytes, false, out);
    case type_oid::kNumeric:
      return append_numeric(bytes, out);
    case type_oid::kDate:
      return bytes.size() == 4 && append_date(cursor.i32(), out);
    case type_oid::kTime:
      return bytes.size() == 8 && append_time_of_day(cursor.i64(), out);
    case type_oid::kTimestamp:
      return bytes.size() == 8 && append_timestamp(cursor.i64(), false, out);
    case type_oid::kTimestamptz:
      return bytes.size() == 8 && append_timestamp(cursor.i64(), true, out);
    case type_oid::kInterval:
      return append_interval(bytes, out);
    case type_oid::kJsonb:
      if (bytes.empty() || bytes[0] != 1) return false;
      out += bytes.substr(1);
      return true;
    case kInet:
    case kCidr:
      return append_inet(bytes, type == kCidr, out);
    default:
      return array_element_type(type) != 0 && append_array(bytes, out, 0);
  }
}

// What a person would call text: valid UTF-8 without control characters.
bool is_printable(std::string_view bytes) {
  const bool controls = std::any_of(bytes.begin(), bytes.end(), [](char c) {
    return (static_cast<uint8_t>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f;
  });
  return !controls && is_valid_utf8(bytes);
}

}  // namespace

ValueText append_binary_value(uint32_t type, std::string_view bytes, std::string& out) {
  const size_t before = out.size();
  if (append_scalar(type, bytes, out)) return ValueText::kExact;
  out.resize(before);
  // Enumerations, domains over text and most extension types send their text in binary format, too.
  if (is_printable(bytes)) {
    out += bytes;
  } else {
    append_hex(bytes, out);
  }
  return ValueText::kGuessed;
}

void append_text_value(uint32_t type, std::string_view text, std::string& out) {
  const size_t start = out.size();
  const auto plain = [&] { out.append(text); };
  // A list of unknown type is told by its braces; what is JSON fails to read as one.
  const uint32_t element = array_element_type(type);
  if (element != 0 || (type == 0 && text.starts_with('{'))) {
    if (append_array_text(element, text, out)) return;
    out.resize(start);
    return plain();
  }
  switch (type) {
    case type_oid::kUuid:
      plain();
      for (size_t i = start; i < out.size(); ++i) {
        if (out[i] >= 'A' && out[i] <= 'F') out[i] = static_cast<char>(out[i] | 0x20);
      }
      return;
    case type_oid::kBool:
      if (text.empty()) return;
      out.push_back(std::string_view("tTyY1").find(text[0]) != std::string_view::npos || text == "on" ? 't'
                                                                                                      : 'f');
      return;
    case type_oid::kTimestamp:
    case type_oid::kTimestamptz: {
      constexpr Microseconds kEpoch = 946'684'800 * kSecond;  // 2000-01-01
      const ParsedTime parsed = parse_time(text);
      // A time stamp without zone ignores the one it is given.
      const bool simple =
          parsed.length == text.size() && parsed.zone_known && parsed.length > 0 &&
          (type == type_oid::kTimestamptz || text.find_first_of("+Zz") == std::string_view::npos);
      if (!simple) return plain();
      append_timestamp(parsed.time - kEpoch, type == type_oid::kTimestamptz, out);
      return;
    }
    default:
      return plain();
  }
}

bool can_be_key(uint32_t type) {
  switch (type) {
    case type_oid::kInt2:
    case type_oid::kInt4:
    case type_oid::kInt8:
    case type_oid::kOid:
    case type_oid::kUuid:
    case type_oid::kText:
    case type_oid::kVarchar:
    case type_oid::kBpchar:
    case type_oid::kName:
      return true;
    default:
      return false;
  }
}

}  // namespace pgsieve
