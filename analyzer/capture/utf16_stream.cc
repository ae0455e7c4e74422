// UTF-16 to UTF-8: what PowerShell writes where a command's output goes to a file. The byte order mark says
// which byte of a unit comes first, or, without one, the first character, which is ASCII; surrogates without
// their other half become U+FFFD.
#include <algorithm>
#include <vector>

#include "analyzer/capture/byte_stream.h"

namespace pgsieve {
namespace {

constexpr uint32_t kReplacement = 0xFFFD;
constexpr size_t kInputBytes = size_t{64} * 1024;

void append_utf8(uint32_t point, std::string& out) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80 | ((point >> shift) & 0x3F)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | (point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | (point >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

class Utf16Stream final : public ByteStream {
 public:
  explicit Utf16Stream(std::unique_ptr<ByteStream> inner) : inner_(std::move(inner)), input_(kInputBytes) {}

  Result<size_t> read(char* data, size_t size) override {
    while (used_ == ready_.size()) {
      ready_.clear();
      used_ = 0;
      if (ended_) return size_t{0};
      Result<size_t> got = inner_->read(input_.data() + kept_, input_.size() - kept_);
      if (!got) return got.error();
      ended_ = *got == 0;
      convert(kept_ + *got);
    }
    const size_t part = std::min(size, ready_.size() - used_);
    std::copy_n(ready_.data() + used_, part, data);
    used_ += part;
    return part;
  }

 private:
  void convert(size_t bytes) {
    size_t at = 0;
    if (!started_ && bytes >= 2) {
      started_ = true;
      const bool marked = input_[0] == '\xFE' || input_[0] == '\xFF';
      big_endian_ = input_[0] == '\xFE' || input_[0] == '\0';
      at = marked ? 2 : 0;
    }
    for (; at + 1 < bytes; at += 2) take(unit(at));
    kept_ = bytes - at;
    if (kept_ > 0) input_[0] = input_[at];
    if (ended_ && (kept_ > 0 || high_ != 0)) append_utf8(kReplacement, ready_);
  }

  uint32_t unit(size_t at) const {
    const uint32_t first = static_cast<unsigned char>(input_[at]);
    const uint32_t second = static_cast<unsigned char>(input_[at + 1]);
    return big_endian_ ? first << 8 | second : second << 8 | first;
  }

  void take(uint32_t unit) {
    const bool low = unit >= 0xDC00 && unit < 0xE000;
    if (high_ != 0) {
      append_utf8(low ? 0x10000 + ((high_ - 0xD800) << 10) + (unit - 0xDC00) : kReplacement, ready_);
      high_ = 0;
      if (low) return;
    }
    if (unit >= 0xD800 && unit < 0xDC00) {
      high_ = unit;
    } else {
      append_utf8(low ? kReplacement : unit, ready_);
    }
  }

  std::unique_ptr<ByteStream> inner_;
  std::vector<char> input_;
  size_t kept_ = 0;  // bytes of input_ that wait for the rest of their unit
  std::string ready_;
  size_t used_ = 0;  // of ready_
  uint32_t high_ = 0;
  bool started_ = false, big_endian_ = false, ended_ = false;
};

}  // namespace

std::unique_ptr<ByteStream> make_utf16_decoder(std::unique_ptr<ByteStream> inner) {
  return std::make_unique<Utf16Stream>(std::move(inner));
}

}  // namespace pgsieve
