#include "analyzer/wire/tap.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "analyzer/wire/tap_pump.h"

namespace pgsieve {
namespace {

Error system_error(const std::string& what) {
  return {
      .kind = Error::Kind::kSystem, .message = what + ": " + std::strerror(errno), .hint = {}, .file = {}};
}

bool bind_to(const Descriptor& listener, const std::string& address) {
  return bind(listener.get(), reinterpret_cast<const sockaddr*>(address.data()),
              static_cast<socklen_t>(address.size())) == 0;
}

// A Unix socket outlives a program that was killed. Whether anybody still listens there shows when one tries.
void remove_stale_socket(const SocketAddress& where, const std::string& address) {
  if (!where.is_unix()) return;
  const Descriptor probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const bool refused = connect(probe.get(), reinterpret_cast<const sockaddr*>(address.data()),
                               static_cast<socklen_t>(address.size())) != 0 &&
                       errno == ECONNREFUSED;
  if (refused) unlink(where.path.c_str());
}

uint16_t port_of(const Descriptor& listener) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  getsockname(listener.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  if (bound.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
  if (bound.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port);
  return 0;
}

}  // namespace

Result<std::unique_ptr<Tap>> Tap::start(TapSettings settings, Recorder& recorder) {
  Result<std::vector<std::string>> server = resolve(settings.upstream);
  if (!server) return server.error();
  const SocketAddress& where = settings.listen;
  const Result<std::vector<std::string>> own = resolve(where);
  if (!own) return own.error();
  const std::string& address = own->front();
  if (!settings.anywhere && !is_loopback(address)) {
    return Error{.kind = Error::Kind::kUsage,
                 .message = where.text() + " can be reached from other machines",
                 .hint = "Listen on 127.0.0.1, or say --listen-anywhere",
                 .file = {}};
  }
  remove_stale_socket(where, address);
  const auto family = reinterpret_cast<const sockaddr*>(address.data())->sa_family;
  Descriptor listener(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!listener.open()) return system_error("can't open a socket");
  const int on = 1;
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!bind_to(listener, address) || ::listen(listener.get(), 1024) != 0)
    return system_error("can't listen on " + where.text());
  const uint16_t port = port_of(listener);
  std::string path = where.path;
  return std::unique_ptr<Tap>(std::make_unique<TapPump>(std::move(listener), std::move(*server), port,
                                                        std::move(path), std::move(settings), recorder));
}

}  // namespace pgsieve
