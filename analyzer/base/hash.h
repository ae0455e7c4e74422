// Stable hashes. Everything pgsieve stores or prints that was hashed goes through here: XXH3, the same on every machine
// and in every version, never std::hash.
#pragma once

#include <xxhash.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pgsieve {

// 128 bits: an identity. Two different inputs with one Hash128 are taken not to exist.
struct Hash128 {
  uint64_t high = 0;
  uint64_t low = 0;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};

inline uint64_t hash64(std::string_view bytes, uint64_t seed = 0) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

inline Hash128 hash128(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

// Order-sensitive combination of two hashes (a 64-bit finaliser over both).
inline uint64_t hash_combine(uint64_t left, uint64_t right) {
  uint64_t mixed = (left ^ (right + 0x9e3779b97f4a7c15ULL + (left << 6) + (left >> 2))) * 0xff51afd7ed558ccdULL;
  mixed ^= mixed >> 32;
  return mixed;
}

// For unordered containers keyed by Hash128: its low half is already uniform.
struct Hash128Hasher {
  size_t operator()(const Hash128& hash) const { return static_cast<size_t>(hash.low); }
};

}  // namespace pgsieve
