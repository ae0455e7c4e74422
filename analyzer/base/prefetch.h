// Asking for memory before it is needed.
#pragma once

#include <cstddef>

namespace pgsieve {

// Does not wait for it. Any address may be asked for.
inline void fetch(const void* from, size_t bytes) {
  constexpr size_t kLine = 64;
  for (size_t at = 0; at < bytes; at += kLine) __builtin_prefetch(static_cast<const char*>(from) + at);
}

}  // namespace pgsieve
