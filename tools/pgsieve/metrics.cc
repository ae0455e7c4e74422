#include "tools/pgsieve/metrics.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace pgsieve {
namespace {

constexpr size_t kMaxRequest = 8192;

// Until the empty line that ends the head of a request.
bool read_head(int client) {
  std::string head;
  std::array<char, 1024> bytes{};
  while (head.find("\r\n\r\n") == std::string::npos && head.size() < kMaxRequest) {
    const ssize_t got = recv(client, bytes.data(), bytes.size(), 0);
    if (got <= 0) return false;
    head.append(bytes.data(), static_cast<size_t>(got));
  }
  return true;
}

void answer(int client, const std::string& page) {
  const timeval patience{2, 0};
  setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (!read_head(client)) return;
  const std::string text = fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\n"
      "Connection: close\r\n\r\n{}",
      page.size(), page);
  for (size_t at = 0; at < text.size();) {
    const ssize_t sent = send(client, text.data() + at, text.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) return;
    at += static_cast<size_t>(sent);
  }
}

}  // namespace

Result<std::unique_ptr<MetricsServer>> MetricsServer::start(const SocketAddress& address,
                                                            std::function<std::string()> page) {
  const Result<std::vector<std::string>> resolved = resolve(address);
  if (!resolved) return resolved.error();
  if (!is_loopback(resolved->front())) {
    return Error{.kind = Error::Kind::kUsage,
                 .message = address.text() + " can be reached from other machines",
                 .hint = "Serve metrics on 127.0.0.1",
                 .file = {}};
  }
  const auto* target = reinterpret_cast<const sockaddr*>(resolved->front().data());
  Descriptor listener(socket(target->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener.get(), target, static_cast<socklen_t>(resolved->front().size())) != 0 ||
      listen(listener.get(), 16) != 0) {
    return Error{
        .kind = Error::Kind::kSystem,
        .message = fmt::format("can't serve metrics on {}: {}", address.text(), std::strerror(errno)),
        .hint = {},
        .file = {}};
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  getsockname(listener.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  uint16_t port = 0;
  if (bound.ss_family == AF_INET) port = ntohs(reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
  if (bound.ss_family == AF_INET6) port = ntohs(reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port);
  return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(listener), port, std::move(page)));
}

MetricsServer::MetricsServer(Descriptor listener, uint16_t port, std::function<std::string()> page)
    : listener_(std::move(listener)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      port_(port),
      page_(std::move(page)),
      thread_([this] { serve(); }) {}

MetricsServer::~MetricsServer() {
  stopping_ = true;
  const uint64_t one = 1;
  if (write(wake_.get(), &one, sizeof one) > 0) thread_.join();
}

void MetricsServer::serve() {
  while (!stopping_) {
    std::array<pollfd, 2> waiting{{{listener_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
    if (poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return;
    if (stopping_) return;
    const Descriptor client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client.open()) answer(client.get(), page_());
  }
}

void append_metric(std::string& page, std::string_view name, std::string_view kind, std::string_view help,
                   uint64_t value) {
  page += fmt::format("# HELP {} {}\n# TYPE {} {}\n{} {}\n", name, help, name, kind, name, value);
}

}  // namespace pgsieve
