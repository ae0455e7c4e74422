// A PostgreSQL server of the tests' own: data directory in a temporary folder, Unix socket only, gone with
// the object. The server refuses to run as root, so root starts it as the user `postgres`.
#pragma once

#include <memory>
#include <string>

namespace pgsieve::testing {

class PostgresServer {
 public:
  // nullptr where the server's programs (initdb, pg_ctl) are missing or it does not start; `why` says what.
  // The programs are looked for in $PGSIEVE_PG_BIN, pg_config's bindir, /usr/lib/postgresql/*/bin and PATH.
  // `settings`: further options of the server ("-c name=value …").
  static std::unique_ptr<PostgresServer> start(std::string& why, bool& missing,
                                               const std::string& settings = {});
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;
  ~PostgresServer();

  // Ends the server; its files stay until the object goes.
  void stop();

  // Connection string of the database `postgres`, user `postgres`, no password.
  std::string url() const;
  const std::string& folder() const { return folder_; }  // data in data/, log in server.log

 private:
  PostgresServer() = default;
  std::string bin_;
  std::string folder_;
  bool running_ = false;
};

// One server for all tests of the program; the test is skipped when the programs are missing and fails when
// the server does not start.
PostgresServer* shared_server(std::string& why, bool& missing);

}  // namespace pgsieve::testing

#define PGSIEVE_NEED_SERVER(variable)                                            \
  std::string variable##_why;                                                    \
  bool variable##_missing = false;                                               \
  ::pgsieve::testing::PostgresServer* variable =                                 \
      ::pgsieve::testing::shared_server(variable##_why, variable##_missing);     \
  if (variable == nullptr && variable##_missing) GTEST_SKIP() << variable##_why; \
  ASSERT_NE(variable, nullptr) << variable##_why
