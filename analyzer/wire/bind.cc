#include "analyzer/wire/bind.h"

#include <algorithm>

#include "analyzer/wire/byte_cursor.h"
#include "analyzer/wire/value_text.h"

namespace pgsieve {
namespace {

constexpr size_t kMaxValue = size_t{64} * 1024;
constexpr size_t kMaxStorage = size_t{4} * 1024 * 1024;

// Reads a list of format codes: none means text for all, one stands for all.
std::vector<bool> read_formats(ByteCursor& cursor) {
  std::vector<bool> binary(std::min<size_t>(cursor.u16(), cursor.left() / 2));
  for (size_t i = 0; i < binary.size(); ++i) binary[i] = cursor.u16() == 1;
  return binary;
}

bool is_binary(const std::vector<bool>& formats, size_t index) {
  if (formats.empty()) return false;
  return formats.size() == 1 ? formats[0] : index < formats.size() && formats[index];
}

struct Stored {
  size_t start = 0, size = 0;
};

}  // namespace

BindNames bind_names(std::string_view body) {
  ByteCursor cursor(body);
  BindNames names;
  names.portal = cursor.text();
  names.statement = cursor.text();
  return names;
}

void read_bind(std::string_view body, bool whole, Portal& portal, WireCounts& counts) {
  ByteCursor cursor(body);
  cursor.text();
  cursor.text();
  const std::vector<bool> formats = read_formats(cursor);
  const size_t count = cursor.u16();
  const std::vector<uint32_t>* types =
      portal.statement == nullptr ? nullptr : &portal.statement->parameter_types;
  std::vector<Stored> places;
  for (size_t i = 0; i < count; ++i) {
    const int32_t length = cursor.i32();
    const std::string_view bytes = length < 0 ? std::string_view() : cursor.take(static_cast<size_t>(length));
    if (cursor.failed()) break;
    const size_t start = portal.storage.size();
    BoundValue& value = portal.values.emplace_back();
    const uint32_t type = types != nullptr && i < types->size() ? (*types)[i] : 0;
    if (length < 0) {
      value.null = true;
    } else if (is_binary(formats, i)) {
      if (append_binary_value(type, bytes, portal.storage) != ValueText::kExact) ++counts.unknown_values;
    } else {
      append_text_value(type, bytes, portal.storage);
    }
    // Hashed before it is cut: two long values that differ at their ends stay different.
    if (!value.null) value.hash = slot_value_hash(std::string_view(portal.storage).substr(start));
    const size_t room = kMaxStorage - std::min(kMaxStorage, start);
    if (portal.storage.size() - start > std::min(kMaxValue, room)) {
      portal.storage.resize(start + std::min(kMaxValue, room));
      value.truncated = true;
    }
    places.push_back({start, portal.storage.size() - start});
  }
  portal.values_known = whole && !cursor.failed() && portal.values.size() == count;
  if (portal.values_known) portal.binary_results = read_formats(cursor);
  for (size_t i = 0; i < places.size(); ++i) {
    portal.values[i].text = std::string_view(portal.storage).substr(places[i].start, places[i].size);
  }
}

}  // namespace pgsieve
