#include "analyzer/base/release.h"

#include <malloc.h>

#include <cstddef>

// jemalloc's, where the program was linked with it.
extern "C" [[gnu::weak]] int mallctl(const char* name, void* old_value, size_t* old_size, void* new_value,
                                     size_t new_size);

namespace pgsieve {

void give_back_memory() noexcept {
  if (mallctl == nullptr) {
    malloc_trim(0);
    return;
  }
  mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);  // 4096: of all arenas
}

PackingScope::PackingScope() noexcept {
  if (mallctl == nullptr) return;
  bool off = false;
  size_t size = sizeof(cached_);
  if (mallctl("thread.tcache.enabled", &cached_, &size, &off, sizeof(off)) != 0) cached_ = false;
}

PackingScope::~PackingScope() {
  if (cached_) mallctl("thread.tcache.enabled", nullptr, nullptr, &cached_, sizeof(cached_));
}

}  // namespace pgsieve
