#include "analyzer/wire/server_filter.h"

#include <algorithm>
#include <charconv>

#include "analyzer/wire/byte_cursor.h"

namespace pgsieve {
namespace {

constexpr size_t kHeader = 5;
// So much of a notice tells whether it is a plan.
constexpr size_t kNoticeHead = 256;

uint64_t body_size(std::string_view header) {
  ByteCursor cursor(header.substr(1));
  const uint64_t length = cursor.u32();
  return length < 4 ? 0 : length - 4;
}

// AuthenticationSASL without the method that binds to the channel.
std::string without_channel_binding(std::string_view message) {
  ByteCursor cursor(message.substr(kHeader + 4));
  std::string body(message.substr(kHeader, 4));
  for (;;) {
    const std::string_view method = cursor.text();
    if (method.empty()) break;
    if (method == "SCRAM-SHA-256-PLUS") continue;
    body.append(method).push_back('\0');
  }
  body.push_back('\0');
  std::string out = "R";
  const uint64_t length = body.size() + 4;
  for (int i = 3; i >= 0; --i) out.push_back(static_cast<char>(length >> (8 * static_cast<unsigned>(i))));
  return out + body;
}

}  // namespace

std::string_view plan_settings() {
  return "-c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 "
         "-c auto_explain.log_analyze=on -c auto_explain.log_timing=off -c auto_explain.log_buffers=off "
         "-c auto_explain.log_nested_statements=off -c auto_explain.log_format=json "
         "-c auto_explain.log_level=info";
}

std::string_view plan_of_notice(std::string_view body, double& milliseconds) {
  ByteCursor cursor(body);
  while (!cursor.failed()) {
    const char code = static_cast<char>(cursor.u8());
    if (code == '\0') return {};
    if (code != 'M') {
      cursor.text();
      continue;
    }
    std::string_view message = cursor.rest();
    message = message.substr(0, message.find('\0'));
    constexpr std::string_view kStart = "duration: ", kMiddle = " ms  plan:\n";
    if (!message.starts_with(kStart)) return {};
    message.remove_prefix(kStart.size());
    const size_t digits = message.find_first_not_of("0123456789.");
    if (digits == std::string_view::npos || !message.substr(digits).starts_with(kMiddle)) return {};
    std::from_chars(message.data(), message.data() + digits, milliseconds);
    return message.substr(digits + kMiddle.size());
  }
  return {};
}

// Of the message that held_ begins, which has its header.
ServerFilter::Fate ServerFilter::fate_of(char type, uint64_t size) {
  const size_t have = held_.size() - kHeader;
  if (type == 'N' && take_plans_) {
    if (have < std::min<uint64_t>(size, kNoticeHead)) return Fate::kHold;
    double ignored = 0;
    const std::string_view body = std::string_view(held_).substr(kHeader);
    // The head may end before the plan does: anything behind its first line will do.
    const bool plan = !plan_of_notice(body, ignored).empty() && body.find("INFO") != std::string_view::npos;
    return plan ? Fate::kDrop : Fate::kPass;
  }
  if (type == 'R' && strip_channel_binding_ && !authenticated_ && size + kHeader <= kMaxHeld)
    return have < size ? Fate::kHold : Fate::kPass;
  return Fate::kPass;
}

// The fate of the held message is known: gives what of it passes, and how its rest is treated.
void ServerFilter::settle(std::string& out) {
  const char type = held_[0];
  const uint64_t size = body_size(held_);
  const Fate fate = fate_of(type, size);
  if (fate == Fate::kHold) return;
  left_ = size - (held_.size() - kHeader);
  dropping_ = fate == Fate::kDrop;
  if (dropping_) {
    ++plans_;
  } else if (type == 'R' && strip_channel_binding_ && !authenticated_ && left_ == 0 && size >= 4) {
    ByteCursor cursor(std::string_view(held_).substr(kHeader));
    const uint32_t method = cursor.u32();
    if (method == 0) authenticated_ = true;
    out += method == 10 ? without_channel_binding(held_) : held_;
  } else {
    if (type == 'Z' || type == 'E') authenticated_ = true;
    out += held_;
  }
  held_.clear();
}

std::string_view ServerFilter::pass(std::string_view bytes) {
  if (idle()) return bytes;
  out_.clear();
  bool changed = !held_.empty();
  size_t copied = 0;  // of `bytes`, into out_, while `changed`; else none
  size_t at = 0;
  const auto copy_up_to = [&](size_t end) {
    out_.append(bytes.substr(copied, end - copied));
    copied = end;
  };
  while (at < bytes.size() && !idle()) {
    if (left_ > 0) {
      const auto here = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size() - at));
      if (dropping_) {
        copy_up_to(at);
        copied = at + here;
        changed = true;
      }
      left_ -= here;
      at += here;
      continue;
    }
    if (held_.empty() && bytes.size() - at >= kHeader) {
      const std::string_view header = bytes.substr(at, kHeader);
      const bool concerned =
          (header[0] == 'N' && take_plans_) ||
          (!authenticated_ && std::string_view("RZE").find(header[0]) != std::string_view::npos);
      if (!concerned) {  // the common case: passes where it is
        left_ = body_size(header);
        dropping_ = false;
        at += kHeader;
        continue;
      }
    }
    // Byte by byte would do; pieces are as long as what may have to be held.
    copy_up_to(at);
    changed = true;
    const size_t wanted = held_.size() < kHeader
                              ? kHeader - held_.size()
                              : static_cast<size_t>(std::min<uint64_t>(
                                    body_size(held_) + kHeader - held_.size(),
                                    (held_[0] == 'N' ? kNoticeHead + kHeader : kMaxHeld) - held_.size()));
    const size_t here = std::min(wanted, bytes.size() - at);
    held_.append(bytes.substr(at, here));
    at += here;
    copied = at;
    if (held_.size() >= kHeader) settle(out_);
  }
  if (!changed) return bytes;
  copy_up_to(bytes.size());
  return out_;
}

}  // namespace pgsieve
