#include "tests/integration/library_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sstream>

#include "analyzer/advisor/server_connection.h"
#include "tests/tools/run_program.h"

namespace pgsieve::testing {

namespace {

uint16_t free_port() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(listener, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  close(listener);
  return ntohs(address.sin_port);
}

// One statement a line. What went wrong; "": nothing.
std::string run_script(const std::string& url, const std::string& script) {
  Result<ServerConnection> connection = ServerConnection::connect(url);
  if (!connection) return connection.error().message;
  std::istringstream lines(script);
  for (std::string line; std::getline(lines, line);) {
    if (const Result<DatabaseRows> done = connection->query(line); !done) return done.error().message;
  }
  return {};
}

}  // namespace

std::string projects() {
  return std::string(PGSIEVE_SOURCE_DIR) + "/tests/integration/frameworks/";
}

Library::Library() {
  const uint16_t port = free_port();
  server =
      PostgresServer::start(why, missing, "-c listen_addresses=127.0.0.1 -c port=" + std::to_string(port));
  if (server == nullptr) return;
  url = "postgres://postgres@127.0.0.1:" + std::to_string(port) + "/postgres";
  why = run_script(url, read_file(projects() + "schema.sql"));
  if (!why.empty()) server.reset();
}

Library& library() {
  static Library shared;
  return shared;
}

}  // namespace pgsieve::testing
