#include "analyzer/wire/tap_end.h"

#include <sys/socket.h>

#include <cerrno>

namespace pgsieve {

ptrdiff_t TapEnd::receive(char* bytes, size_t size) {
  if (tls == nullptr) {
    ssize_t got = 0;
    do got = recv(socket.get(), bytes, size, 0);
    while (got < 0 && errno == EINTR);
    if (got >= 0) return got;
    return errno == EAGAIN ? kAgain : kBroken;
  }
  // A record is at most 16 KiB: take as many as fit, for one send.
  size_t have = 0;
  while (have < size) {
    size_t got = 0;
    const TlsStream::Outcome outcome = tls->read(bytes + have, size - have, got);
    have += got;
    if (outcome == TlsStream::Outcome::kDone && got > 0) continue;
    if (have > 0) break;
    tls_wants_write = outcome == TlsStream::Outcome::kWantWrite;
    if (outcome == TlsStream::Outcome::kEnded) return 0;
    return outcome == TlsStream::Outcome::kBroken ? kBroken : kAgain;
  }
  return static_cast<ptrdiff_t>(have);
}

ptrdiff_t TapEnd::transmit(std::string_view bytes) {
  if (tls == nullptr) {
    ssize_t sent = 0;
    do sent = send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0) return sent;
    return errno == EAGAIN ? 0 : kBroken;
  }
  size_t taken = 0;
  while (taken < bytes.size()) {
    size_t sent = 0;
    const TlsStream::Outcome outcome = tls->write(bytes.data() + taken, bytes.size() - taken, sent);
    taken += sent;
    if (outcome == TlsStream::Outcome::kBroken) return kBroken;
    if (outcome != TlsStream::Outcome::kDone) break;
  }
  return static_cast<ptrdiff_t>(taken);
}

void TapEnd::shut_down() {
  shut = true;
  if (tls != nullptr) tls->shut();
  shutdown(socket.get(), SHUT_WR);
}

}  // namespace pgsieve
