// SharedText: an immutable piece of text that its copies share. A query stands in its pattern, in every
// finding about it and in every chain that leads through it: it is in memory once.
//
// Reads like a const std::string, and turns into one, or into a std::string_view, where that is wanted.
// Copying and destroying are as thread-safe as those of a std::shared_ptr; the text itself never changes, so
// views of it are good for as long as any copy lives.
#pragma once

#include <fmt/format.h>

#include <compare>
#include <concepts>
#include <cstddef>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pgsieve {

class SharedText;

template <typename T>
concept UnsharedText =
    std::convertible_to<const T&, std::string_view> && !std::same_as<std::remove_cvref_t<T>, SharedText>;

class SharedText {
 public:
  SharedText() = default;
  SharedText(std::string text) {
    if (text.empty()) return;
    text.shrink_to_fit();
    text_ = std::make_shared<const std::string>(std::move(text));
  }
  template <UnsharedText Text>
  requires(!std::same_as<std::remove_cvref_t<Text>, std::string>) SharedText(const Text& text)
      : SharedText(std::string(std::string_view(text))) {}

  // The text, shared with `known` when that is the same.
  static SharedText like(std::string_view text, const SharedText& known) {
    return text == known.str() ? known : SharedText(text);
  }

  const std::string& str() const { return text_ == nullptr ? empty_text() : *text_; }
  operator const std::string&() const { return str(); }
  operator std::string_view() const { return str(); }

  bool empty() const { return text_ == nullptr; }
  size_t size() const { return str().size(); }
  const char* data() const { return str().data(); }
  auto begin() const { return str().begin(); }
  auto end() const { return str().end(); }
  char operator[](size_t at) const { return str()[at]; }
  bool starts_with(std::string_view text) const { return str().starts_with(text); }
  bool ends_with(std::string_view text) const { return str().ends_with(text); }
  size_t find(std::string_view text, size_t from = 0) const { return str().find(text, from); }
  size_t find(char character, size_t from = 0) const { return str().find(character, from); }
  std::string substr(size_t from, size_t size = std::string::npos) const { return str().substr(from, size); }

  friend bool operator==(const SharedText& left, const SharedText& right) {
    return left.text_ == right.text_ || left.str() == right.str();
  }
  friend auto operator<=>(const SharedText& left, const SharedText& right) {
    return left.str() <=> right.str();
  }
  template <UnsharedText Text>
  friend bool operator==(const SharedText& left, const Text& right) {
    return left.str() == std::string_view(right);
  }
  template <UnsharedText Text>
  friend auto operator<=>(const SharedText& left, const Text& right) {
    return std::string_view(left.str()) <=> std::string_view(right);
  }
  template <UnsharedText Text>
  friend std::string operator+(const SharedText& left, const Text& right) {
    return std::string(left.str()).append(std::string_view(right));
  }
  template <UnsharedText Text>
  friend std::string operator+(const Text& left, const SharedText& right) {
    return std::string(std::string_view(left)).append(right.str());
  }
  friend std::ostream& operator<<(std::ostream& stream, const SharedText& text) {
    return stream << text.str();
  }

 private:
  static const std::string& empty_text() {
    static const std::string empty;
    return empty;
  }

  std::shared_ptr<const std::string> text_;  // null: empty
};

}  // namespace pgsieve

template <>
struct fmt::formatter<pgsieve::SharedText> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const pgsieve::SharedText& text, Context& context) const {
    return fmt::formatter<std::string_view>::format(text.str(), context);
  }
};
