// ServerFilter: takes out of a server's stream what is not meant for the client.
//
//   * SCRAM-SHA-256-PLUS in the list of authentication methods: it binds the password to the TLS connection,
//     which ends at the tap, and a client without TLS refuses a server that offers it.
//   * Plans that auto_explain sends because the tap asked for them (see plan_settings()).
//
// Everything else passes as it is, without a copy. Holds back at most kMaxHeld bytes, never the end of a
// message that the client is to have. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pgsieve {

class ServerFilter {
 public:
  static constexpr size_t kMaxHeld = 4096;

  ServerFilter(bool strip_channel_binding, bool take_plans)
      : strip_channel_binding_(strip_channel_binding), take_plans_(take_plans) {}

  // What the client is to have of `bytes`. Valid until the next call, and as long as `bytes` are.
  std::string_view pass(std::string_view bytes);

  uint64_t plans() const { return plans_; }
  // Nothing will be taken out any more.
  bool idle() const { return !take_plans_ && authenticated_ && held_.empty() && left_ == 0; }

 private:
  enum class Fate : uint8_t { kPass, kDrop, kHold };
  Fate fate_of(char type, uint64_t size);
  void settle(std::string& out);

  bool strip_channel_binding_, take_plans_;
  bool authenticated_ = false;
  std::string held_;   // header and beginning of the message under way, while its fate is open
  uint64_t left_ = 0;  // of the message under way, once its fate is known
  bool dropping_ = false;
  std::string out_;
  uint64_t plans_ = 0;
};

// The settings that make a session report the plan of each statement as a notice. They reach the client
// whatever its client_min_messages, and stay out of the server's log.
std::string_view plan_settings();

// The part of a NoticeResponse's body that is a plan, behind "plan:\n"; with the milliseconds before it.
// Empty: it is another notice.
std::string_view plan_of_notice(std::string_view body, double& milliseconds);

}  // namespace pgsieve
