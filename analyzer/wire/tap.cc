#include "analyzer/wire/tap.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pgsieve {
namespace {

constexpr size_t kChunk = size_t{64} * 1024;

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }

 private:
  int number_;
};

// One of the two sockets of a connection.
struct End {
  Descriptor socket;
  std::string pending;  // for this socket, not taken yet
  bool ended = false;   // sends no more
  bool shut = false;    // was told that the other sends no more
  uint32_t events = 0;  // registered
};

struct Pair {
  uint64_t id = 0;
  std::array<End, 2> ends;  // by Side
  size_t next_address = 0;
  bool connected = false, dead = false;
};

Error system_error(const std::string& what) {
  return {
      .kind = Error::Kind::kSystem, .message = what + ": " + std::strerror(errno), .hint = {}, .file = {}};
}

class EpollTap final : public Tap {
 public:
  EpollTap(Descriptor listener, std::vector<std::string> upstream, uint16_t port, std::string path,
           Recorder& recorder)
      : listener_(std::move(listener)),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        upstream_(std::move(upstream)),
        port_(port),
        path_(std::move(path)),
        recorder_(recorder),
        buffer_(kChunk, '\0') {
    watch(listener_.get(), EPOLLIN, kListener, EPOLL_CTL_ADD);
    watch(wake_.get(), EPOLLIN, kWake, EPOLL_CTL_ADD);
    thread_ = std::thread([this] { run(); });
  }
  ~EpollTap() override { stop(0); }

  uint16_t port() const override { return port_; }
  uint64_t connections() const override { return connections_; }
  uint64_t refused() const override { return refused_; }

  void stop(Microseconds grace) override {
    if (!thread_.joinable()) return;
    grace_ = grace;
    stopping_ = true;
    const uint64_t one = 1;
    if (write(wake_.get(), &one, sizeof one) < 0) return;
    thread_.join();
    if (!path_.empty()) unlink(path_.c_str());
  }

 private:
  static constexpr uint64_t kListener = 0, kWake = 1;  // connection n has 2n and 2n + 1, from 1 on
  using Clock = std::chrono::steady_clock;

  void watch(int socket, uint32_t events, uint64_t tag, int operation) const {
    epoll_event event{};
    event.events = events;
    event.data.u64 = tag;
    epoll_ctl(epoll_.get(), operation, socket, &event);
  }

  void run() {
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
      const int count =
          epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), draining ? 20 : -1);
      if (count < 0 && errno != EINTR) break;
      for (int i = 0; i < count; ++i) on_event(events[static_cast<size_t>(i)]);
      for (const uint64_t id : dead_) pairs_.erase(id);
      dead_.clear();
    }
    for (auto& [id, pair] : pairs_) recorder_.close(id);
    pairs_.clear();
  }

  void on_event(const epoll_event& event) {
    if (event.data.u64 == kListener) return accept_all();
    if (event.data.u64 == kWake) {
      uint64_t ignored = 0;
      if (read(wake_.get(), &ignored, sizeof ignored) < 0) return;
      return;
    }
    const auto found = pairs_.find(event.data.u64 / 2);
    if (found == pairs_.end() || found->second.dead) return;
    Pair& pair = found->second;
    const size_t side = event.data.u64 % 2;
    if (side == 1 && !pair.connected) return on_connected(pair);
    if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !pair.ends[side].ended)
      read_from(pair, side);
    if (!pair.dead && (event.events & EPOLLOUT) != 0) write_pending(pair, side);
    // A Unix socket hangs up as soon as its peer is gone, whether or not it was told that we are done.
    const bool gone = (event.events & EPOLLHUP) != 0 && pair.ends[side].ended;
    if (!pair.dead && (gone || (event.events & EPOLLERR) != 0)) kill(pair);
    if (!pair.dead) update(pair);
  }

  void accept_all() {
    for (int i = 0; i < 64; ++i) {
      Descriptor client(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (client.get() < 0) return;
      const int on = 1;
      setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      const uint64_t id = ++connections_;
      Pair& pair = pairs_[id];
      pair.id = id;
      pair.ends[0].socket = std::move(client);
      watch(pair.ends[0].socket.get(), 0, id * 2, EPOLL_CTL_ADD);
      connect_next(pair);
    }
  }

  void connect_next(Pair& pair) {
    while (pair.next_address < upstream_.size()) {
      const std::string& address = upstream_[pair.next_address++];
      const auto* target = reinterpret_cast<const sockaddr*>(address.data());
      Descriptor server(socket(target->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      if (server.get() < 0) continue;
      const int on = 1;
      setsockopt(server.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      if (connect(server.get(), target, static_cast<socklen_t>(address.size())) != 0 && errno != EINPROGRESS)
        continue;
      pair.ends[1].socket = std::move(server);
      pair.ends[1].events = EPOLLOUT;
      watch(pair.ends[1].socket.get(), EPOLLOUT, pair.id * 2 + 1, EPOLL_CTL_ADD);
      return;
    }
    ++refused_;
    pair.dead = true;
    dead_.push_back(pair.id);
  }

  void on_connected(Pair& pair) {
    int failed = 0;
    socklen_t size = sizeof failed;
    getsockopt(pair.ends[1].socket.get(), SOL_SOCKET, SO_ERROR, &failed, &size);
    if (failed != 0) {
      pair.ends[1].socket = Descriptor();
      return connect_next(pair);
    }
    pair.connected = true;
    recorder_.open(pair.id);
    update(pair);
  }

  void read_from(Pair& pair, size_t side) {
    End& from = pair.ends[side];
    End& to = pair.ends[1 - side];
    if (!to.pending.empty()) return;
    const ssize_t got = recv(from.socket.get(), buffer_.data(), buffer_.size(), 0);
    if (got < 0) {
      if (errno != EAGAIN && errno != EINTR) kill(pair);
      return;
    }
    if (got == 0) {
      from.ended = true;
      return finish_direction(pair, side);
    }
    const std::string_view bytes(buffer_.data(), static_cast<size_t>(got));
    const ssize_t sent = send(to.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return kill(pair);
    const auto taken = static_cast<size_t>(sent < 0 ? 0 : sent);
    if (taken < bytes.size()) to.pending = bytes.substr(taken);
    recorder_.data(pair.id, side == 0 ? Side::kClient : Side::kServer, bytes);
  }

  void write_pending(Pair& pair, size_t side) {
    End& to = pair.ends[side];
    if (to.pending.empty()) return;
    const ssize_t sent = send(to.socket.get(), to.pending.data(), to.pending.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN && errno != EINTR) kill(pair);
      return;
    }
    to.pending.erase(0, static_cast<size_t>(sent));
    if (pair.ends[1 - side].ended) finish_direction(pair, 1 - side);
  }

  // `side` sends no more: once all of it is delivered, the other side hears of it.
  void finish_direction(Pair& pair, size_t side) {
    End& to = pair.ends[1 - side];
    if (!to.pending.empty() || to.shut) return;
    to.shut = true;
    shutdown(to.socket.get(), SHUT_WR);
    if (pair.ends[0].ended && pair.ends[1].ended && pair.ends[0].shut && pair.ends[1].shut) kill(pair);
  }

  void kill(Pair& pair) {
    if (pair.dead) return;
    pair.dead = true;
    recorder_.close(pair.id);
    dead_.push_back(pair.id);
  }

  void update(Pair& pair) {
    for (size_t side = 0; side < 2; ++side) {
      End& end = pair.ends[side];
      uint32_t events = 0;
      if (!end.ended && pair.ends[1 - side].pending.empty()) events |= EPOLLIN;
      if (!end.pending.empty()) events |= EPOLLOUT;
      if (events == end.events) continue;
      end.events = events;
      watch(end.socket.get(), events, pair.id * 2 + side, EPOLL_CTL_MOD);
    }
  }

  Descriptor listener_, epoll_, wake_;
  std::vector<std::string> upstream_;
  uint16_t port_;
  std::string path_;
  Recorder& recorder_;
  std::string buffer_;
  std::unordered_map<uint64_t, Pair> pairs_;
  std::vector<uint64_t> dead_;
  std::atomic<uint64_t> connections_{0}, refused_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<Microseconds> grace_{0};
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Tap>> Tap::start(const SocketAddress& listen_at, const SocketAddress& upstream,
                                        bool anywhere, Recorder& recorder) {
  Result<std::vector<std::string>> server = resolve(upstream);
  if (!server) return server.error();
  const Result<std::vector<std::string>> own = resolve(listen_at);
  if (!own) return own.error();
  const std::string& address = own->front();
  if (!anywhere && !is_loopback(address)) {
    return Error{.kind = Error::Kind::kUsage,
                 .message = listen_at.text() + " can be reached from other machines",
                 .hint = "Listen on 127.0.0.1, or say --listen-anywhere",
                 .file = {}};
  }
  const auto* target = reinterpret_cast<const sockaddr*>(address.data());
  Descriptor listener(socket(target->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (listener.get() < 0) return system_error("can't open a socket");
  const int on = 1;
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener.get(), target, static_cast<socklen_t>(address.size())) != 0 ||
      ::listen(listener.get(), 1024) != 0) {
    return system_error("can't listen on " + listen_at.text());
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  getsockname(listener.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  uint16_t port = 0;
  if (bound.ss_family == AF_INET) port = ntohs(reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
  if (bound.ss_family == AF_INET6) port = ntohs(reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port);
  return std::unique_ptr<Tap>(
      std::make_unique<EpollTap>(std::move(listener), std::move(*server), port, listen_at.path, recorder));
}

}  // namespace pgsieve
