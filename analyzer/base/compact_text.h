// CompactText: an immutable piece of text that takes eight bytes where it stands. Facts hold hundreds of
// thousands of names, most of them short or empty: a std::string takes 32 bytes for each.
//
// Owns its text; copies are deep. Reads like a std::string, and turns into a std::string_view or a
// std::string where one is wanted. Longer than 4 GB is cut. As thread-safe as a std::string.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>

namespace pgsieve {

class CompactText;

template <typename T>
concept OtherText =
    std::convertible_to<const T&, std::string_view> && !std::same_as<std::remove_cvref_t<T>, CompactText>;

class CompactText {
 public:
  CompactText() = default;
  template <OtherText Text>
  CompactText(const Text& text) : CompactText(std::string_view(text), Copied()) {}
  CompactText(const CompactText& other) : CompactText(other.view(), Copied()) {}
  CompactText(CompactText&&) noexcept = default;
  CompactText& operator=(const CompactText& other) {
    if (this != &other) *this = CompactText(other);
    return *this;
  }
  CompactText& operator=(CompactText&&) noexcept = default;
  ~CompactText() = default;
  // The two, one after the other.
  static CompactText joined(std::string_view first, std::string_view second) {
    CompactText text;
    const size_t whole = std::min<size_t>(first.size() + second.size(), std::numeric_limits<Size>::max());
    if (whole == 0) return text;
    const auto size = static_cast<Size>(whole);
    text.bytes_ = std::unique_ptr<char[]>(new char[sizeof(Size) + whole]);
    char* const to = text.bytes_.get() + sizeof(Size);
    std::memcpy(text.bytes_.get(), &size, sizeof(Size));
    const size_t copied = first.copy(to, whole);
    second.copy(to + copied, whole - copied);
    return text;
  }

  std::string_view view() const {
    return bytes_ == nullptr ? std::string_view() : std::string_view(bytes_.get() + sizeof(Size), size());
  }
  operator std::string_view() const { return view(); }
  operator std::string() const { return std::string(view()); }

  bool empty() const { return bytes_ == nullptr; }
  size_t size() const {
    if (bytes_ == nullptr) return 0;
    Size size = 0;
    std::memcpy(&size, bytes_.get(), sizeof(Size));
    return size;
  }
  const char* begin() const { return view().data(); }
  const char* end() const { return view().data() + view().size(); }
  char operator[](size_t at) const { return view()[at]; }
  char front() const { return view().front(); }
  char back() const { return view().back(); }
  bool starts_with(std::string_view text) const { return view().starts_with(text); }
  bool ends_with(std::string_view text) const { return view().ends_with(text); }
  size_t find(std::string_view text, size_t from = 0) const { return view().find(text, from); }
  size_t find(char character, size_t from = 0) const { return view().find(character, from); }
  size_t rfind(char character) const { return view().rfind(character); }
  std::string substr(size_t from, size_t size = std::string_view::npos) const {
    return std::string(view().substr(from, size));
  }
  void clear() { bytes_.reset(); }

  friend bool operator==(const CompactText& left, const CompactText& right) {
    return left.view() == right.view();
  }
  friend auto operator<=>(const CompactText& left, const CompactText& right) {
    return left.view() <=> right.view();
  }
  template <OtherText Text>
  friend bool operator==(const CompactText& left, const Text& right) {
    return left.view() == std::string_view(right);
  }
  template <OtherText Text>
  friend auto operator<=>(const CompactText& left, const Text& right) {
    return left.view() <=> std::string_view(right);
  }
  friend std::string operator+(const CompactText& left, const CompactText& right) {
    return std::string(left.view()).append(right.view());
  }
  template <OtherText Text>
  friend std::string operator+(const CompactText& left, const Text& right) {
    return std::string(left.view()).append(std::string_view(right));
  }
  template <OtherText Text>
  friend std::string operator+(const Text& left, const CompactText& right) {
    return std::string(std::string_view(left)).append(right.view());
  }
  friend std::ostream& operator<<(std::ostream& stream, const CompactText& text) {
    return stream << text.view();
  }

 private:
  using Size = uint32_t;
  struct Copied {};
  CompactText(std::string_view text, Copied) : CompactText(joined(text, {})) {}
  std::unique_ptr<char[]> bytes_;  // the size, then the text; null: empty
};

}  // namespace pgsieve

template <>
struct fmt::formatter<pgsieve::CompactText> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const pgsieve::CompactText& text, Context& context) const {
    return fmt::formatter<std::string_view>::format(text.view(), context);
  }
};
