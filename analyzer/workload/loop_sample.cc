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
  if (!value.known || value.spelling == ValueSpelling::kUnclear || value.text.size() > LoopSample::kMaxValue)
    return false;
  text = value.spelling == ValueSpelling::kDoubled ? undouble(value.text, '\'') : std::string(value.text);
  if (value.spelling == ValueSpelling::kNegative) text.insert(0, 1, '-');
  return true;
}

unsigned char take_byte(std::string_view& bytes) {
  const auto byte = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  return byte;
}

// Takes the first turn off `packed`. Empty, and nothing left: it is damaged.
std::string_view next_turn(std::string_view& packed) {
  std::string_view rest = packed;
  for (unsigned char slots = take_byte(rest); slots > 0; --slots) {
    if (rest.empty()) return packed = {};
    const unsigned char size = take_byte(rest);
    if (size == kUnknown) continue;
    if (size > rest.size()) return packed = {};
    rest.remove_prefix(size);
  }
  const std::string_view turn = packed.substr(0, packed.size() - rest.size());
  packed = rest;
  return turn;
}

}  // namespace

void LoopSample::add(const StatementEvent& child) {
  if (child.value_count == 0 || (!packed_.empty() && packed_.size() >= kMaxBytes)) return;
  std::string packed(packed_.view());
  packed += static_cast<char>(child.value_count);
  std::string text;
  for (size_t i = 0; i < child.value_count; ++i) {
    const bool known = value_text(child.values[i], text);
    packed += static_cast<char>(known ? text.size() : kUnknown);
    if (known) packed += text;
  }
  packed_ = packed;
}

std::string LoopSample::turns_of(size_t slots) const {
  std::string turns;
  size_t count = 0;
  for (std::string_view rest = packed_; !rest.empty() && count < kMaxTurns;) {
    const std::string_view turn = next_turn(rest);
    if (turn.empty() || static_cast<unsigned char>(turn.front()) != slots) continue;
    turns += turn;
    ++count;
  }
  return turns;
}

std::string pack_turns(const std::vector<SampleTurn>& turns) {
  std::string packed;
  for (const SampleTurn& turn : turns) {
    packed += static_cast<char>(turn.size());
    for (const SampleValue& value : turn) {
      const bool known = value.known && value.text.size() < kUnknown;
      packed += static_cast<char>(known ? value.text.size() : kUnknown);
      if (known) packed += value.text;
    }
  }
  return packed;
}

std::vector<SampleTurn> unpack_turns(std::string_view packed) {
  std::vector<SampleTurn> turns;
  while (!packed.empty()) {
    std::string_view rest = next_turn(packed);
    if (rest.empty()) break;
    SampleTurn turn(take_byte(rest));
    for (SampleValue& value : turn) {
      const unsigned char size = take_byte(rest);
      value.known = size != kUnknown;
      if (!value.known) continue;
      value.text = rest.substr(0, size);
      rest.remove_prefix(size);
    }
    turns.push_back(std::move(turn));
  }
  return turns;
}

std::string_view first_turns(std::string_view packed, size_t count) {
  std::string_view rest = packed;
  while (count-- > 0 && !rest.empty()) next_turn(rest);
  return packed.substr(0, packed.size() - rest.size());
}

}  // namespace pgsieve
