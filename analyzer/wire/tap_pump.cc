#include "analyzer/wire/tap_pump.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "analyzer/base/release.h"

namespace pgsieve {

// How a pair is watched while it forwards: edge-triggered, so that the kernel looks at a socket when
// something happens to it, and not once more at each wait. The price: an edge comes once. Therefore
//   * a side is read until the socket had less than asked for; when its turn is over before that, watching is
//     started again, which makes a new edge if there is more;
//   * a side that was not read because its peer is slow is read as soon as the peer has taken everything;
//   * a hang-up is remembered (closing), so that the end behind the last bytes is read, too.
// That a socket can be written is asked for only while bytes wait for it. Before a pair forwards, its ends
// are watched level-triggered for what its phase waits for.

TapPump::TapPump(Descriptor listener, std::vector<std::string> upstream, uint16_t port, std::string path,
                 TapSettings settings, Recorder& recorder)
    : listener_(std::move(listener)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      upstream_(std::move(upstream)),
      port_(port),
      path_(std::move(path)),
      settings_(std::move(settings)),
      recorder_(recorder),
      buffer_(kChunk, '\0') {
  watch(listener_.get(), EPOLLIN, kListener, EPOLL_CTL_ADD);
  watch(wake_.get(), EPOLLIN, kWake, EPOLL_CTL_ADD);
  thread_ = std::thread([this] { run(); });
}

std::string TapPump::last_problem() const {
  const std::lock_guard<std::mutex> guard(problem_lock_);
  return problem_;
}

void TapPump::stop(Microseconds grace) {
  if (!thread_.joinable()) return;
  grace_ = grace;
  stopping_ = true;
  const uint64_t one = 1;
  if (write(wake_.get(), &one, sizeof one) < 0) return;
  thread_.join();
  if (!path_.empty()) unlink(path_.c_str());
}

void TapPump::watch(int socket, uint32_t events, uint64_t tag, int operation) const {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  epoll_ctl(epoll_.get(), operation, socket, &event);
}

void TapPump::watch_end(TapPair& pair, size_t side, uint32_t events, int operation) const {
  const uint64_t tag = reinterpret_cast<uintptr_t>(&pair) | side;
  watch(pair.ends[side].socket.get(), events, tag, operation);
}

// Before a socket is closed: another process may hold it for a moment (between fork and exec), and its events
// would go on, with a tag that means nothing any more.
void TapPump::unwatch(const TapEnd& end) const {
  if (end.socket.open()) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, end.socket.get(), nullptr);
}

void TapPump::run() {
  sigset_t pipe;  // OpenSSL writes without MSG_NOSIGNAL
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  std::array<epoll_event, 64> events{};
  Clock::time_point deadline{};
  bool draining = false;
  for (;;) {
    if (stopping_ && !draining) {
      draining = true;
      deadline = Clock::now() + std::chrono::microseconds(grace_);
      epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.get(), nullptr);
      listener_ = Descriptor();
    }
    if (draining && (pairs_.empty() || Clock::now() >= deadline)) break;
    const int patience = !waiting_.empty() ? static_cast<int>(kRetry.count()) : draining ? 20 : -1;
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), patience);
    if (count < 0 && errno != EINTR) break;
    for (int i = 0; i < count; ++i) on_event(events[static_cast<size_t>(i)]);
    connect_waiting();
    for (const uint64_t id : dead_) pairs_.erase(id);
    dead_.clear();
  }
  for (auto& [id, pair] : pairs_) recorder_.close(id);
  counts_.open = 0;
  pairs_.clear();
}

void TapPump::on_event(const epoll_event& event) {
  if (event.data.u64 == kListener) return accept_all();
  if (event.data.u64 == kWake) {
    uint64_t ignored = 0;
    if (read(wake_.get(), &ignored, sizeof ignored) < 0) return;
    return;
  }
  // A pair that dies is there until all events of this round are handled.
  static_assert(alignof(TapPair) > 1);
  TapPair& pair = *reinterpret_cast<TapPair*>(event.data.u64 & ~uint64_t{1});
  if (pair.dead) return;
  const size_t side = event.data.u64 & 1U;
  switch (pair.phase) {
    case Phase::kForwarding:
      return on_forwarding(pair, side, event.events);
    case Phase::kGreeting:
      if (side == 0) greet(pair);
      break;
    case Phase::kClientTls:
      if (side == 0) go_on_client_tls(pair);
      break;
    case Phase::kConnecting:
      if (side == 1) on_connected(pair);
      break;
    case Phase::kTlsAnswer:
      if (side == 1) read_tls_answer(pair);
      break;
    case Phase::kServerTls:
      if (side == 1) go_on_server_tls(pair);
      break;
  }
  // Both are level-triggered: a client that hangs up while it must wait would be announced for ever.
  const bool waits = side == 0 && pair.phase != Phase::kGreeting && pair.phase != Phase::kClientTls;
  if (!pair.dead && pair.phase != Phase::kForwarding && waits && (event.events & (EPOLLHUP | EPOLLERR)) != 0)
    kill(pair);
  if (!pair.dead) update(pair);
}

void TapPump::on_forwarding(TapPair& pair, size_t side, uint32_t events) {
  TapEnd& end = pair.ends[side];
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) end.closing = true;
  const bool readable =
      (events & EPOLLIN) != 0 || end.closing || (end.tls_wants_write && (events & EPOLLOUT) != 0);
  if (readable) read_from(pair, side);
  if ((events & EPOLLOUT) != 0) write_pending(pair, side);
  settle(pair);
  if (!pair.dead) update(pair);
}

void TapPump::set_up_connection(const Descriptor& socket) {
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

void TapPump::accept_all() {
  for (int i = 0; i < 64; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    Descriptor client(
        accept4(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client.open()) return;
    set_up_connection(client);
    const uint64_t id = ++counts_.connections;
    ++counts_.open;
    TapPair& pair = pairs_[id];
    pair.id = id;
    pair.client_address = host_of(std::string_view(reinterpret_cast<const char*>(&address), size));
    pair.ends[0].socket = std::move(client);
    watch_end(pair, 0, 0, EPOLL_CTL_ADD);
    if (settings_.takes_part()) {
      pair.phase = Phase::kGreeting;
      update(pair);
    } else {
      connect_next(pair);
    }
  }
}

void TapPump::read_from(TapPair& pair, size_t side) {
  TapEnd& from = pair.ends[side];
  const TapEnd& to = pair.ends[1 - side];
  for (int full = 0; !from.ended && !to.gone && to.pending.empty();) {
    if (full == kTurn) return watch_end(pair, side, from.events, EPOLL_CTL_MOD);
    const ptrdiff_t got = from.receive(buffer_.data(), buffer_.size());
    if (got == TapEnd::kAgain && !from.gone) return;
    if (got <= 0) {
      from.ended = true;
      from.gone = from.gone || got < 0;
      return finish_direction(pair, side);
    }
    forward(pair, side, buffer_.data(), static_cast<size_t>(got));
    const bool all = static_cast<size_t>(got) == buffer_.size();
    if (all) ++full;
    if (!all && !from.closing && !from.buffered()) return;
  }
}

void TapPump::forward(TapPair& pair, size_t side, char* bytes, size_t size) {
  TapEnd& to = pair.ends[1 - side];
  std::string_view passing(bytes, size);
  if (side == 1 && pair.filter != nullptr) {
    const uint64_t before = pair.filter->plans();
    passing = pair.filter->pass(passing);
    counts_.plans += pair.filter->plans() - before;
  }
  if (!passing.empty()) {
    const ptrdiff_t sent = to.transmit(passing);
    if (sent < 0) {
      to.gone = to.closing = true;
    } else if (const auto taken = static_cast<size_t>(sent); taken < passing.size()) {
      to.pending = passing.substr(taken);
    }
  }
  std::atomic<uint64_t>& count = side == 0 ? counts_.client_bytes : counts_.server_bytes;
  count.store(count.load(std::memory_order_relaxed) + size, std::memory_order_relaxed);
  recorder_.data(pair.id, side == 0 ? Side::kClient : Side::kServer, std::span<char>(bytes, size));
  // What it said before it went is still the other's.
  if (to.gone) read_from(pair, 1 - side);
}

void TapPump::write_pending(TapPair& pair, size_t side) {
  TapEnd& to = pair.ends[side];
  if (to.pending.empty()) return;
  const ptrdiff_t sent = to.transmit(to.pending);
  if (sent < 0) {
    to.gone = to.closing = true;
    release(to.pending);
    return read_from(pair, side);
  }
  to.pending.erase(0, static_cast<size_t>(sent));
  if (!to.pending.empty()) return;
  release(to.pending);
  if (pair.ends[1 - side].ended) return finish_direction(pair, 1 - side);
  read_from(pair, 1 - side);
}

// `side` sends no more: once all of it is delivered, the other side hears of it.
void TapPump::finish_direction(TapPair& pair, size_t side) {
  TapEnd& to = pair.ends[1 - side];
  if (to.pending.empty() && !to.shut && !to.gone) to.shut_down();
}

// A pair is over when nothing more will pass in either direction.
void TapPump::settle(TapPair& pair) {
  const auto over = [&pair](size_t side) {
    const TapEnd& to = pair.ends[1 - side];
    return to.gone || (pair.ends[side].ended && to.pending.empty());
  };
  if (over(0) && over(1)) kill(pair);
}

void TapPump::kill(TapPair& pair) {
  if (pair.dead) return;
  pair.dead = true;
  for (const TapEnd& end : pair.ends) unwatch(end);
  --counts_.open;
  recorder_.close(pair.id);
  dead_.push_back(pair.id);
}

uint32_t TapPump::wanted_events(const TapPair& pair, size_t side) const {
  const TapEnd& end = pair.ends[side];
  const uint32_t write = end.tls_wants_write ? uint32_t{EPOLLOUT} : 0;
  switch (pair.phase) {
    case Phase::kGreeting:
    case Phase::kClientTls:
      return side == 0 ? EPOLLIN | write : 0;
    case Phase::kConnecting:
      return side == 1 ? uint32_t{EPOLLOUT} : 0;
    case Phase::kTlsAnswer:
    case Phase::kServerTls:
      return side == 1 ? EPOLLIN | write : 0;
    case Phase::kForwarding:
      break;
  }
  const bool to_write = !end.pending.empty() || end.tls_wants_write;
  return EPOLLIN | EPOLLRDHUP | EPOLLET | (to_write ? uint32_t{EPOLLOUT} : 0);
}

void TapPump::update(TapPair& pair) {
  for (size_t side = 0; side < 2; ++side) {
    TapEnd& end = pair.ends[side];
    const uint32_t events = wanted_events(pair, side);
    if (events == end.events || !end.socket.open()) continue;
    end.events = events;
    watch_end(pair, side, events, EPOLL_CTL_MOD);
  }
}

}  // namespace pgsieve
