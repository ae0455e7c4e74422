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

}  // namespace pgsieve
