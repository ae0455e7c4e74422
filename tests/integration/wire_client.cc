#include "tests/integration/wire_client.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>

namespace pgsieve::testing {
namespace {

void append_number(std::string& out, uint64_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i)
    out.push_back(static_cast<char>(number >> (8 * static_cast<unsigned>(i))));
}

std::string text(std::string_view value) {
  return std::string(value) + '\0';
}

}  // namespace

int connect_to(uint16_t port) {
  const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{20, 0};
  setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return made;
  ::close(made);
  return -1;
}

WireClient::WireClient(uint16_t port, std::string_view application) : socket_(connect_to(port)) {
  std::string body;
  append_number(body, 196'608, 4);
  for (const auto& [key, value] : {std::pair<std::string_view, std::string_view>{"user", "postgres"},
                                   {"database", "postgres"},
                                   {"application_name", application}}) {
    body += text(key) + text(value);
  }
  body.push_back('\0');
  append_number(out_, body.size() + 4, 4);
  out_ += body;
  ready_ = until('Z').ends_with('Z');
}

WireClient::~WireClient() {
  if (socket_ >= 0) ::close(socket_);
}

WireClient& WireClient::message(char type, std::string_view body) {
  out_.push_back(type);
  append_number(out_, body.size() + 4, 4);
  out_ += body;
  return *this;
}

WireClient& WireClient::query(std::string_view sql) {
  return message('Q', text(sql));
}
WireClient& WireClient::parse(std::string_view name, std::string_view sql) {
  return message('P', text(name) + text(sql) + std::string(2, '\0'));
}
WireClient& WireClient::bind(std::string_view portal, std::string_view statement,
                             const std::vector<std::optional<std::string>>& values) {
  std::string body = text(portal) + text(statement);
  append_number(body, 0, 2);
  append_number(body, values.size(), 2);
  for (const auto& value : values) {
    append_number(body, value ? value->size() : 0xffffffffU, 4);
    if (value) body += *value;
  }
  append_number(body, 0, 2);
  return message('B', body);
}
WireClient& WireClient::describe(char what, std::string_view name) {
  return message('D', what + text(name));
}
WireClient& WireClient::execute(std::string_view portal, uint32_t limit) {
  std::string body = text(portal);
  append_number(body, limit, 4);
  return message('E', body);
}
WireClient& WireClient::close(char what, std::string_view name) {
  return message('C', what + text(name));
}
WireClient& WireClient::sync() {
  return message('S', {});
}
WireClient& WireClient::ask_to_flush() {
  return message('H', {});
}
WireClient& WireClient::copy_data(std::string_view bytes) {
  return message('d', bytes);
}
WireClient& WireClient::copy_done() {
  return message('c', {});
}
WireClient& WireClient::copy_fail(std::string_view why) {
  return message('f', text(why));
}
WireClient& WireClient::raw(std::string_view bytes) {
  out_ += bytes;
  return *this;
}

WireClient& WireClient::flush() {
  for (size_t at = 0; at < out_.size();) {
    const ssize_t sent = send(socket_, out_.data() + at, out_.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) break;
    at += static_cast<size_t>(sent);
  }
  out_.clear();
  return *this;
}

std::string WireClient::until(char what, int times) {
  flush();
  std::string seen;
  while (times > 0) {
    while (in_.size() >= 5) {
      size_t length = 0;
      for (size_t i = 1; i < 5; ++i) length = length << 8U | static_cast<uint8_t>(in_[i]);
      if (in_.size() < length + 1) break;
      const char type = in_[0];
      in_.erase(0, length + 1);
      if (type != 'N' && type != 'S') seen.push_back(type);
      if (type == what && --times == 0) return seen;
    }
    std::array<char, 65'536> bytes;
    const ssize_t got = socket_ < 0 ? 0 : recv(socket_, bytes.data(), bytes.size(), 0);
    if (got <= 0) return seen;
    in_.append(bytes.data(), static_cast<size_t>(got));
  }
  return seen;
}

void WireClient::leave() {
  message('X', {}).flush();
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

void WireClient::vanish() {
  const linger now{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(socket_);
  socket_ = -1;
}

}  // namespace pgsieve::testing
