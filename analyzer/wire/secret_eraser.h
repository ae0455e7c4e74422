// SecretEraser: overwrites what a client sends to authenticate, before anything keeps a copy of it.
//
// Follows the client's messages, whatever the pieces they come in, and fills the bodies of password messages
// ('p': passwords, SASL and GSS tokens alike) with zeroes. When the stream is no longer understood,
// everything is erased: rather nothing than a secret. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>

namespace pgsieve {

class SecretEraser {
 public:
  void erase(std::string& bytes);

 private:
  enum class Phase : uint8_t { kStartup, kMessages, kEncrypted, kUnknown };
  void end_of_header();

  Phase phase_ = Phase::kStartup;
  std::string header_;  // of the message being read
  uint64_t left_ = 0;   // of its body
  bool in_body_ = false, secret_ = false;
};

}  // namespace pgsieve
