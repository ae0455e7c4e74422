// Giving memory back: of one container, and of the whole program.
#pragma once

namespace pgsieve {

// Empties a string or vector and frees its memory. Neither clear() nor `= {}` does, and of a string not even
// the assignment of an empty one.
template <typename Container>
void release(Container& container) noexcept {
  Container().swap(container);
}

// Gives the system what the allocator keeps of freed memory. Worth it where much was freed, and what follows
// needs less: it takes a system call for every free stretch.
void give_back_memory() noexcept;

// While it lives, what the calling thread allocates comes out of the first holes in memory, and not out of
// what it freed just before: whoever copies his data piece by piece, and frees each original, packs it.
class PackingScope {
 public:
  PackingScope() noexcept;
  ~PackingScope();
  PackingScope(const PackingScope&) = delete;
  PackingScope& operator=(const PackingScope&) = delete;

 private:
  bool cached_ = false;  // as it was before
};

}  // namespace pgsieve
