#include "analyzer/wire/greeting.h"

#include <algorithm>

#include "analyzer/wire/byte_cursor.h"

namespace pgsieve {
namespace {

// src/include/libpq/pqcomm.h
constexpr uint32_t kCancelRequest = 80'877'102, kSslRequest = 80'877'103, kGssRequest = 80'877'104;
constexpr uint32_t kMaxPacket = 10'000;

void append_length(std::string& out, uint64_t length) {
  for (int i = 3; i >= 0; --i) out.push_back(static_cast<char>(length >> (8 * static_cast<unsigned>(i))));
}

}  // namespace

Greeting read_greeting(std::string_view bytes) {
  if (!bytes.empty() && bytes[0] == 0x16) return {Greeting::Kind::kTls, 0};
  ByteCursor cursor(bytes);
  const uint32_t length = cursor.u32();
  if (!cursor.failed() && (length < 8 || length > kMaxPacket)) return {Greeting::Kind::kOther, bytes.size()};
  const uint32_t code = cursor.u32();
  if (cursor.failed() || bytes.size() < length) return {};
  switch (code) {
    case kCancelRequest:
      return {Greeting::Kind::kCancel, length};
    case kSslRequest:
      return {Greeting::Kind::kTlsRequest, length};
    case kGssRequest:
      return {Greeting::Kind::kGssRequest, length};
    default:
      return {code >> 16U == 3 ? Greeting::Kind::kStartup : Greeting::Kind::kOther, length};
  }
}

std::string_view startup_parameter(std::string_view packet, std::string_view name) {
  ByteCursor cursor(packet.substr(std::min<size_t>(8, packet.size())));
  for (;;) {
    const std::string_view key = cursor.text();
    if (key.empty()) return {};
    const std::string_view value = cursor.text();
    if (key == name) return value;
  }
}

std::string with_options(std::string_view packet, std::string_view settings) {
  std::string body(packet.substr(4, 4));
  ByteCursor cursor(packet.substr(8));
  bool added = false;
  const auto add = [&](std::string_view key, std::string_view value) {
    body.append(key).push_back('\0');
    body.append(value).push_back('\0');
  };
  for (;;) {
    const std::string_view key = cursor.text();
    if (key.empty()) break;
    const std::string_view value = cursor.text();
    if (key == "options") {
      add(key, std::string(value) + " " + std::string(settings));
      added = true;
    } else {
      add(key, value);
    }
  }
  if (!added) add("options", settings);
  body.push_back('\0');
  std::string out;
  append_length(out, body.size() + 4);
  return out + body;
}

std::string refusal(std::string_view sqlstate, std::string_view message) {
  std::string body;
  const auto add = [&](char code, std::string_view value) {
    body.push_back(code);
    body.append(value).push_back('\0');
  };
  add('S', "FATAL");
  add('V', "FATAL");
  add('C', sqlstate);
  add('M', message);
  body.push_back('\0');
  std::string out = "E";
  append_length(out, body.size() + 4);
  return out + body;
}

}  // namespace pgsieve
