#include "analyzer/workload/loop_sample.h"

namespace pgsieve {

namespace {

constexpr unsigned char kUnknown = 255;
static_assert(LoopSample::kMaxValue < kUnknown);

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
  if (!value.known || value.spelling == SlotValue::Spelling::kUnclear ||
      value.text.size() > LoopSample::kMaxValue)
    return false;
  text =
      value.spelling == SlotValue::Spelling::kDoubled ? undouble(value.text, '\'') : std::string(value.text);
  if (value.spelling == SlotValue::Spelling::kNegative) text.insert(0, 1, '-');
  return true;
}

}  // namespace

size_t sign_of(const Slot& slot, std::string_view statement) {
  const std::string_view before = statement.substr(0, slot.offset);
  const size_t sign = before.find_last_not_of(" \t\r\n");
  if (slot.kind != Slot::Kind::kNumber || sign == std::string_view::npos || before[sign] != '-')
    return slot.offset;
  const size_t operand = before.substr(0, sign).find_last_not_of(" \t\r\n");
  if (operand == std::string_view::npos) return sign;
  constexpr std::string_view kEndsOperand = ")]\"'_$";  // a - 5 takes 5 away; = -5 is one value
  const char last = before[operand];
  const bool subtracts = kEndsOperand.find(last) != std::string_view::npos || (last >= '0' && last <= '9') ||
                         (last >= 'a' && last <= 'z') || (last >= 'A' && last <= 'Z') ||
                         static_cast<unsigned char>(last) >= 0x80;
  return subtracts ? slot.offset : sign;
}

SlotValue::Spelling literal_spelling(const Slot& slot, std::string_view statement) {
  using Spelling = SlotValue::Spelling;
  if (slot.kind == Slot::Kind::kNumber)
    return sign_of(slot, statement) < slot.offset ? Spelling::kNegative : Spelling::kExact;
  if (slot.kind != Slot::Kind::kString || slot.offset >= statement.size()) return Spelling::kUnclear;
  const char opens = statement[slot.offset];
  if (opens == '$') return Spelling::kExact;
  const bool escapes = opens == 'E' || opens == 'e';
  const bool plain = opens == '\'' || opens == 'N' || opens == 'n' ||
                     (escapes && slot.text.find('\\') == std::string_view::npos);
  return plain ? Spelling::kDoubled : Spelling::kUnclear;
}

void LoopSample::add(const StatementEvent& child) {
  if (child.value_count == 0 || (!packed_.empty() && packed_.size() >= kMaxBytes)) return;
  packed_ += static_cast<char>(child.value_count);
  std::string text;
  for (size_t i = 0; i < child.value_count; ++i) {
    const bool known = value_text(child.values[i], text);
    packed_ += static_cast<char>(known ? text.size() : kUnknown);
    if (known) packed_ += text;
  }
}

std::vector<std::vector<SampleValue>> LoopSample::turns(size_t slots) const {
  std::vector<std::vector<SampleValue>> turns;
  std::string_view rest = packed_;
  const auto byte = [&rest] {
    const auto value = static_cast<unsigned char>(rest.empty() ? 0 : rest.front());
    if (!rest.empty()) rest.remove_prefix(1);
    return value;
  };
  while (!rest.empty() && turns.size() < kMaxTurns) {
    std::vector<SampleValue> turn(byte());
    for (SampleValue& value : turn) {
      const unsigned char size = byte();
      value.known = size != kUnknown && size <= rest.size();
      if (!value.known) continue;
      value.text = rest.substr(0, size);
      rest.remove_prefix(size);
    }
    if (turn.size() == slots) turns.push_back(std::move(turn));
  }
  return turns;
}

}  // namespace pgsieve
