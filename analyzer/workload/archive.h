// Archive: writing facts as bytes and reading them back with one description of each type.
//
// A type is described once, as `fields(archive, value)`; the Writer and the Reader both walk it. Integers are
// LEB128 varints (signed ones zigzagged), doubles their IEEE bits, strings and containers a count followed by
// their elements. The Reader checks every length against what is left, so damaged bytes end in failed(),
// never in a crash or a huge allocation.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "analyzer/base/compact_text.h"
#include "analyzer/base/shared_text.h"

namespace pgsieve {

class Writer {
 public:
  static constexpr bool kReading = false;
  std::string bytes;

  template <typename T>
  void operator()(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      bytes += value ? '\1' : '\0';
    } else if constexpr (std::is_enum_v<T>) {
      varint(static_cast<uint64_t>(value));
    } else if constexpr (std::is_floating_point_v<T>) {
      varint(std::bit_cast<uint64_t>(static_cast<double>(value)));
    } else if constexpr (std::signed_integral<T>) {
      const auto wide = static_cast<int64_t>(value);
      varint((static_cast<uint64_t>(wide) << 1U) ^ static_cast<uint64_t>(wide >> 63U));
    } else if constexpr (std::unsigned_integral<T>) {
      varint(value);
    } else {
      fields(*this,
             const_cast<T&>(value));  // the description is shared with the Reader, which changes the value
    }
  }
  void operator()(const std::string& text) { write_text(text); }
  void operator()(const CompactText& text) { write_text(text); }
  void operator()(const SharedText& text) { write_text(text); }
  template <typename T>
  void operator()(const std::vector<T>& items) {
    varint(items.size());
    for (const T& item : items) (*this)(item);
  }
  template <typename K, typename V>
  void operator()(const std::map<K, V>& items) {
    varint(items.size());
    for (const auto& [key, value] : items) {
      (*this)(key);
      (*this)(value);
    }
  }
  template <typename A, typename B>
  void operator()(const std::pair<A, B>& pair) {
    (*this)(pair.first);
    (*this)(pair.second);
  }

 private:
  void write_text(std::string_view text) {
    varint(text.size());
    bytes += text;
  }
  void varint(uint64_t value) {
    while (value >= 0x80) {
      bytes += static_cast<char>(value | 0x80U);
      value >>= 7U;
    }
    bytes += static_cast<char>(value);
  }
};

class Reader {
 public:
  static constexpr bool kReading = true;
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  bool failed() const { return failed_; }
  bool at_end() const { return bytes_.empty(); }
  // What was read makes no sense: an enumerator that does not exist, a reference to nothing.
  void fail() {
    failed_ = true;
    bytes_ = {};
  }

  template <typename T>
  void operator()(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      value = varint() != 0;
    } else if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(varint());
    } else if constexpr (std::is_floating_point_v<T>) {
      value = static_cast<T>(std::bit_cast<double>(varint()));
    } else if constexpr (std::signed_integral<T>) {
      const uint64_t zigzag = varint();
      value = static_cast<T>(static_cast<int64_t>(zigzag >> 1U) ^ -static_cast<int64_t>(zigzag & 1U));
    } else if constexpr (std::unsigned_integral<T>) {
      value = static_cast<T>(varint());
    } else {
      fields(*this, value);
    }
  }
  void operator()(std::string& text) {
    const uint64_t size = length();
    text.assign(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
  }
  void operator()(CompactText& text) {
    const uint64_t size = length();
    text = CompactText(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
  }
  void operator()(SharedText& text) {
    const uint64_t size = length();
    text = SharedText(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
  }
  template <typename T>
  void operator()(std::vector<T>& items) {
    items.clear();
    for (uint64_t left = length(); left > 0 && !failed_; --left) (*this)(items.emplace_back());
  }
  template <typename K, typename V>
  void operator()(std::map<K, V>& items) {
    items.clear();
    for (uint64_t left = length(); left > 0 && !failed_; --left) {
      K key{};
      (*this)(key);
      (*this)(items[std::move(key)]);
    }
  }
  template <typename A, typename B>
  void operator()(std::pair<A, B>& pair) {
    (*this)(pair.first);
    (*this)(pair.second);
  }

 private:
  // A count of elements: each takes at least one byte, so more than what is left is damage.
  uint64_t length() {
    const uint64_t size = varint();
    if (size <= bytes_.size()) return size;
    fail();
    return 0;
  }
  uint64_t varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) {
        failed_ = true;
        return 0;
      }
      const auto byte = static_cast<uint8_t>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0) return value;
    }
    failed_ = true;
    return 0;
  }

  std::string_view bytes_;
  bool failed_ = false;
};

}  // namespace pgsieve
