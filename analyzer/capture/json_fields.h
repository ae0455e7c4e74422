// Reading the fields of JSON records that exporters wrote. Internal to unwrapping.
//
// All functions take what is missing or of another type as absent. Views live as long as the parser's
// document.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "analyzer/base/time.h"

namespace pgsieve {

bool get_field(const simdjson::dom::object& from, std::string_view key, std::string_view& value);
bool get_field(const simdjson::dom::object& from, std::string_view key, simdjson::dom::object& value);
bool get_field(const simdjson::dom::object& from, std::string_view key, simdjson::dom::array& value);

// The first of the keys that holds a string; its data() is null when none does.
std::string_view first_field(const simdjson::dom::object& from, std::initializer_list<std::string_view> keys);

// A number or a string of digits under the key; 0: neither.
uint64_t number_field(const simdjson::dom::object& from, std::string_view key);

// The first of the keys that holds a time: text, or seconds, milliseconds, microseconds or nanoseconds since
// 1970 (told apart by their size), as a number or a string. kUnknownTime: none.
Microseconds time_field(const simdjson::dom::object& from, std::initializer_list<std::string_view> keys);

// The same of a number.
Microseconds epoch_time(uint64_t number);

// Appends text as a JSON string, with its quotes.
void append_json_string(std::string_view text, std::string& out);

}  // namespace pgsieve
