// release(container): empties a string or vector and gives its memory back. Neither clear() nor `= {}` does,
// and of a string not even the assignment of an empty one.
#pragma once

namespace pgsieve {

template <typename Container>
void release(Container& container) noexcept {
  Container().swap(container);
}

}  // namespace pgsieve
