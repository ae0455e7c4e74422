// ByteCursor: reads the big-endian numbers and zero-terminated strings that messages are made of.
//
// Reading past the end gives zeroes and sets failed(); nothing is ever read outside the view. Views returned
// point into the bytes given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pgsieve {

class ByteCursor {
 public:
  explicit ByteCursor(std::string_view bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }
  size_t left() const { return bytes_.size() - at_; }
  std::string_view rest() const { return bytes_.substr(at_); }

  uint8_t u8() { return static_cast<uint8_t>(unsigned_number<1>()); }
  uint16_t u16() { return static_cast<uint16_t>(unsigned_number<2>()); }
  uint32_t u32() { return static_cast<uint32_t>(unsigned_number<4>()); }
  uint64_t u64() { return unsigned_number<8>(); }
  int16_t i16() { return static_cast<int16_t>(u16()); }
  int32_t i32() { return static_cast<int32_t>(u32()); }
  int64_t i64() { return static_cast<int64_t>(u64()); }

  std::string_view take(size_t size) {
    if (size > left()) {
      fail();
      return {};
    }
    const std::string_view taken = bytes_.substr(at_, size);
    at_ += size;
    return taken;
  }

  // Up to the next zero byte, which is consumed but not part of the result.
  std::string_view text() {
    const size_t end = bytes_.find('\0', at_);
    if (end == std::string_view::npos) {
      fail();
      return {};
    }
    const std::string_view taken = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return taken;
  }

 private:
  void fail() {
    failed_ = true;
    at_ = bytes_.size();
  }

  template <size_t kSize>
  uint64_t unsigned_number() {
    if (kSize > left()) {
      fail();
      return 0;
    }
    const char* from = bytes_.data() + at_;
    at_ += kSize;
    uint64_t number = 0;
    for (size_t i = 0; i < kSize; ++i) number = number << 8U | static_cast<uint8_t>(from[i]);
    return number;
  }

  std::string_view bytes_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace pgsieve
