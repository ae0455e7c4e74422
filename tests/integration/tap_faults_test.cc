// Clients and servers that die at any moment, say nonsense, or don't read: the tap passes on what happened,
// lives on, and keeps what it had decoded until then.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "analyzer/wire/conversation_decoder.h"
#include "analyzer/wire/tap.h"
#include "tests/integration/postgres_server.h"
#include "tests/integration/wire_client.h"

namespace pgsieve::testing {
namespace {

class Texts final : public EventSink {
 public:
  void on_event(const Event& event) override {
    if (event.kind == Event::Kind::kSessionEnd) return;
    const std::lock_guard<std::mutex> guard(lock);
    texts.emplace_back(event.text);
  }
  std::mutex lock;
  std::vector<std::string> texts;
};

// A tap with a decoder behind it.
struct Tapped {
  explicit Tapped(const SocketAddress& upstream) {
    TapSettings settings;
    settings.listen = {"127.0.0.1", 0, {}};
    settings.upstream = upstream;
    Result<std::unique_ptr<Tap>> started = Tap::start(settings, recorder);
    EXPECT_TRUE(started.ok());
    if (started) tap = std::move(*started);
  }
  void finish() {
    tap->stop(kSecond);
    recorder.finish();
    decoder.finish();
  }
  uint16_t port() const { return tap->port(); }

  WireCounts counts;
  Texts sink;
  ConversationDecoder decoder{1, 0, counts, sink};
  Recorder recorder{{&decoder}};
  std::unique_ptr<Tap> tap;
};

SocketAddress socket_of(const PostgresServer& server) {
  return {{}, 0, server.folder() + "/.s.PGSQL.5432"};
}

std::string startup_packet() {
  std::string packet("\0\0\0\x29\0\3\0\0user\0postgres\0database\0postgres\0\0", 41);
  return packet;
}

std::string query(std::string_view sql) {
  std::string message = "Q";
  const size_t length = sql.size() + 5;
  for (int i = 3; i >= 0; --i) message.push_back(static_cast<char>(length >> (8 * static_cast<unsigned>(i))));
  return message + std::string(sql) + '\0';
}

// Everything that a connection gives until it ends or is silent.
std::string read_all(int socket) {
  std::string all;
  std::array<char, 4096> bytes;
  for (;;) {
    const ssize_t got = recv(socket, bytes.data(), bytes.size(), 0);
    if (got <= 0) return all;
    all.append(bytes.data(), static_cast<size_t>(got));
  }
}

void write_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

// A process that was forked and has not called exec yet holds the tap's sockets: they go on to exist, and to
// have events, when the tap has closed its own.
TEST(TapFaults, SocketsThatAnotherProcessHolds) {
  PGSIEVE_NEED_SERVER(server);
  Tapped tapped(socket_of(*server));
  std::vector<pid_t> holders;
  for (int round = 0; round < 3; ++round) {
    const int client = connect_to(tapped.port());
    ASSERT_GE(client, 0);
    write_all(client, startup_packet());
    std::array<char, 64> answer;
    ASSERT_GT(recv(client, answer.data(), answer.size(), 0), 0);
    const pid_t holder = fork();
    if (holder == 0) {
      ::close(client);
      usleep(300'000);
      _exit(0);
    }
    ASSERT_GT(holder, 0);
    holders.push_back(holder);
    write_all(client, std::string("X\0\0\0\x04", 5));
    ::close(client);
    WireClient other(tapped.port(), "alive");
    ASSERT_TRUE(other.connected());
    EXPECT_EQ(other.query("SELECT 1").until('Z'), "TDCZ");
  }
  for (const pid_t holder : holders) waitpid(holder, nullptr, 0);
  WireClient talk(tapped.port(), "alive");
  ASSERT_TRUE(talk.connected());
  EXPECT_EQ(talk.query("SELECT 'alive'").until('Z'), "TDCZ");
  tapped.finish();
}

TEST(TapFaults, ClientsThatVanishAtAnyByte) {
  PGSIEVE_NEED_SERVER(server);
  Tapped tapped(socket_of(*server));
  const std::string stream = startup_packet() + query("SELECT 'first'") + query("SELECT 'second'");
  for (size_t cut = 0; cut <= stream.size(); ++cut) {
    const int client = connect_to(tapped.port());
    ASSERT_GE(client, 0);
    write_all(client, std::string_view(stream).substr(0, cut));
    if (cut % 2 == 0) {  // half of them with a reset
      const linger now{1, 0};
      setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    ::close(client);
  }
  WireClient talk(tapped.port(), "alive");
  ASSERT_TRUE(talk.connected());
  EXPECT_EQ(talk.query("SELECT 'alive'").until('Z'), "TDCZ");
  talk.leave();
  tapped.finish();
  EXPECT_THAT(tapped.sink.texts, ::testing::Contains("SELECT 'alive'"));
  EXPECT_EQ(tapped.tap->counts().open, 0U);
}

// A server that answers from a script, and goes away after `answer_bytes` of it.
class DyingServer {
 public:
  DyingServer(std::string answer, size_t answer_bytes, bool reset)
      : answer_(std::move(answer)), bytes_(answer_bytes), reset_(reset) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~DyingServer() {
    thread_.join();
    ::close(listener_);
  }
  uint16_t port() const { return port_; }

 private:
  void serve() const {
    const int peer = accept(listener_, nullptr, nullptr);
    char first = 0;
    recv(peer, &first, 1, 0);
    write_all(peer, std::string_view(answer_).substr(0, bytes_));
    const linger now{1, 0};
    if (reset_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    ::close(peer);
  }
  std::string answer_;
  size_t bytes_;
  bool reset_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::thread thread_;
};

std::string message(char type, std::string_view body) {
  std::string out(1, type);
  const size_t length = body.size() + 4;
  for (int i = 3; i >= 0; --i) out.push_back(static_cast<char>(length >> (8 * static_cast<unsigned>(i))));
  return out + std::string(body);
}

TEST(TapFaults, ServersThatVanishAtAnyByte) {
  const std::string answer = message('R', std::string(4, '\0')) + message('Z', "I") +
                             message('C', std::string("DELETE 3\0", 9)) + message('Z', "I") +
                             message('D', std::string("\0\1\0\0\0\1x", 7));
  for (size_t cut = 0; cut <= answer.size(); ++cut) {
    DyingServer server(answer, cut, false);
    Tapped tapped({"127.0.0.1", server.port(), {}});
    const int client = connect_to(tapped.port());
    write_all(client, startup_packet() + query("DELETE FROM t") + query("SELECT 1"));
    ASSERT_EQ(read_all(client) == answer.substr(0, cut), true) << cut;  // all of it, and then the end
    ::close(client);
    tapped.finish();
    const size_t executed = cut >= answer.size() - 12 - 6 ? 1 : 0;
    EXPECT_EQ(tapped.sink.texts.size(), executed) << cut;
  }
  // With a reset some bytes may be overtaken, but the end comes through.
  for (size_t cut = 0; cut <= answer.size(); cut += 7) {
    DyingServer server(answer, cut, true);
    Tapped tapped({"127.0.0.1", server.port(), {}});
    const int client = connect_to(tapped.port());
    write_all(client, startup_packet() + query("DELETE FROM t"));
    EXPECT_TRUE(answer.starts_with(read_all(client)));
    ::close(client);
    tapped.finish();
    EXPECT_EQ(tapped.tap->counts().open, 0U);
  }
}

TEST(TapFaults, AServerThatIsDownComesBack) {
  std::string why;
  bool missing = false;
  const std::unique_ptr<PostgresServer> server = PostgresServer::start(why, missing);
  if (server == nullptr && missing) GTEST_SKIP() << why;
  ASSERT_NE(server, nullptr) << why;
  Tapped tapped(socket_of(*server));
  WireClient before(tapped.port(), "before");
  ASSERT_TRUE(before.connected());
  before.query("SELECT 'before'").until('Z');
  server->stop();
  EXPECT_EQ(before.query("SELECT 'lost'").until('Z').find('Z'), std::string::npos);
  WireClient while_down(tapped.port(), "down");
  EXPECT_FALSE(while_down.connected());
  tapped.finish();
  EXPECT_EQ(tapped.tap->counts().refused, 1U);
  EXPECT_EQ(tapped.sink.texts.front(), "SELECT 'before'");
}

// The client's half is closed after its query; the answer still comes.
TEST(TapFaults, HalfOpen) {
  PGSIEVE_NEED_SERVER(server);
  Tapped tapped(socket_of(*server));
  const int client = connect_to(tapped.port());
  write_all(client, startup_packet() + query("SELECT pg_sleep(0.2), 'half'") + std::string("X\0\0\0\4", 5));
  shutdown(client, SHUT_WR);
  EXPECT_NE(read_all(client).find("half"), std::string::npos);
  ::close(client);
  tapped.finish();
  EXPECT_THAT(tapped.sink.texts, ::testing::ElementsAre("SELECT pg_sleep(0.2), 'half'"));
}

// The server waits for a reader that sleeps; the tap holds one chunk of it and no more, and others go on.
TEST(TapFaults, SlowReader) {
  PGSIEVE_NEED_SERVER(server);
  Tapped tapped(socket_of(*server));
  const int slow = connect_to(tapped.port());
  write_all(slow, startup_packet() + query("SELECT repeat('x', 1000) FROM generate_series(1, 30000)"));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(tapped.tap->counts().server_bytes, uint64_t{20'000'000});
  WireClient other(tapped.port(), "other");
  ASSERT_TRUE(other.connected());
  EXPECT_EQ(other.query("SELECT 1").until('Z'), "TDCZ");
  write_all(slow, std::string("X\0\0\0\4", 5));
  shutdown(slow, SHUT_WR);
  EXPECT_GT(read_all(slow).size(), size_t{30'000'000});
  ::close(slow);
  other.leave();
  tapped.finish();
  EXPECT_EQ(tapped.sink.texts.size(), 2U);
}

// Nonsense goes through to the server, which says what it thinks of it.
TEST(TapFaults, MalformedMessages) {
  PGSIEVE_NEED_SERVER(server);
  Tapped tapped(socket_of(*server));
  const std::vector<std::string> nonsense = {
      "GET / HTTP/1.1\r\n\r\n",
      std::string("\0\0\0\4", 4),
      std::string("\x7f\xff\xff\xff\0\3\0\0", 8),
      startup_packet() + std::string("Q\0\0\0\0", 5),
      startup_packet() + std::string("?\0\0\0\4", 5),
      startup_packet() + query("SELECT 'good'") + std::string("Q\xff\xff\xff\xff", 5),
      startup_packet() + std::string("B\0\0\0\x08\0\0\xff\xff", 9) + std::string("S\0\0\0\4", 5),
      startup_packet() + std::string("P\0\0\0\7abc", 8) + std::string("E\0\0\0\4", 5) +
          std::string("S\0\0\0\4", 5),
      startup_packet() + std::string("D\0\0\0\6?\0", 7) + std::string("F\0\0\0\4", 5),
  };
  for (const std::string& bytes : nonsense) {
    const int through = connect_to(tapped.port());
    write_all(through, bytes + std::string("X\0\0\0\4", 5));
    shutdown(through, SHUT_WR);
    read_all(through);
    ::close(through);
  }
  WireClient talk(tapped.port(), "after");
  ASSERT_TRUE(talk.connected());
  EXPECT_EQ(talk.query("SELECT 'after'").until('Z'), "TDCZ");
  talk.leave();
  tapped.finish();
  EXPECT_THAT(tapped.sink.texts, ::testing::IsSupersetOf({"SELECT 'good'", "SELECT 'after'"}));
}

TEST(TapFaults, ManyAtOnce) {
  PGSIEVE_NEED_SERVER(server);
  Tapped tapped(socket_of(*server));
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 10; ++round) {
        WireClient talk(tapped.port(), "many");
        if (talk.query("SELECT generate_series(1, 100)").until('Z').ends_with("CZ")) ++answered;
        if (round % 3 == 0) {
          talk.vanish();
        } else {
          talk.leave();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  tapped.finish();
  EXPECT_EQ(answered, 80);
  EXPECT_EQ(tapped.sink.texts.size(), 80U);
  EXPECT_EQ(tapped.counts.connections, 80U);
}

}  // namespace
}  // namespace pgsieve::testing
