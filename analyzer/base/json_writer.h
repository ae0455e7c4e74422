// JsonWriter: builds one JSON document (RFC 8259) in a string, or hands it on piece by piece.
//
// The caller opens and closes objects and arrays; the writer puts the commas, the indentation and the
// escapes. The output is always valid UTF-8: bytes that are none become U+FFFD. Calls out of order (a value
// without its key) are programming errors and checked by assert only. Not thread-safe.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgsieve {

// Appends text as a JSON string, quotes included.
void append_json_string(std::string& out, std::string_view text);

class JsonWriter {
 public:
  // indent: blanks per level; 0 writes everything on one line.
  explicit JsonWriter(int indent = 0) : indent_(indent) {}
  // Hands the document to `sink` in pieces of about kPiece bytes; the last with finish().
  using Sink = std::function<void(std::string_view)>;
  JsonWriter(int indent, Sink sink) : sink_(std::move(sink)), indent_(indent) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  void key(std::string_view name);

  void value(std::string_view text);
  void value(const char* text) { value(std::string_view(text)); }
  void value(bool flag);
  void value(double number);  // shortest form that reads back as the same number; null when not finite
  template <std::signed_integral T>
  void value(T number) {
    signed_value(number);
  }
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) void value(T number) { unsigned_value(number); }
  void null();
  void raw(std::string_view json);  // one finished JSON value

  template <typename T>
  void member(std::string_view name, const T& content) {
    key(name);
    value(content);
  }

  // The document so far; complete when every object and array is closed.
  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }
  // With a sink: the end of the document, and a new line.
  void finish();

 private:
  static constexpr size_t kPiece = size_t{64} * 1024;
  void open(char bracket);
  void close(char bracket);
  void before_value();
  void new_line();
  void signed_value(int64_t number);
  void unsigned_value(uint64_t number);

  Sink sink_;
  std::string out_;
  std::vector<bool> has_items_;  // per open object or array
  int indent_;
  bool after_key_ = false;
};

}  // namespace pgsieve
