// Counting and finding bytes, faster than a byte at a time where the processor can.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace pgsieve {

// How many bytes of text equal `byte`.
inline size_t count_byte(std::string_view text, char byte) {
  size_t count = 0;
  size_t at = 0;
#ifdef __SSE2__
  const __m128i wanted = _mm_set1_epi8(byte);
  while (at + 16 <= text.size()) {
    // Sixteen counters of eight bits each take at most 255 hits before they are added up.
    __m128i counters = _mm_setzero_si128();
    const size_t blocks = (text.size() - at) / 16 < 255 ? (text.size() - at) / 16 : 255;
    for (size_t i = 0; i < blocks; ++i, at += 16) {
      const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
      counters = _mm_sub_epi8(counters, _mm_cmpeq_epi8(block, wanted));
    }
    const __m128i sums = _mm_sad_epu8(counters, _mm_setzero_si128());
    count += static_cast<size_t>(_mm_cvtsi128_si64(sums)) +
             static_cast<size_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums)));
  }
#endif
  for (; at < text.size(); ++at) count += text[at] == byte ? 1 : 0;
  return count;
}

// Where the first of two bytes stands at or behind `at`; text.size() when neither does. at <= text.size().
inline size_t find_either(std::string_view text, size_t at, char one, char other) {
#ifdef __SSE2__
  const __m128i first = _mm_set1_epi8(one);
  const __m128i second = _mm_set1_epi8(other);
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const int mask =
        _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(block, first), _mm_cmpeq_epi8(block, second)));
    if (mask != 0) return at + static_cast<size_t>(std::countr_zero(static_cast<unsigned>(mask)));
  }
#endif
  while (at < text.size() && text[at] != one && text[at] != other) ++at;
  return at;
}

}  // namespace pgsieve
