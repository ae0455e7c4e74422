// Fifo: a queue in one piece of memory, which it gives back when it was large and is empty.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "analyzer/base/release.h"

namespace pgsieve {

template <typename T>
class Fifo {
 public:
  using iterator = typename std::vector<T>::iterator;

  bool empty() const { return first_ == items_.size(); }
  size_t size() const { return items_.size() - first_; }
  T& front() { return items_[first_]; }
  T& back() { return items_.back(); }
  iterator begin() { return items_.begin() + static_cast<std::ptrdiff_t>(first_); }
  iterator end() { return items_.end(); }

  // The new item at the end.
  T& emplace_back() { return items_.emplace_back(); }

  void pop_front() {
    std::destroy_at(&items_[first_]);
    std::construct_at(&items_[first_++]);
    if (empty()) {
      clear();
    } else if (first_ >= kSlack && first_ > size()) {
      items_.erase(items_.begin(), begin());
      first_ = 0;
    }
  }

  void erase(iterator from, iterator to) {
    items_.erase(from, to);
    if (empty()) clear();
  }

  void clear() {
    first_ = 0;
    if (items_.capacity() > kSlack) {
      release(items_);
    } else {
      items_.clear();
    }
  }

  void swap(Fifo& other) noexcept {
    items_.swap(other.items_);
    std::swap(first_, other.first_);
  }

 private:
  static constexpr size_t kSlack = 64;
  std::vector<T> items_;
  size_t first_ = 0;  // before it: taken
};

}  // namespace pgsieve
