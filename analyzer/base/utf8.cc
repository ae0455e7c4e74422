#include "analyzer/base/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace pgsieve {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool in_range(char byte, uint8_t low, uint8_t high) {
  const auto value = static_cast<uint8_t>(byte);
  return value >= low && value <= high;
}

struct Lead {
  size_t length = 0;  // 0: can't start a character
  uint8_t second_low = 0x80;
  uint8_t second_high = 0xBF;
};

// Only the second byte's range depends on the first one.
Lead classify(uint8_t lead) {
  if (lead < 0x80) return {1};
  if (lead >= 0xC2 && lead <= 0xDF) return {2};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {3};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return {4};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {};
}

// Bytes at the start of text that are the beginning of some character: all of it, or as far as it goes.
size_t matching_bytes(std::string_view text, const Lead& lead) {
  if (lead.length == 0 || text.empty()) return 0;
  size_t matched = 1;
  while (matched < lead.length && matched < text.size()) {
    const bool fits = matched == 1 ? in_range(text[1], lead.second_low, lead.second_high)
                                   : in_range(text[matched], 0x80, 0xBF);
    if (!fits) break;
    ++matched;
  }
  return matched;
}

}  // namespace

size_t utf8_sequence_length(std::string_view text) {
  if (text.empty()) return 0;
  const Lead lead = classify(static_cast<uint8_t>(text[0]));
  return matching_bytes(text, lead) == lead.length ? lead.length : 0;
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    // Most of it is ASCII: eight bytes at a time.
    uint64_t block = 0;
    if (text.size() >= sizeof block) {
      std::memcpy(&block, text.data(), sizeof block);
      if ((block & 0x8080808080808080U) == 0) {
        text.remove_prefix(sizeof block);
        continue;
      }
    }
    const size_t length = utf8_sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string repair_utf8(std::string_view text) {
  std::string repaired;
  repaired.reserve(text.size());
  while (!text.empty()) {
    const Lead lead = classify(static_cast<uint8_t>(text[0]));
    const size_t matched = matching_bytes(text, lead);
    if (matched != 0 && matched == lead.length) {
      repaired += text.substr(0, matched);
      text.remove_prefix(matched);
    } else {
      repaired += kReplacement;
      text.remove_prefix(std::max<size_t>(matched, 1));
    }
  }
  return repaired;
}

std::string_view utf8_prefix(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  size_t end = max_bytes;
  while (end > 0 && max_bytes - end < 4 && in_range(text[end], 0x80, 0xBF)) --end;
  return text.substr(0, end);
}

size_t utf8_columns(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return !in_range(byte, 0x80, 0xBF); }));
}

}  // namespace pgsieve
