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

}  // namespace

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
