// SecretEraser: overwrites what a client sends to authenticate, before anything keeps a copy of it.
//
// Follows the client's messages, whatever the pieces they come in, and fills the bodies of password messages
// ('p': passwords, SASL and GSS tokens alike) with zeroes. When the stream is no longer understood,
// everything is erased: rather nothing than a secret. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pgsieve {

class SecretEraser {
 public:
  void erase(std::span<char> bytes);
  // Bytes are missing here: nothing can be told from a secret any more.
  void lose() { phase_ = Phase::kUnknown; }
  bool lost() const { return phase_ == Phase::kUnknown; }
  // The next byte is the first of a message.
  void resume();

 private:
  enum class Phase : uint8_t { kStartup, kMessages, kEncrypted, kUnknown };
  void end_of_header();

  Phase phase_ = Phase::kStartup;
  std::array<char, 8> header_{};  // of the message being read
  size_t header_size_ = 0;
  uint64_t left_ = 0;  // of its body
  bool in_body_ = false, secret_ = false;
};

}  // namespace pgsieve
