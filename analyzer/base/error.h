// Error: what went wrong, where, and what the reader can do about it. Result<T>: a value or such an Error.
//
// Functions that meet bad input return a Result; exceptions are left to the standard library (out of memory) and never
// cross a room. An Error is plain data, copyable, safe to hand between threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace pgsieve {

struct Error {
  enum class Kind : uint8_t {
    kUsage,   // the command line or a configuration file asks for something impossible
    kInput,   // a capture, schema or store that can't be used
    kSystem,  // the operating system refused
  };
  Kind kind = Kind::kInput;
  std::string message;  // one sentence, no trailing full stop needed
  std::string hint;     // what to do about it; may be empty
  std::string file;     // may be empty
  uint64_t line = 0;    // 1-based; 0: unknown
  uint64_t offset = 0;  // bytes from the start of the file; meaningful when has_offset
  bool has_offset = false;

  // "FILE:LINE: MESSAGE (at byte OFFSET). HINT", parts left out when unknown.
  std::string to_string() const;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}       // NOLINT(google-explicit-constructor): a value is a Result
  Result(Error error) : state_(std::move(error)) {}   // NOLINT(google-explicit-constructor): so is an Error

  bool ok() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return ok(); }
  T& value() { return std::get<T>(state_); }
  const T& value() const { return std::get<T>(state_); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return std::get<Error>(state_); }

 private:
  std::variant<T, Error> state_;
};

// The outcome of something that yields no value: empty is success.
using Status = std::optional<Error>;

}  // namespace pgsieve
