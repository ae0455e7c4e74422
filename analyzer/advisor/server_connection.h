// ServerConnection: one connection to a PostgreSQL server, through libpq
// (https://www.postgresql.org/docs/current/libpq.html). Values travel as text. Movable, not copyable; for one
// thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/base/error.h"

struct pg_conn;

namespace pgsieve {

using DatabaseValue = std::optional<std::string>;  // nullopt: NULL

struct DatabaseRows {
  std::vector<std::string> columns;
  std::vector<std::vector<DatabaseValue>> rows;
  // Index of the first column with that name; -1: none.
  int column(std::string_view name) const;
};

class ServerConnection {
 public:
  // False: this program was built without libpq, and connect() always fails.
  static bool available();

  // `url`: postgresql://… or "key=value …"; what it leaves out comes from the environment (PGHOST, …). A
  // server that does not answer within some seconds is an Error; its message never holds the password.
  // `more`: further connection parameters, which win over the url's.
  static Result<ServerConnection> connect(const std::string& url,
                                          std::span<const std::pair<std::string, std::string>> more = {});

  // One statement, its parameters bound as text of a type the server infers. At most `max_rows` rows are
  // kept; more is an Error, since a truncated result compares with nothing.
  Result<DatabaseRows> query(const std::string& sql, std::span<const DatabaseValue> parameters = {},
                             size_t max_rows = 1'000'000);
  // Likewise, for what it does rather than for its rows.
  Status run(const std::string& sql);

 private:
  struct Close {
    void operator()(pg_conn* connection) const;
  };
  explicit ServerConnection(pg_conn* connection) : connection_(connection) {}
  std::unique_ptr<pg_conn, Close> connection_;
};

}  // namespace pgsieve
