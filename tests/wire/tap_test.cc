// A client and a server that talk through the tap: every byte arrives, and the recording says what was said.
#include "analyzer/wire/tap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <thread>

#include "analyzer/wire/conversation_file.h"
#include "analyzer/wire/packet_writer.h"
#include "tests/wire/wire_testing.h"

namespace pgsieve {
namespace {

using testing::complete;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Message;
using ::testing::Not;
using testing::query;
using testing::ready;
using testing::row;
using testing::row_description;
using testing::startup;

std::string read_bytes(int socket, size_t count) {
  std::string bytes(count, '\0');
  size_t have = 0;
  while (have < count) {
    const ssize_t got = recv(socket, bytes.data() + have, count - have, 0);
    if (got <= 0) break;
    have += static_cast<size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

void write_bytes(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Answers scripted requests: reads so many bytes, then writes.
class Server {
 public:
  explicit Server(std::vector<std::pair<std::string, std::string>> script) : script_(std::move(script)) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = loopback(0);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      const int peer = accept(listener_, nullptr, nullptr);
      for (const auto& [request, answer] : script_) {
        received_ += read_bytes(peer, request.size());
        write_bytes(peer, answer);
      }
      received_ += read_bytes(peer, 1);  // the end
      ::close(peer);
    });
  }
  ~Server() {
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }
  uint16_t port() const { return port_; }
  std::string received() {
    thread_.join();
    return received_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> script_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::string received_;
  std::thread thread_;
};

std::string temporary(const std::string& name) {
  return ::testing::TempDir() + "/pgsieve_" + std::to_string(getpid()) + "_" + name;
}

TapSettings settings_to(uint16_t port) {
  TapSettings settings;
  settings.listen = {"127.0.0.1", 0, {}};
  settings.upstream = {"127.0.0.1", port, {}};
  return settings;
}

TEST(Tap, ForwardsEveryByteAndRecordsWhatWasSaid) {
  const std::string secret = Message('p').text("open sesame").done();
  std::string rows = row_description({{"id", 5, 1}});
  for (int i = 0; i < 50'000; ++i) rows += row({std::to_string(i)});
  rows += complete("SELECT 50000") + ready();
  const std::vector<std::pair<std::string, std::string>> script = {
      {startup(), Message('R').u32(3).done()},
      {secret, Message('R').u32(0).done() + ready()},
      {query("SELECT id FROM t"), rows},
      {query("DELETE FROM t"), complete("DELETE 3") + ready()},
  };
  Server server(script);
  const std::string packets = temporary("tap.pcap"), conversations = temporary("tap.pgcap");
  Result<std::unique_ptr<PacketWriter>> pcap = PacketWriter::create(packets);
  Result<std::unique_ptr<ConversationWriter>> pgcap = ConversationWriter::create(conversations);
  ASSERT_TRUE(pcap.ok() && pgcap.ok());
  Recorder recorder({pcap->get(), pgcap->get()});
  Result<std::unique_ptr<Tap>> tap = Tap::start(settings_to(server.port()), recorder);
  ASSERT_TRUE(tap.ok());

  const int client = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = loopback((*tap)->port());
  ASSERT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  std::string sent;
  for (const auto& [request, answer] : script) {
    write_bytes(client, request);
    sent += request;
    EXPECT_EQ(read_bytes(client, answer.size()) == answer, true);
  }
  shutdown(client, SHUT_WR);  // half a close: the server sees the end and answers with its own
  EXPECT_EQ(read_bytes(client, 1), "");
  ::close(client);
  EXPECT_EQ(server.received(), sent);
  (*tap)->stop(kSecond);
  recorder.finish();
  EXPECT_TRUE((*pcap)->finish());
  EXPECT_TRUE((*pgcap)->finish());
  EXPECT_EQ(recorder.dropped_bytes(), 0U);
  EXPECT_EQ((*tap)->counts().client_bytes, sent.size());

  for (const std::string& file : {packets, conversations}) {
    SCOPED_TRACE(file);
    EXPECT_THAT(testing::slurp(file), Not(HasSubstr("open sesame")));
    testing::EventLog log;
    const Result<IngestStats> stats = ingest({file}, testing::wire_options(), log);
    ::unlink(file.c_str());
    ASSERT_TRUE(stats.ok());
    EXPECT_THAT(stats->incomplete, ::testing::IsEmpty());
    EXPECT_THAT(log.lines,
                ElementsAre("executed SELECT id FROM t rows=50000", "executed DELETE FROM t rows=3", "end"));
  }
}

// Fills everything between itself and a client that does not read, and is gone.
size_t say_what_fits(int socket) {
  const timeval patience{0, 200'000};
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const std::string words(size_t{64} * 1024, 'w');
  size_t said = 0;
  for (;;) {
    const ssize_t taken = send(socket, words.data(), words.size(), MSG_NOSIGNAL);
    if (taken <= 0) break;
    said += static_cast<size_t>(taken);
  }
  ::close(socket);
  return said;
}

TEST(Tap, LastWordsOfAServerReachASlowClient) {
  const std::string path = temporary("last.sock");
  sockaddr_un place{};
  place.sun_family = AF_UNIX;
  path.copy(place.sun_path, sizeof place.sun_path - 1);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&place), sizeof place), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  Recorder recorder({});
  TapSettings settings = settings_to(0);
  settings.upstream = {{}, 0, path};
  Result<std::unique_ptr<Tap>> tap = Tap::start(settings, recorder);
  ASSERT_TRUE(tap.ok());

  const int client = socket(AF_INET, SOCK_STREAM, 0);
  const int small = 4096;
  setsockopt(client, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  const sockaddr_in address = loopback((*tap)->port());
  ASSERT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const size_t said = say_what_fits(accept(listener, nullptr, nullptr));
  write_bytes(client, "too late");  // which the tap can't deliver
  usleep(50'000);
  size_t heard = 0;
  while (!read_bytes(client, 1).empty()) heard += 1 + read_bytes(client, 4095).size();
  EXPECT_GT(said, 0U);
  EXPECT_EQ(heard, said);
  ::close(client);
  ::close(listener);
  ::unlink(path.c_str());
  (*tap)->stop(kSecond);
  EXPECT_EQ((*tap)->counts().open, 0U);
}

TEST(Tap, AServerThatIsNotThereClosesTheClient) {
  Recorder recorder({});
  TapSettings settings;
  settings.listen = {"127.0.0.1", 0, {}};
  settings.upstream = {{}, 0, "/nowhere/.s.PGSQL.1"};
  Result<std::unique_ptr<Tap>> tap = Tap::start(settings, recorder);
  ASSERT_TRUE(tap.ok());
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = loopback((*tap)->port());
  ASSERT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(read_bytes(client, 1), "");
  ::close(client);
  EXPECT_EQ((*tap)->counts().refused, 1U);
  EXPECT_THAT((*tap)->last_problem(), HasSubstr("/nowhere/.s.PGSQL.1"));
  (*tap)->stop(0);
}

// Connections to a Unix socket fail at once while its queue is full; clients of the tap must not notice.
TEST(Tap, AServerThatIsBusyAcceptingIsWaitedFor) {
  const std::string path = temporary("busy.sock");
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  const auto* target = reinterpret_cast<const sockaddr*>(&name);
  const int server = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(server, target, sizeof name), 0);
  ASSERT_EQ(listen(server, 1), 0);
  const timeval patience{10, 0};
  setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::vector<int> queue;
  for (bool room = true; room;) {
    queue.push_back(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
    room = connect(queue.back(), target, sizeof name) == 0;
    ASSERT_LT(queue.size(), 100U);
  }
  Recorder recorder({});
  TapSettings settings;
  settings.listen = {"127.0.0.1", 0, {}};
  settings.upstream = {{}, 0, path};
  Result<std::unique_ptr<Tap>> tap = Tap::start(settings, recorder);
  ASSERT_TRUE(tap.ok());
  const sockaddr_in address = loopback((*tap)->port());
  std::vector<int> clients;
  for (const std::string_view word : {"gives up", "first", "other"}) {
    clients.push_back(socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(connect(clients.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    write_bytes(clients.back(), word.substr(0, 5));
  }
  const linger reset{1, 0};
  setsockopt(clients[0], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  ::close(clients[0]);
  for (int i = 0; i < 2000 && (*tap)->counts().open != 2; ++i) usleep(5000);
  EXPECT_EQ((*tap)->counts().open, 2U);
  for (const int waiting : queue) ::close(waiting);
  std::vector<std::string> said;
  while (said.size() < 2) {
    const int peer = accept(server, nullptr, nullptr);
    ASSERT_GE(peer, 0);
    if (std::string words = read_bytes(peer, 5); !words.empty()) said.push_back(words);
    ::close(peer);
  }
  EXPECT_THAT(said, ::testing::UnorderedElementsAre("first", "other"));
  EXPECT_EQ((*tap)->counts().refused, 0U);
  ::close(clients[1]);
  ::close(clients[2]);
  (*tap)->stop(kSecond);
  ::close(server);
  ::unlink(path.c_str());
}

TEST(Tap, ListeningToTheWorldMustBeMeant) {
  Recorder recorder({});
  TapSettings settings;
  settings.listen = {"0.0.0.0", 0, {}};
  settings.upstream = {"127.0.0.1", 1, {}};
  EXPECT_FALSE(Tap::start(settings, recorder).ok());
  settings.anywhere = true;
  EXPECT_TRUE(Tap::start(settings, recorder).ok());
}

TEST(Tap, AUnixSocketThatNobodyListensOnAnyMoreIsTakenOver) {
  const std::string path = temporary("stale.sock");
  sockaddr_un stale{};
  stale.sun_family = AF_UNIX;
  path.copy(stale.sun_path, sizeof stale.sun_path - 1);
  const int killed = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(killed, reinterpret_cast<sockaddr*>(&stale), sizeof stale), 0);
  ::close(killed);
  Recorder recorder({});
  TapSettings settings;
  settings.listen = {{}, 0, path};
  settings.upstream = {"127.0.0.1", 1, {}};
  Result<std::unique_ptr<Tap>> tap = Tap::start(settings, recorder);
  ASSERT_TRUE(tap.ok());
  EXPECT_FALSE(Tap::start(settings, recorder).ok());  // now somebody does
  (*tap)->stop(0);
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace pgsieve
