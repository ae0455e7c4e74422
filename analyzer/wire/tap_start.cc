// The start of a tapped connection: from the accepted client to two ends that talk.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "analyzer/base/release.h"
#include "analyzer/wire/greeting.h"
#include "analyzer/wire/tap_pump.h"

namespace pgsieve {

// The client speaks. Read no further than its packet: what comes behind a request for TLS is the handshake's,
// or an attempt to slip plain bytes into the encrypted stream.
void TapPump::greet(TapPair& pair) {
  TapEnd& client = pair.ends[0];
  if (client.tls == nullptr && pair.greeting.empty()) {
    char first = 0;
    if (recv(client.socket.get(), &first, 1, MSG_PEEK) == 1 && first == 0x16) {
      if (settings_.client_tls) return start_client_tls(pair);
      pair.opaque = true;  // nothing to answer it with: it goes through
      return connect_next(pair);
    }
  }
  std::array<char, 1024> bytes{};
  const ptrdiff_t got = client.receive(bytes.data(), bytes.size());
  if (got == TapEnd::kAgain) return;
  if (got <= 0) return kill(pair);
  pair.greeting.append(bytes.data(), static_cast<size_t>(got));
  const Greeting greeting = read_greeting(pair.greeting);
  switch (greeting.kind) {
    case Greeting::Kind::kIncomplete:
      return;
    case Greeting::Kind::kTlsRequest:
    case Greeting::Kind::kGssRequest: {
      if (pair.greeting.size() > greeting.size) return refuse(pair, "bytes behind a request for encryption");
      pair.greeting.clear();
      const bool tls =
          greeting.kind == Greeting::Kind::kTlsRequest && settings_.client_tls && client.tls == nullptr;
      answer(pair, tls ? 'S' : 'N');
      if (tls && !pair.dead) start_client_tls(pair);
      return;
    }
    case Greeting::Kind::kStartup:
    case Greeting::Kind::kCancel:
      return greeting_done(pair, std::string_view(pair.greeting).substr(0, greeting.size));
    case Greeting::Kind::kTls:
    case Greeting::Kind::kOther:
      return greeting_done(pair, {});
  }
}

void TapPump::answer(TapPair& pair, char byte) {
  if (pair.ends[0].transmit(std::string_view(&byte, 1)) != 1) kill(pair);
}

void TapPump::start_client_tls(TapPair& pair) {
  pair.ends[0].tls =
      std::make_unique<TlsStream>(*settings_.client_tls, pair.ends[0].socket.get(), std::string());
  pair.phase = Phase::kClientTls;
  go_on_client_tls(pair);
}

void TapPump::go_on_client_tls(TapPair& pair) {
  TapEnd& client = pair.ends[0];
  const TlsStream::Outcome outcome = client.tls->handshake();
  client.tls_wants_write = outcome == TlsStream::Outcome::kWantWrite;
  if (outcome == TlsStream::Outcome::kBroken || outcome == TlsStream::Outcome::kEnded)
    return refuse(pair, "TLS with a client: " + client.tls->problem());
  if (outcome != TlsStream::Outcome::kDone) return;
  pair.phase = Phase::kGreeting;
  if (client.buffered()) greet(pair);
}

// `packet`: the start-up packet or the cancel request at the start of what the client said; empty: no such.
void TapPump::greeting_done(TapPair& pair, std::string_view packet) {
  pair.said = pair.greeting;
  const std::string_view user = startup_parameter(packet, "user");
  const bool session = read_greeting(packet).kind == Greeting::Kind::kStartup;
  if (session && startup_parameter(packet, "replication").empty() && settings_.wants_plans &&
      settings_.wants_plans(user)) {
    pair.take_plans = true;
    pair.greeting = with_options(packet, plan_settings()) + pair.greeting.substr(packet.size());
  }
  connect_next(pair);
}

void TapPump::connect_next(TapPair& pair) {
  pair.phase = Phase::kConnecting;
  std::string why = "no address";
  while (pair.next_address < upstream_.size()) {
    const std::string& address = upstream_[pair.next_address++];
    const auto* target = reinterpret_cast<const sockaddr*>(address.data());
    Descriptor server(socket(target->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!server.open()) continue;
    set_up_connection(server);
    const bool made = connect(server.get(), target, static_cast<socklen_t>(address.size())) == 0;
    if (!made && errno == EAGAIN && target->sa_family == AF_UNIX) {
      --pair.next_address;
      return wait_for_room(pair);
    }
    if (!made && errno != EINPROGRESS) {
      why = std::strerror(errno);
      continue;
    }
    pair.ends[1].socket = std::move(server);
    pair.ends[1].events = EPOLLOUT;
    watch_end(pair, 1, EPOLLOUT, EPOLL_CTL_ADD);
    return;
  }
  // The client sees what it would see of a server that is down: nothing.
  ++counts_.refused;
  note_problem("the server " + settings_.upstream.text() + " can't be reached: " + why);
  kill(pair);
}

// A Unix socket whose queue is full says so at once, where TCP would send its packet again after a while. No
// event tells when there is room, so it is tried again until the server accepts or the client gives up.
void TapPump::wait_for_room(TapPair& pair) {
  if (waiting_.empty()) retry_at_ = Clock::now() + kRetry;
  waiting_.push_back(pair.id);
}

void TapPump::connect_waiting() {
  if (waiting_.empty() || Clock::now() < retry_at_) return;
  retry_at_ = Clock::now() + kRetry;
  for (bool room = true; room && !waiting_.empty();) {
    const uint64_t id = waiting_.front();
    waiting_.pop_front();
    const auto found = pairs_.find(id);
    if (found == pairs_.end() || found->second.dead) continue;
    connect_next(found->second);
    room = waiting_.empty() || waiting_.back() != id;
  }
}

void TapPump::on_connected(TapPair& pair) {
  TapEnd& server = pair.ends[1];
  int failed = 0;
  socklen_t size = sizeof failed;
  getsockopt(server.socket.get(), SOL_SOCKET, SO_ERROR, &failed, &size);
  if (failed != 0) {
    unwatch(server);
    server.socket = Descriptor();
    return connect_next(pair);
  }
  const bool tls = settings_.server_tls && !settings_.upstream.is_unix() && !pair.opaque &&
                   (settings_.upstream_tls == TapSettings::UpstreamTls::kPrefer ||
                    settings_.upstream_tls == TapSettings::UpstreamTls::kRequire);
  if (!tls) return start_forwarding(pair);
  if (server.transmit(kTlsRequestPacket) != static_cast<ptrdiff_t>(kTlsRequestPacket.size()))
    return refuse(pair, "the server went away");
  pair.phase = Phase::kTlsAnswer;
}

void TapPump::read_tls_answer(TapPair& pair) {
  TapEnd& server = pair.ends[1];
  char answer = 0;
  const ptrdiff_t got = server.receive(&answer, 1);
  if (got == TapEnd::kAgain) return;
  if (got != 1) return refuse(pair, "the server went away");
  if (answer == 'S') {
    server.tls =
        std::make_unique<TlsStream>(*settings_.server_tls, server.socket.get(), settings_.upstream.host);
    pair.phase = Phase::kServerTls;
    return go_on_server_tls(pair);
  }
  if (settings_.upstream_tls == TapSettings::UpstreamTls::kRequire)
    return refuse(pair, "the server does not speak TLS, and it is required");
  if (answer != 'N') return refuse(pair, "the server's answer to the request for TLS is not known");
  start_forwarding(pair);
}

void TapPump::go_on_server_tls(TapPair& pair) {
  TapEnd& server = pair.ends[1];
  const TlsStream::Outcome outcome = server.tls->handshake();
  server.tls_wants_write = outcome == TlsStream::Outcome::kWantWrite;
  if (outcome == TlsStream::Outcome::kBroken || outcome == TlsStream::Outcome::kEnded)
    return refuse(pair, "TLS with the server: " + server.tls->problem());
  if (outcome == TlsStream::Outcome::kDone) start_forwarding(pair);
}

void TapPump::start_forwarding(TapPair& pair) {
  pair.phase = Phase::kForwarding;
  pair.channel_lost = pair.ends[1].tls != nullptr && pair.ends[0].tls == nullptr;
  if (pair.channel_lost || pair.take_plans)
    pair.filter = std::make_unique<ServerFilter>(pair.channel_lost, pair.take_plans);
  recorder_.open(pair.id, pair.client_address);
  if (!pair.greeting.empty()) {
    const ptrdiff_t sent = pair.ends[1].transmit(pair.greeting);
    if (sent < 0) return kill(pair);
    pair.ends[1].pending = pair.greeting.substr(static_cast<size_t>(sent));
    recorder_.data(pair.id, Side::kClient, std::span<char>(pair.said.data(), pair.said.size()));
    release(pair.greeting);
    release(pair.said);
  }
  // What TLS has read already the sockets will not announce; all else is announced once they are watched.
  for (size_t side = 0; side < 2; ++side) {
    if (pair.ends[side].buffered()) read_from(pair, side);
  }
  settle(pair);
  if (!pair.dead) update(pair);
}

void TapPump::note_problem(const std::string& why) {
  const std::lock_guard<std::mutex> guard(problem_lock_);
  problem_ = why;
}

// The connection can't be made as it was asked for: the client hears why.
void TapPump::refuse(TapPair& pair, const std::string& why) {
  ++counts_.refused;
  note_problem(why);  // before the client knows
  if (pair.ends[0].tls == nullptr || pair.phase != Phase::kClientTls)
    pair.ends[0].transmit(refusal("08006", "pgsieve tap: " + why));
  kill(pair);
}

}  // namespace pgsieve
