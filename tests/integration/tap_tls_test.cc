// TLS on either side of the tap, and passwords that are bound to it: which arrangements work with libpq, and
// that what passes is read.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "analyzer/wire/conversation_decoder.h"
#include "analyzer/wire/tap.h"
#include "tests/integration/postgres_server.h"
#include "tests/integration/wire_client.h"
#include "tests/tools/run_program.h"

namespace pgsieve::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

std::string fixture(const std::string& name) {
  return std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/wire/tls/" + name;
}

uint16_t free_port() {
  const int probe = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(probe, reinterpret_cast<sockaddr*>(&address), size), 0);
  getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(probe);
  return ntohs(address.sin_port);
}

class Texts final : public EventSink {
 public:
  void on_event(const Event& event) override { texts.emplace_back(event.text); }
  std::vector<std::string> texts;
};

// A server that speaks TLS, with a role whose password is SCRAM's.
class TapTls : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    // The server reads its key only when nobody else can.
    folder_ = new std::string((std::filesystem::temp_directory_path() / "pgsieve-tls-XXXXXX").string());
    ASSERT_NE(mkdtemp(folder_->data()), nullptr);
    for (const char* file : {"server.crt", "server.key"})
      std::filesystem::copy_file(fixture(file), *folder_ + "/" + file);
    std::ofstream(*folder_ + "/hba.conf")
        << "local all all trust\nhost all scram 127.0.0.1/32 scram-sha-256\n";
    std::filesystem::permissions(*folder_ + "/server.key", std::filesystem::perms::owner_read);
    if (getuid() == 0) {
      ASSERT_EQ(std::system(fmt::format("chown -R postgres '{}'", *folder_).c_str()), 0);
    }
    port_ = free_port();
    server_ =
        PostgresServer::start(
            why_, missing_,
            fmt::format("-c listen_addresses=127.0.0.1 -c port={} -c ssl=on -c ssl_cert_file={}/server.crt "
                        "-c ssl_key_file={}/server.key -c hba_file={}/hba.conf",
                        port_, *folder_, *folder_, *folder_))
            .release();
    if (server_ == nullptr) return;
    const RunResult made =
        run_command({"psql", fmt::format("host={} port={} user=postgres", server_->folder(), port_), "-Xqc",
                     "CREATE ROLE scram LOGIN PASSWORD 'sesame'"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
  }
  static void TearDownTestSuite() {
    delete server_;
    std::filesystem::remove_all(*folder_);
    delete folder_;
  }
  void SetUp() override {
    if (server_ == nullptr && missing_) GTEST_SKIP() << why_;
    ASSERT_NE(server_, nullptr) << why_;
    settings_.listen = {"127.0.0.1", 0, {}};
    settings_.upstream = {"127.0.0.1", port_, {}};
  }
  void TearDown() override {
    if (tap_ != nullptr) finish();
  }
  void start() {
    Result<std::unique_ptr<Tap>> tap = Tap::start(settings_, recorder_);
    ASSERT_TRUE(tap.ok());
    tap_ = std::move(*tap);
  }
  void finish() {
    tap_->stop(kSecond);
    recorder_.finish();
    decoder_.finish();
  }
  void show_to_clients(const std::string& name) {
    const Result<TlsContext> context =
        TlsContext::for_clients(fixture(name + ".crt"), fixture(name + ".key"));
    ASSERT_TRUE(context.ok());
    settings_.client_tls = *context;
    settings_.upstream_tls = TapSettings::UpstreamTls::kOff;
  }
  void tls_to_server(TlsTrust trust = TlsTrust::kAnyone, const std::string& authority = {}) {
    const Result<TlsContext> context = TlsContext::for_server(trust, authority);
    ASSERT_TRUE(context.ok());
    settings_.server_tls = *context;
    settings_.upstream_tls = TapSettings::UpstreamTls::kRequire;
  }
  // "t" or "f": whether the server's end is encrypted; else the error.
  std::string psql(const std::string& connection) const {
    const RunResult result = run_command(
        {"psql",
         fmt::format("host=127.0.0.1 port={} user=scram dbname=postgres {}", tap_->port(), connection),
         "-XAtc", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"},
        {}, {"PGPASSWORD=sesame"});
    return result.exit_code == 0 ? result.out.substr(0, 1) : result.err;
  }

  static inline std::string* folder_ = nullptr;
  static inline PostgresServer* server_ = nullptr;
  static inline std::string why_;
  static inline bool missing_ = false;
  static inline uint16_t port_ = 0;

  TapSettings settings_;
  WireCounts counts_;
  Texts sink_;
  ConversationDecoder decoder_{1, 0, counts_, sink_};
  Recorder recorder_{{&decoder_}};
  std::unique_ptr<Tap> tap_;
};

TEST_F(TapTls, PassesThroughWhatItIsNotToEnd) {
  start();
  EXPECT_EQ(psql("sslmode=require channel_binding=require"), "t");
  EXPECT_EQ(psql("sslmode=disable"), "f");
  finish();
  EXPECT_EQ(counts_.encrypted, 1U);
  EXPECT_EQ(sink_.texts.size(), 2U);  // of the plain one: its statement and its end
}

TEST_F(TapTls, PlainClientsReachAServerThatSpeaksTls) {
  tls_to_server();
  start();
  EXPECT_EQ(psql("sslmode=disable"), "t");
  EXPECT_EQ(psql("sslmode=prefer"), "t");
  EXPECT_THAT(psql("sslmode=require"), HasSubstr("does not support SSL"));
  finish();
  EXPECT_EQ(counts_.encrypted, 0U);
  EXPECT_THAT(sink_.texts, Contains(HasSubstr("pg_stat_ssl")).Times(2));
}

TEST_F(TapTls, ClientsAreShownACertificate) {
  show_to_clients("tap");
  start();
  EXPECT_EQ(psql("sslmode=require"), "f");
  EXPECT_EQ(psql("sslmode=verify-full sslrootcert=" + fixture("tap.crt")), "f");
  EXPECT_EQ(psql("sslmode=disable"), "f");
  finish();
  EXPECT_THAT(sink_.texts, Contains(HasSubstr("pg_stat_ssl")).Times(3));
}

TEST_F(TapTls, ChannelBindingHoldsOnlyWithTheServersCertificate) {
  show_to_clients("tap");
  tls_to_server();
  start();
  EXPECT_THAT(psql("sslmode=require"), HasSubstr("channel binding check failed"));
  EXPECT_EQ(psql("sslmode=require channel_binding=disable"), "t");
  finish();
  EXPECT_EQ(counts_.channel_binding, 1U);
}

TEST_F(TapTls, TheServersOwnCertificateKeepsChannelBinding) {
  show_to_clients("server");
  tls_to_server();
  start();
  EXPECT_EQ(psql("sslmode=require channel_binding=require"), "t");
}

TEST_F(TapTls, TheServersCertificateIsCheckedWhenAskedFor) {
  tls_to_server(TlsTrust::kName, fixture("server.crt"));
  start();
  EXPECT_EQ(psql("sslmode=disable"), "t");
  finish();
  tap_.reset();
  tls_to_server(TlsTrust::kAuthority, fixture("tap.crt"));
  Recorder recorder({});
  Result<std::unique_ptr<Tap>> tap = Tap::start(settings_, recorder);
  ASSERT_TRUE(tap.ok());
  tap_ = std::move(*tap);
  EXPECT_THAT(psql("sslmode=disable"), HasSubstr("not trusted"));
  EXPECT_THAT(tap_->last_problem(), HasSubstr("not trusted"));
  tap_->stop(0);
  tap_.reset();
}

// TLS from the first byte, as PostgreSQL 17's clients can.
TEST_F(TapTls, WithoutAskingFirst) {
  show_to_clients("tap");
  start();
  const int socket = connect_to(tap_->port());
  const Result<TlsContext> context = TlsContext::for_server(TlsTrust::kAnyone, {});
  ASSERT_TRUE(context.ok());
  TlsStream stream(*context, socket, "localhost");
  ASSERT_EQ(stream.handshake() == TlsStream::Outcome::kDone, true) << stream.problem();
  const std::string start_up("\0\0\0\x14\0\3\0\0user\0nobody\0\0", 21);
  std::string packet = start_up;
  packet[3] = static_cast<char>(packet.size());
  size_t moved = 0;
  ASSERT_EQ(stream.write(packet.data(), packet.size(), moved) == TlsStream::Outcome::kDone, true);
  char first = 0;
  ASSERT_EQ(stream.read(&first, 1, moved) == TlsStream::Outcome::kDone, true);
  EXPECT_EQ(first, 'E');  // no entry for this user: the server was reached
  ::close(socket);
}

// Plain bytes behind the request for TLS must not end up in the encrypted stream.
TEST_F(TapTls, NothingIsSlippedInBeforeTheHandshake) {
  show_to_clients("tap");
  start();
  const int socket = connect_to(tap_->port());
  const std::string request("\0\0\0\x08\x04\xd2\x16\x2fQ\0\0\0\x0dSELECT 1\0", 22);
  ASSERT_EQ(send(socket, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  char first = 0;
  ASSERT_EQ(recv(socket, &first, 1, 0), 1);
  EXPECT_EQ(first, 'E');
  ::close(socket);
}

}  // namespace
}  // namespace pgsieve::testing
