// Arrays: number of dimensions, "has nulls", element type, then length and lower bound of each dimension,
// then the elements in row-major order (array_send in src/backend/utils/adt/arrayfuncs.c).
#include <array>

#include "analyzer/wire/byte_cursor.h"
#include "analyzer/wire/value_text.h"

namespace pgsieve {
namespace {

constexpr size_t kMaxDimensions = 6;  // MAXDIM

struct Dimensions {
  std::array<int32_t, kMaxDimensions> length{};
  size_t count = 0;
};

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  if (text.size() == 4) {
    bool null = true;
    for (size_t i = 0; i < 4; ++i) null &= (text[i] | 0x20) == "null"[i];
    if (null) return true;
  }
  return text.find_first_of("{}\",\\ \t\n\r\v\f") != std::string_view::npos;
}

void append_element(std::string_view text, std::string& out) {
  if (!needs_quotes(text)) {
    out += text;
    return;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

bool append_level(ByteCursor& cursor, const Dimensions& dimensions, size_t level, uint32_t element,
                  std::string& out) {
  out.push_back('{');
  for (int32_t i = 0; i < dimensions.length[level]; ++i) {
    if (i != 0) out.push_back(',');
    if (level + 1 < dimensions.count) {
      if (!append_level(cursor, dimensions, level + 1, element, out)) return false;
      continue;
    }
    const int32_t size = cursor.i32();
    if (cursor.failed()) return false;
    if (size < 0) {
      out += "NULL";
      continue;
    }
    const std::string_view bytes = cursor.take(static_cast<size_t>(size));
    if (cursor.failed()) return false;
    std::string text;
    if (append_binary_value(element, bytes, text) != ValueText::kExact && element < 16384) return false;
    append_element(text, out);
  }
  out.push_back('}');
  return true;
}

}  // namespace

// Reads and rewrites a list "{a,"b",NULL}" of one dimension; others stay as they are (false).
bool append_array_text(uint32_t element, std::string_view text, std::string& out) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return false;
  text = text.substr(1, text.size() - 2);
  out.push_back('{');
  std::string value;
  for (size_t at = 0; at < text.size();) {
    while (at < text.size() && text[at] == ' ') ++at;
    value.clear();
    const bool quoted = at < text.size() && text[at] == '"';
    if (quoted) ++at;
    while (at < text.size() && text[at] != (quoted ? '"' : ',')) {
      if (!quoted && (text[at] == '{' || text[at] == '"')) return false;
      if (text[at] == '\\') ++at;
      if (at < text.size()) value.push_back(text[at++]);
    }
    if (quoted && at++ >= text.size()) return false;
    while (!quoted && value.ends_with(' ')) value.pop_back();
    if (!quoted && value == "NULL") {
      out += value;
    } else {
      std::string canonical;
      append_text_value(element, value, canonical);
      append_element(canonical, out);
    }
    while (at < text.size() && text[at] == ' ') ++at;
    if (at >= text.size()) break;
    if (text[at++] != ',') return false;
    out.push_back(',');
  }
  out.push_back('}');
  return true;
}

uint32_t array_element_type(uint32_t type) {
  struct ArrayType {
    uint32_t array, element;
  };
  static constexpr ArrayType kTypes[] = {
      {1000, type_oid::kBool},    {1001, type_oid::kBytea},       {1002, type_oid::kChar},
      {1003, type_oid::kName},    {1005, type_oid::kInt2},        {1007, type_oid::kInt4},
      {1009, type_oid::kText},    {1014, type_oid::kBpchar},      {1015, type_oid::kVarchar},
      {1016, type_oid::kInt8},    {1021, type_oid::kFloat4},      {1022, type_oid::kFloat8},
      {1028, type_oid::kOid},     {1115, type_oid::kTimestamp},   {1182, type_oid::kDate},
      {1183, type_oid::kTime},    {1185, type_oid::kTimestamptz}, {1187, type_oid::kInterval},
      {1231, type_oid::kNumeric}, {199, type_oid::kJson},         {2951, type_oid::kUuid},
      {3807, type_oid::kJsonb},
  };
  for (const ArrayType& known : kTypes) {
    if (known.array == type) return known.element;
  }
  return 0;
}

bool append_array(std::string_view bytes, std::string& out, int depth) {
  if (depth > 0) return false;  // an element is never an array itself
  ByteCursor cursor(bytes);
  Dimensions dimensions;
  dimensions.count = cursor.u32();
  cursor.u32();
  const uint32_t element = cursor.u32();
  if (cursor.failed() || dimensions.count > kMaxDimensions || array_element_type(element) != 0) return false;
  if (dimensions.count == 0) return out += "{}", true;
  std::string bounds;
  bool usual = true;
  uint64_t elements = 1;
  for (size_t i = 0; i < dimensions.count; ++i) {
    const int32_t length = cursor.i32();
    const int32_t lower = cursor.i32();
    if (cursor.failed() || length <= 0) return false;
    dimensions.length[i] = length;
    elements *= static_cast<uint32_t>(length);
    if (elements * 4 > bytes.size()) return false;  // each element has a length word
    usual &= lower == 1;
    bounds += "[" + std::to_string(lower) + ":" + std::to_string(int64_t{lower} + length - 1) + "]";
  }
  if (!usual) out += bounds + "=";
  return append_level(cursor, dimensions, 0, element, out) && cursor.left() == 0;
}

}  // namespace pgsieve
