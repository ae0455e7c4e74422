#include "analyzer/sql/scan_simd.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "analyzer/sql/scan_lexer.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define PGSIEVE_SCAN_X86 1
#endif

namespace pgsieve::lexical {
namespace {

constexpr size_t kBlock = 32;

// One bit per byte of a block, lowest bit first.
struct BlockMasks {
  uint32_t stop;  // characters that stop wherever they stand outside quotes
  uint32_t quote;
  uint32_t dollar, dash, slash, star, blank, digit;
  uint32_t ident;
};

struct Decision {
  uint32_t stops;
  uint32_t quoted;  // bytes inside double quotes, the opening quote included
};

// Bit i becomes the parity of bits 0..i: between an opening and its closing quote the result is 1. A doubled
// quote inside closes and opens again, which is just what is wanted.
uint32_t prefix_xor(uint32_t bits) {
  bits ^= bits << 1;
  bits ^= bits << 2;
  bits ^= bits << 4;
  bits ^= bits << 8;
  return bits ^ (bits << 16);
}

// The "previous byte" masks are the masks shifted by one with the state's bit moved in. Only the neighbour
// outside quotes counts; a quote between two bytes separates them, so the unmasked neighbours are right as
// they are.
inline Decision decide(const BlockMasks& masks, const RunState& state) {
  const uint32_t quoted = prefix_xor(masks.quote) ^ (state.in_quotes ? ~uint32_t{0} : 0);
  const uint32_t after_ident = (masks.ident << 1) | (state.after_ident ? 1U : 0U);
  const uint32_t stops = masks.stop | ((masks.digit | masks.dollar) & ~after_ident) |
                         (masks.blank & ((masks.blank << 1) | (state.after_blank ? 1U : 0U))) |
                         (masks.dash & ((masks.dash << 1) | (state.after_dash ? 1U : 0U))) |
                         (masks.star & ((masks.slash << 1) | (state.after_slash ? 1U : 0U)));
  return {stops & ~quoted, quoted};
}

inline void carry(const BlockMasks& masks, uint32_t quoted, RunState& state) {
  constexpr uint32_t kLast = uint32_t{1} << (kBlock - 1);
  state.in_quotes = (quoted & kLast) != 0;
  state.after_ident = (masks.ident & kLast) != 0;
  state.after_blank = (masks.blank & kLast) != 0;
  state.after_dash = (masks.dash & kLast) != 0;
  state.after_slash = (masks.slash & kLast) != 0;
}

// The loop all variants share; Machine supplies load(), masks() and store(). It is a macro because a function
// compiled for the baseline can't inline one compiled for AVX2.
#define PGSIEVE_COPY_RUN_BODY(Machine)                                                  \
  size_t done = 0;                                                                      \
  char tail[kBlock];                                                                    \
  while (done < size) {                                                                 \
    const size_t rest = size - done;                                                    \
    const char* from = source + done;                                                   \
    uint32_t end_bit = 0;                                                               \
    if (rest < kBlock) {                                                                \
      std::memset(tail, 'a', kBlock);                                                   \
      std::memcpy(tail, from, rest);                                                    \
      from = tail;                                                                      \
      end_bit = uint32_t{1} << rest;                                                    \
    }                                                                                   \
    const auto block = Machine::load(from);                                             \
    const BlockMasks masks = Machine::masks(block);                                     \
    const Decision decision = decide(masks, state);                                     \
    Machine::store(block, decision.quoted, out + done);                                 \
    const uint32_t stops = decision.stops | end_bit;                                    \
    if (stops != 0) {                                                                   \
      const size_t count = static_cast<size_t>(std::countr_zero(stops));                \
      if (count >= rest) state.in_quotes = ((decision.quoted >> (rest - 1)) & 1U) != 0; \
      return done + std::min(count, rest);                                              \
    }                                                                                   \
    carry(masks, decision.quoted, state);                                               \
    done += kBlock;                                                                     \
  }                                                                                     \
  return size

struct PortableMachine {
  struct Block {
    char bytes[kBlock];
  };
  static Block load(const char* from) {
    Block block;
    std::memcpy(block.bytes, from, kBlock);
    return block;
  }
  static BlockMasks masks(const Block& block) {
    BlockMasks masks{};
    for (size_t i = 0; i < kBlock; ++i) {
      const char c = block.bytes[i];
      const uint32_t bit = uint32_t{1} << i;
      const bool control = static_cast<unsigned char>(c) < ' ';
      if (control || c == '\'' || c == '(' || c == ';' || c == '?') masks.stop |= bit;
      if (c == '"') masks.quote |= bit;
      if (c == '$') masks.dollar |= bit;
      if (c == '-') masks.dash |= bit;
      if (c == '/') masks.slash |= bit;
      if (c == '*') masks.star |= bit;
      if (c == ' ') masks.blank |= bit;
      if (is(c, kDigit)) masks.digit |= bit;
      if (is(c, kIdent)) masks.ident |= bit;
    }
    return masks;
  }
  static void store(const Block& block, uint32_t quoted, char* out) {
    for (size_t i = 0; i < kBlock; ++i) {
      out[i] = ((quoted >> i) & 1U) != 0 ? block.bytes[i] : fold(block.bytes[i]);
    }
  }
};

#if PGSIEVE_SCAN_X86

// How the vector variants classify, for bytes seen as signed: adding 0x80 - first moves [first, first + n) to
// the lowest n signed values, so one comparison tests a range.
struct Avx2Machine {
#define PGSIEVE_AVX2 __attribute__((target("avx2"), always_inline)) static inline
  PGSIEVE_AVX2 __m256i load(const char* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  PGSIEVE_AVX2 __m256i range(__m256i block, int first, int count) {
    const __m256i moved = _mm256_add_epi8(block, _mm256_set1_epi8(static_cast<char>(0x80 - first)));
    return _mm256_cmpgt_epi8(_mm256_set1_epi8(static_cast<char>(-128 + count)), moved);
  }
  PGSIEVE_AVX2 __m256i equal(__m256i block, char c) {
    return _mm256_cmpeq_epi8(block, _mm256_set1_epi8(c));
  }
  PGSIEVE_AVX2 uint32_t bits(__m256i lanes) {
    return static_cast<uint32_t>(_mm256_movemask_epi8(lanes));
  }
  PGSIEVE_AVX2 BlockMasks masks(__m256i block) {
    const __m256i control = range(block, 0, ' ');
    const __m256i stop = _mm256_or_si256(
        _mm256_or_si256(control, equal(block, '\'')),
        _mm256_or_si256(equal(block, '('), _mm256_or_si256(equal(block, ';'), equal(block, '?'))));
    const __m256i dollar = equal(block, '$');
    const __m256i digit = range(block, '0', 10);
    const __m256i letter = range(_mm256_or_si256(block, _mm256_set1_epi8(0x20)), 'a', 26);
    const __m256i ident = _mm256_or_si256(_mm256_or_si256(_mm256_or_si256(letter, digit), dollar),
                                          _mm256_or_si256(equal(block, '_'), block));  // sign bit: >= 0x80
    return {bits(stop),
            bits(equal(block, '"')),
            bits(dollar),
            bits(equal(block, '-')),
            bits(equal(block, '/')),
            bits(equal(block, '*')),
            bits(equal(block, ' ')),
            bits(digit),
            bits(ident)};
  }
  PGSIEVE_AVX2 void store(__m256i block, uint32_t quoted, char* out) {
    // Bit i of `quoted` spread to byte i: give every byte the mask byte that holds its bit, then test that
    // bit.
    const __m256i spread = _mm256_shuffle_epi8(
        _mm256_set1_epi32(static_cast<int>(quoted)),
        _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303));
    const __m256i bit = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201));
    const __m256i inside = _mm256_cmpeq_epi8(_mm256_and_si256(spread, bit), bit);
    const __m256i upper = _mm256_andnot_si256(inside, range(block, 'A', 26));
    const __m256i folded = _mm256_or_si256(block, _mm256_and_si256(upper, _mm256_set1_epi8(0x20)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), folded);
  }
#undef PGSIEVE_AVX2
};

__attribute__((target("avx2,bmi"))) size_t copy_run_with_avx2(const char* source, size_t size, char* out,
                                                              RunState& state) {
  PGSIEVE_COPY_RUN_BODY(Avx2Machine);
}

struct Sse2Machine {
  struct Block {
    __m128i low, high;
  };
  static Block load(const char* from) {
    const auto* lanes = reinterpret_cast<const __m128i*>(from);
    return {_mm_loadu_si128(lanes), _mm_loadu_si128(lanes + 1)};
  }
  static __m128i range(__m128i half, int first, int count) {
    const __m128i moved = _mm_add_epi8(half, _mm_set1_epi8(static_cast<char>(0x80 - first)));
    return _mm_cmplt_epi8(moved, _mm_set1_epi8(static_cast<char>(-128 + count)));
  }
  static __m128i equal(__m128i half, char c) { return _mm_cmpeq_epi8(half, _mm_set1_epi8(c)); }
  static uint32_t bits(const Block& block, auto&& test) {
    const auto low = static_cast<uint32_t>(_mm_movemask_epi8(test(block.low)));
    return low | (static_cast<uint32_t>(_mm_movemask_epi8(test(block.high))) << 16);
  }
  static uint32_t equal_bits(const Block& block, char c) {
    return bits(block, [c](__m128i half) { return equal(half, c); });
  }
  static BlockMasks masks(const Block& block) {
    const auto stop = [](__m128i half) {
      return _mm_or_si128(_mm_or_si128(range(half, 0, ' '), equal(half, '\'')),
                          _mm_or_si128(equal(half, '('), _mm_or_si128(equal(half, ';'), equal(half, '?'))));
    };
    const auto ident = [](__m128i half) {
      const __m128i letter = range(_mm_or_si128(half, _mm_set1_epi8(0x20)), 'a', 26);
      return _mm_or_si128(_mm_or_si128(_mm_or_si128(letter, range(half, '0', 10)), equal(half, '$')),
                          _mm_or_si128(equal(half, '_'), half));
    };
    return {bits(block, stop),      equal_bits(block, '"'),
            equal_bits(block, '$'), equal_bits(block, '-'),
            equal_bits(block, '/'), equal_bits(block, '*'),
            equal_bits(block, ' '), bits(block, [](__m128i half) { return range(half, '0', 10); }),
            bits(block, ident)};
  }
  static void store_half(__m128i half, uint32_t quoted, char* out) {
    // As in Avx2Machine, the mask's bytes spread by multiplication: the baseline has no byte shuffle.
    constexpr uint64_t kEveryByte = 0x0101010101010101;
    const __m128i spread = _mm_set_epi64x(static_cast<int64_t>(((quoted >> 8) & 0xFF) * kEveryByte),
                                          static_cast<int64_t>((quoted & 0xFF) * kEveryByte));
    const __m128i bit = _mm_set1_epi64x(static_cast<int64_t>(0x8040201008040201));
    const __m128i inside = _mm_cmpeq_epi8(_mm_and_si128(spread, bit), bit);
    const __m128i upper = _mm_andnot_si128(inside, range(half, 'A', 26));
    const __m128i folded = _mm_or_si128(half, _mm_and_si128(upper, _mm_set1_epi8(0x20)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), folded);
  }
  static void store(const Block& block, uint32_t quoted, char* out) {
    store_half(block.low, quoted, out);
    store_half(block.high, quoted >> 16, out + 16);
  }
};

size_t copy_run_with_sse2(const char* source, size_t size, char* out, RunState& state) {
  PGSIEVE_COPY_RUN_BODY(Sse2Machine);
}

#endif  // PGSIEVE_SCAN_X86

}  // namespace

size_t copy_run_portable(const char* source, size_t size, char* out, RunState& state) {
  PGSIEVE_COPY_RUN_BODY(PortableMachine);
}

CopyRun copy_run_sse2() {
#if PGSIEVE_SCAN_X86
  return copy_run_with_sse2;
#else
  return nullptr;
#endif
}

CopyRun copy_run_avx2() {
#if PGSIEVE_SCAN_X86
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")) return copy_run_with_avx2;
#endif
  return nullptr;
}

CopyRun best_copy_run() {
  static const CopyRun best = [] {
    if (const CopyRun run = copy_run_avx2()) return run;
    if (const CopyRun run = copy_run_sse2()) return run;
    return CopyRun{copy_run_portable};
  }();
  return best;
}

}  // namespace pgsieve::lexical
