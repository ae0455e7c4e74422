// Values of the wire in their text form, so that a value that arrives as text and leaves as binary compares
// equal, and so that a packet capture and a log of one run show the same parameters.
//
// Binary layouts: the type's *send function in src/backend/utils/adt/. Times are written in ISO style, with
// time zone in UTC. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgsieve {

// Object ids of built-in types (src/include/catalog/pg_type.dat): fixed for ever.
namespace type_oid {
inline constexpr uint32_t kBool = 16, kBytea = 17, kChar = 18, kName = 19, kInt8 = 20, kInt2 = 21, kInt4 = 23,
                          kText = 25, kOid = 26, kJson = 114, kXml = 142, kFloat4 = 700, kFloat8 = 701,
                          kUnknown = 705, kBpchar = 1042, kVarchar = 1043, kDate = 1082, kTime = 1083,
                          kTimestamp = 1114, kTimestamptz = 1184, kInterval = 1186, kNumeric = 1700,
                          kUuid = 2950, kJsonb = 3802;
}  // namespace type_oid

enum class ValueText : uint8_t {
  kExact,    // the text the server itself would print
  kGuessed,  // a type we don't know: printable bytes as they are, others in hexadecimal
};

// Appends the text form of a value in binary format to `out`. Malformed bytes count as an unknown type.
ValueText append_binary_value(uint32_t type, std::string_view bytes, std::string& out);

// Appends a value in text format as the server would print it again, as far as that is simple: letter case of
// uuids and booleans, quotes in lists, ISO time stamps. Zones are taken to be UTC where none is given.
void append_text_value(uint32_t type, std::string_view text, std::string& out);

// Whether values of the type can be keys: compared with a later parameter.
bool can_be_key(uint32_t type);

// Text of at most this many bytes can be a key.
inline constexpr size_t kMaxKeyText = 36;

// The pieces, by file. Each returns false when the bytes are no value of the type; `out` may have grown then.
bool append_numeric(std::string_view bytes, std::string& out);                      // value_numbers.cc
bool append_float(double value, bool single, std::string& out);                     // value_numbers.cc
bool append_date(int32_t days, std::string& out);                                   // value_times.cc
bool append_timestamp(int64_t microseconds, bool zone, std::string& out);           // value_times.cc
bool append_time_of_day(int64_t microseconds, std::string& out);                    // value_times.cc
bool append_interval(std::string_view bytes, std::string& out);                     // value_times.cc
bool append_array(std::string_view bytes, std::string& out, int depth);             // value_array.cc
bool append_array_text(uint32_t element, std::string_view text, std::string& out);  // value_array.cc
uint32_t array_element_type(uint32_t type);  // 0: not an array type we know; value_array.cc

}  // namespace pgsieve
