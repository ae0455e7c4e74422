// TextArena: a bump allocator for text that had to be rewritten (unescaped, joined) and lives as long as its
// chunk.
//
// Addresses stay valid until clear(), which keeps the first block for reuse. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace pgsieve {

class TextArena {
 public:
  // `size` writable bytes.
  char* allocate(size_t size) {
    if (size > capacity_ - used_) grow(size);
    char* place = blocks_.back().get() + used_;
    used_ += size;
    return place;
  }

  // Gives back the unused tail of the latest allocation.
  void shrink_last(size_t unused) { used_ -= unused; }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* place = allocate(text.size());
    std::memcpy(place, text.data(), text.size());
    return {place, text.size()};
  }

  void clear() {
    if (blocks_.size() > 1) {  // keep the largest block only
      std::swap(blocks_.front(), blocks_.back());
      blocks_.resize(1);
    }
    if (capacity_ > kKeepBytes) {
      blocks_.clear();
      capacity_ = 0;
    }
    used_ = 0;
  }

 private:
  static constexpr size_t kBlockBytes = size_t{64} * 1024;
  static constexpr size_t kKeepBytes = size_t{4} * 1024 * 1024;

  void grow(size_t size) {
    capacity_ = std::max({size, kBlockBytes, std::min(capacity_ * 2, kKeepBytes)});
    blocks_.push_back(std::unique_ptr<char[]>(new char[capacity_]));
    used_ = 0;
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t capacity_ = 0;  // of the last block
  size_t used_ = 0;      // in the last block
};

}  // namespace pgsieve
