#include "analyzer/workload/loop_sample.h"

#include <algorithm>

namespace pgsieve {

namespace {

// The first byte of a packed value: the length of the text that follows, or one of these.
constexpr unsigned char kUnknown = 255;
constexpr unsigned char kNumber =
    254;                              // digits as a number, low seven bits first; the last byte is below 128
constexpr unsigned char kUuid = 253;  // 16 bytes
static_assert(LoopSample::kMaxValue < kUuid);

constexpr size_t kUuidText = 36, kMaxDigits = 18;
constexpr std::string_view kHexDigits = "0123456789abcdef";

bool is_dash_of_uuid(size_t at) {
  return at == 8 || at == 13 || at == 18 || at == 23;
}

// As PostgreSQL and nearly all programs write it: "0b4e…-…", lower case.
bool is_uuid(std::string_view text) {
  if (text.size() != kUuidText) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool fits =
        is_dash_of_uuid(i) ? text[i] == '-' : kHexDigits.find(text[i]) != std::string_view::npos;
    if (!fits) return false;
  }
  return true;
}

// Two digits or more, as a number would be written.
bool is_number(std::string_view text) {
  return text.size() >= 2 && text.size() <= kMaxDigits && text.front() != '0' &&
         std::all_of(text.begin(), text.end(), [](char letter) { return letter >= '0' && letter <= '9'; });
}

void pack_number(std::string& packed, std::string_view digits) {
  uint64_t number = 0;
  for (const char digit : digits) number = number * 10 + static_cast<uint64_t>(digit - '0');
  packed += static_cast<char>(kNumber);
  for (; number >= 0x80; number >>= 7U) packed += static_cast<char>(number | 0x80U);
  packed += static_cast<char>(number);
}

void pack_uuid(std::string& packed, std::string_view text) {
  packed += static_cast<char>(kUuid);
  size_t high = 0;
  bool second = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_dash_of_uuid(i)) continue;
    const size_t digit = kHexDigits.find(text[i]);
    if (second) packed += static_cast<char>(high << 4U | digit);
    high = digit;
    second = !second;
  }
}

// Keys are numbers and UUIDs, mostly: those take half the room.
void pack_value(std::string& packed, std::string_view text) {
  if (is_number(text)) return pack_number(packed, text);
  if (is_uuid(text)) return pack_uuid(packed, text);
  packed += static_cast<char>(text.size());
  packed += text;
}

std::string unpack_number(std::string_view& packed) {
  uint64_t number = 0;
  for (unsigned shift = 0; !packed.empty() && shift < 64; shift += 7) {
    const auto byte = static_cast<unsigned char>(packed.front());
    packed.remove_prefix(1);
    number |= uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) break;
  }
  return std::to_string(number);
}

std::string unpack_uuid(std::string_view& packed) {
  std::string text;
  for (; !packed.empty() && text.size() < kUuidText; packed.remove_prefix(1)) {
    if (is_dash_of_uuid(text.size())) text += '-';
    const auto byte = static_cast<unsigned char>(packed.front());
    text += kHexDigits[byte >> 4U];
    text += kHexDigits[byte & 0xFU];
  }
  return text;
}

// Takes the first value off `packed`; false: it is damaged. Whatever pack_value() would not have made is.
bool unpack_value(std::string_view& packed, SampleValue& value) {
  if (packed.empty()) return false;
  const std::string_view whole = packed;
  const auto kind = static_cast<unsigned char>(packed.front());
  packed.remove_prefix(1);
  value.known = kind != kUnknown;
  if (!value.known) return true;
  if (kind == kNumber) {
    value.text = unpack_number(packed);
  } else if (kind == kUuid) {
    value.text = unpack_uuid(packed);
  } else {
    value.text = packed.substr(0, kind);
    packed.remove_prefix(value.text.size());
  }
  std::string again;
  pack_value(again, value.text);
  return again == whole.substr(0, whole.size() - packed.size());
}

std::string undouble(std::string_view text, char quote) {
  std::string undone;
  for (size_t i = 0; i < text.size(); ++i) {
    undone += text[i];
    if (text[i] == quote && i + 1 < text.size() && text[i + 1] == quote) ++i;
  }
  return undone;
}

// The value as it was meant; false: not known as a whole.
bool value_text(const SlotValue& value, std::string& text) {
  if (!value.known || value.spelling == ValueSpelling::kUnclear || value.text.size() > LoopSample::kMaxValue)
    return false;
  text = value.spelling == ValueSpelling::kDoubled ? undouble(value.text, '\'') : std::string(value.text);
  if (value.spelling == ValueSpelling::kNegative) text.insert(0, 1, '-');
  return true;
}

// Takes the first turn off `packed`; false: it is damaged, and nothing is left.
bool next_turn(std::string_view& packed, SampleTurn& turn) {
  turn.assign(static_cast<unsigned char>(packed.front()), {});
  packed.remove_prefix(1);
  for (SampleValue& value : turn) {
    if (unpack_value(packed, value)) continue;
    packed = {};
    return false;
  }
  return true;
}

}  // namespace

void LoopSample::add(const StatementEvent& child) {
  if (child.value_count == 0 || (!packed_.empty() && packed_.size() >= kMaxBytes)) return;
  std::string packed(packed_.view());
  packed += static_cast<char>(child.value_count);
  std::string text;
  for (size_t i = 0; i < child.value_count; ++i) {
    if (value_text(child.values[i], text)) {
      pack_value(packed, text);
    } else {
      packed += static_cast<char>(kUnknown);
    }
  }
  packed_ = packed;
}

std::string LoopSample::turns_of(size_t slots) const {
  std::string turns;
  SampleTurn turn;
  size_t count = 0;
  for (std::string_view rest = packed_; !rest.empty() && count < kMaxTurns;) {
    const std::string_view before = rest;
    if (!next_turn(rest, turn) || turn.size() != slots) continue;
    turns += before.substr(0, before.size() - rest.size());
    ++count;
  }
  return turns;
}

std::string pack_turns(const std::vector<SampleTurn>& turns) {
  std::string packed;
  for (const SampleTurn& turn : turns) {
    packed += static_cast<char>(turn.size());
    for (const SampleValue& value : turn) {
      if (value.known && value.text.size() < kUuid) {
        pack_value(packed, value.text);
      } else {
        packed += static_cast<char>(kUnknown);
      }
    }
  }
  return packed;
}

std::vector<SampleTurn> unpack_turns(std::string_view packed) {
  std::vector<SampleTurn> turns;
  SampleTurn turn;
  while (!packed.empty() && next_turn(packed, turn)) turns.push_back(std::move(turn));
  return turns;
}

std::string_view first_turns(std::string_view packed, size_t count) {
  std::string_view rest = packed;
  std::string_view before = rest;
  SampleTurn turn;
  for (; count > 0 && !rest.empty(); --count) {
    before = rest;
    if (!next_turn(rest, turn)) return packed.substr(0, packed.size() - before.size());
  }
  return packed.substr(0, packed.size() - rest.size());
}

}  // namespace pgsieve
