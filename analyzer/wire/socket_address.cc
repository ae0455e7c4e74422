#include "analyzer/wire/socket_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <memory>

namespace pgsieve {

std::string SocketAddress::text() const {
  if (is_unix()) return path;
  const bool ipv6 = host.find(':') != std::string::npos;
  return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<SocketAddress> parse_socket_address(const std::string& text, uint16_t port) {
  SocketAddress address;
  address.port = port;
  const auto bad = [&] {
    return Error{.kind = Error::Kind::kUsage,
                 .message = "'" + text + "' is no address",
                 .hint = "Write HOST:PORT, [IPv6]:PORT, PORT or the path of a Unix socket",
                 .file = {}};
  };
  if (text.find('/') != std::string::npos) {
    std::error_code ignored;
    const bool folder = std::filesystem::is_directory(text, ignored);
    address.path = folder ? text + "/.s.PGSQL." + std::to_string(port) : text;
    return address;
  }
  std::string digits;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string::npos) return bad();
    address.host = text.substr(1, end - 1);
    digits = text.substr(end + 1);
    if (!digits.empty() && digits[0] != ':') return bad();
    if (!digits.empty()) digits.erase(0, 1);
  } else if (const size_t colon = text.rfind(':'); colon != std::string::npos) {
    address.host = text.substr(0, colon);
    digits = text.substr(colon + 1);
  } else if (text.find_first_not_of("0123456789") == std::string::npos) {
    digits = text;
  } else {
    address.host = text;
  }
  if (address.host.empty()) address.host = "127.0.0.1";
  if (digits.empty()) return address;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return bad();
  return address;
}

Result<std::vector<std::string>> resolve(const SocketAddress& address) {
  if (address.is_unix()) {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    if (address.path.size() >= sizeof local.sun_path) {
      return Error{.kind = Error::Kind::kUsage,
                   .message = "the path of a Unix socket is too long",
                   .hint = {},
                   .file = address.path};
    }
    std::memcpy(local.sun_path, address.path.c_str(), address.path.size() + 1);
    return std::vector<std::string>{std::string(reinterpret_cast<const char*>(&local), sizeof local)};
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int failed = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &list);
  if (failed != 0) {
    return Error{.kind = Error::Kind::kSystem,
                 .message = "can't resolve " + address.host + ": " + gai_strerror(failed),
                 .hint = {},
                 .file = {}};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(list, freeaddrinfo);
  std::vector<std::string> resolved;
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    resolved.emplace_back(reinterpret_cast<const char*>(at->ai_addr), at->ai_addrlen);
  }
  return resolved;
}

std::string host_of(std::string_view address) {
  const auto* any = reinterpret_cast<const sockaddr*>(address.data());
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (any->sa_family == AF_INET) bytes = &reinterpret_cast<const sockaddr_in*>(any)->sin_addr;
  if (any->sa_family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6*>(any)->sin6_addr;
  if (bytes == nullptr || inet_ntop(any->sa_family, bytes, text.data(), text.size()) == nullptr)
    return "[local]";
  return text.data();
}

bool is_loopback(const std::string& resolved) {
  const auto* any = reinterpret_cast<const sockaddr*>(resolved.data());
  if (any->sa_family == AF_UNIX) return true;
  if (any->sa_family == AF_INET) {
    const auto* ipv4 = reinterpret_cast<const sockaddr_in*>(resolved.data());
    return (ntohl(ipv4->sin_addr.s_addr) >> 24U) == 127;
  }
  if (any->sa_family != AF_INET6) return false;
  return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(resolved.data())->sin6_addr) != 0;
}

}  // namespace pgsieve
