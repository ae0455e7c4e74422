#include "analyzer/wire/secret_eraser.h"

#include <algorithm>

#include "analyzer/wire/byte_cursor.h"
#include "analyzer/wire/framer.h"

namespace pgsieve {

void SecretEraser::end_of_header() {
  ByteCursor cursor(std::string_view(header_.data(), header_size_));
  const char type = phase_ == Phase::kMessages ? static_cast<char>(cursor.u8()) : '\0';
  const uint64_t length = cursor.u32();
  const bool startup = phase_ == Phase::kStartup;
  in_body_ = true;
  secret_ = type == 'p';
  if (length < (startup ? 8U : 4U) || (!startup && !is_message(Side::kClient, type, length - 4))) {
    phase_ = Phase::kUnknown;
    return;
  }
  left_ = length - (startup ? 8 : 4);
  // A request to encrypt is followed by another start-up packet, or by the handshake.
  if (startup && cursor.u32() >> 16U == 3) phase_ = Phase::kMessages;
}

void SecretEraser::resume() {
  phase_ = Phase::kMessages;
  header_size_ = 0;
  in_body_ = false;
}

void SecretEraser::erase(std::span<char> bytes) {
  for (size_t at = 0; at < bytes.size();) {
    if (phase_ == Phase::kEncrypted) return;
    if (phase_ == Phase::kUnknown) {
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), '\0');
      return;
    }
    if (!in_body_) {
      if (phase_ == Phase::kStartup && header_size_ == 0 && bytes[at] == 0x16) {
        phase_ = Phase::kEncrypted;
        return;
      }
      const size_t wanted = phase_ == Phase::kStartup ? 8U : 5U;
      const size_t here = std::min(wanted - header_size_, bytes.size() - at);
      std::copy_n(bytes.data() + at, here, header_.data() + header_size_);
      header_size_ += here;
      at += here;
      if (header_size_ == wanted) end_of_header();
    } else {
      const auto here = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size() - at));
      if (secret_) std::fill_n(bytes.data() + at, here, '\0');
      left_ -= here;
      at += here;
    }
    if (in_body_ && left_ == 0 && phase_ != Phase::kUnknown) {
      in_body_ = false;
      header_size_ = 0;
    }
  }
}

}  // namespace pgsieve
