#include "analyzer/capture/legacy_text.h"

#include <cstdint>

namespace pgsieve {
namespace {

constexpr uint32_t kCyrillic = 0x410;  // А; the letters follow each other in Unicode and in Windows-1251
constexpr uint32_t kCyrillicEnd = 0x450;

// The character as one byte; 0: the encoding has none.
uint32_t one_byte(uint32_t character, bool cyrillic) {
  if (cyrillic) {
    switch (character) {
      case 0x406:
        return 0xB2;  // І
      case 0x456:
        return 0xB3;  // і
      case 0x407:
        return 0xAF;  // Ї
      case 0x457:
        return 0xBF;  // ї
      default:
        break;
    }
    return character >= kCyrillic && character < kCyrillicEnd ? character - kCyrillic + 0xC0 : 0;
  }
  return character >= 0xA0 && character <= 0xFF ? character : 0;
}

// Of words of ASCII and two-byte characters only.
size_t spelled_in(std::string_view text, std::string_view word, bool cyrillic) {
  size_t used = 0;
  for (size_t at = 0; at < word.size(); ++used) {
    const auto lead = static_cast<unsigned char>(word[at]);
    uint32_t byte = lead;
    if (lead >= 0x80) {
      if (lead >= 0xE0 || at + 1 >= word.size()) return 0;
      byte = one_byte((lead & 0x1FU) << 6 | (static_cast<unsigned char>(word[at + 1]) & 0x3FU), cyrillic);
      if (byte == 0) return 0;
      ++at;
    }
    ++at;
    if (used >= text.size() || static_cast<unsigned char>(text[used]) != byte) return 0;
  }
  return used;
}

}  // namespace

size_t spelled_length(std::string_view text, std::string_view word) {
  if (text.starts_with(word)) return word.size();
  const size_t latin = spelled_in(text, word, false);
  return latin > 0 ? latin : spelled_in(text, word, true);
}

}  // namespace pgsieve
