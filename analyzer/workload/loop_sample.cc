#include "analyzer/workload/loop_sample.h"

#include <algorithm>
#include <array>
#include <optional>

namespace pgsieve {

namespace {

// The first byte of a packed value: the length of the text that follows, or one of these.
constexpr unsigned char kUnknown = 255;
constexpr unsigned char kNumber =
    254;                              // digits as a number, low seven bits first; the last byte is below 128
constexpr unsigned char kUuid = 253;  // 16 bytes
static_assert(LoopSample::kMaxValue < kUuid);

constexpr size_t kUuidText = 36, kUuidBytes = 16, kMaxDigits = 18;
constexpr size_t kMaxPacked = 1 + 255;  // bytes of one value
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

// Packs values one after the other; there must be room.
class Packer {
 public:
  explicit Packer(char* to) : begin_(to), end_(to) {}
  std::string_view packed() const { return {begin_, static_cast<size_t>(end_ - begin_)}; }

  void put(unsigned byte) { *end_++ = static_cast<char>(byte); }

  // Keys are numbers and UUIDs, mostly: those take half the room.
  void value(std::string_view text) {
    if (is_number(text)) return number(text);
    if (is_uuid(text)) return uuid(text);
    put(static_cast<unsigned>(text.size()));
    end_ += text.copy(end_, text.size());
  }

 private:
  void number(std::string_view digits) {
    uint64_t number = 0;
    for (const char digit : digits) number = number * 10 + static_cast<uint64_t>(digit - '0');
    put(kNumber);
    for (; number >= 0x80; number >>= 7U) put(static_cast<unsigned>(number & 0x7FU) | 0x80U);
    put(static_cast<unsigned>(number));
  }

  void uuid(std::string_view text) {
    put(kUuid);
    size_t high = 0;
    bool second = false;
    for (size_t i = 0; i < text.size(); ++i) {
      if (is_dash_of_uuid(i)) continue;
      const size_t digit = kHexDigits.find(text[i]);
      if (second) put(static_cast<unsigned>(high << 4U | digit));
      high = digit;
      second = !second;
    }
  }

  char* begin_;
  char* end_;
};

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

// How many bytes the first value takes; more than there are when it is cut.
size_t value_size(std::string_view packed) {
  if (packed.empty()) return 1;
  const auto kind = static_cast<unsigned char>(packed.front());
  if (kind == kUnknown) return 1;
  if (kind == kUuid) return 1 + kUuidBytes;
  if (kind != kNumber) return 1 + size_t{kind};
  size_t size = 2;
  while (size <= packed.size() && static_cast<unsigned char>(packed[size - 1]) >= 0x80) ++size;
  return size;
}

// Takes the first value off `packed`; false: it is damaged. Whatever Packer would not have made is.
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
  std::array<char, kMaxPacked> again;
  Packer packer(again.data());
  packer.value(value.text);
  return packer.packed() == whole.substr(0, whole.size() - packed.size());
}

std::string undouble(std::string_view text, char quote) {
  std::string undone;
  for (size_t i = 0; i < text.size(); ++i) {
    undone += text[i];
    if (text[i] == quote && i + 1 < text.size() && text[i + 1] == quote) ++i;
  }
  return undone;
}

// The value as it was meant, in `undone` where that is not how it is written; none: not known as a whole.
std::optional<std::string_view> value_text(const SlotValue& value, std::string& undone) {
  if (!value.known || value.spelling == ValueSpelling::kUnclear || value.text.size() > LoopSample::kMaxValue)
    return std::nullopt;
  if (value.spelling == ValueSpelling::kExact) return value.text;
  undone = value.spelling == ValueSpelling::kDoubled ? undouble(value.text, '\'') : std::string(value.text);
  if (value.spelling == ValueSpelling::kNegative) undone.insert(0, 1, '-');
  return undone;
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

// Takes the first turn off `packed` without a look at its values, of which it has `slots`. Empty: it is cut,
// and nothing is left.
std::string_view next_packed_turn(std::string_view& packed, size_t& slots) {
  const std::string_view before = packed;
  slots = static_cast<unsigned char>(packed.front());
  packed.remove_prefix(1);
  for (size_t i = 0; i < slots; ++i) {
    const size_t size = value_size(packed);
    if (size > packed.size()) {
      packed = {};
      return {};
    }
    packed.remove_prefix(size);
  }
  return before.substr(0, before.size() - packed.size());
}

}  // namespace

void LoopSample::add(const StatementEvent& child) {
  if (child.value_count == 0 || (!packed_.empty() && packed_.size() >= kMaxBytes)) return;
  std::array<char, 1 + StatementInfo::kMaxValueSlots * kMaxPacked> room;
  Packer packer(room.data());
  packer.put(static_cast<unsigned>(child.value_count));
  std::string undone;
  for (size_t i = 0; i < child.value_count; ++i) {
    if (const auto text = value_text(child.values[i], undone)) {
      packer.value(*text);
    } else {
      packer.put(kUnknown);
    }
  }
  packed_ = CompactText::joined(packed_, packer.packed());
}

std::string LoopSample::turns_of(size_t slots) const {
  std::string turns;
  turns.reserve(packed_.size());
  size_t count = 0, has = 0;
  for (std::string_view rest = packed_; !rest.empty() && count < kMaxTurns;) {
    const std::string_view turn = next_packed_turn(rest, has);
    if (turn.empty() || has != slots) continue;
    turns += turn;
    ++count;
  }
  return turns;
}

std::string pack_turns(const std::vector<SampleTurn>& turns) {
  std::string packed;
  std::array<char, kMaxPacked> room;
  for (const SampleTurn& turn : turns) {
    packed += static_cast<char>(turn.size());
    for (const SampleValue& value : turn) {
      Packer packer(room.data());
      if (value.known && value.text.size() < kUuid) {
        packer.value(value.text);
      } else {
        packer.put(kUnknown);
      }
      packed += packer.packed();
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
  size_t slots = 0, kept = 0;
  for (; count > 0 && !rest.empty(); --count) kept += next_packed_turn(rest, slots).size();
  return packed.substr(0, kept);
}

}  // namespace pgsieve
