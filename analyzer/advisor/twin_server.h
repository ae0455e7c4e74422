// TwinServer: a scratch PostgreSQL server of our own: a cluster in one directory, reached through a Unix
// socket in that same directory, so that nobody else on the machine gets in.
//
// The server refuses to run as root; root runs it as the user postgres, else nobody. Unless it is kept, the
// server ends and its directory goes when the object does, on an exception, on SIGINT, SIGTERM and SIGHUP
// (which a thread of this object waits for, then ends the program), and the server alone also when this
// program is killed outright.
//
// Not thread-safe. While one exists, those signals are blocked in the thread that made it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/advisor/twin_files.h"
#include "analyzer/base/error.h"

namespace pgsieve {

struct ServerPrograms {
  std::string directory;  // holds initdb, pg_ctl and postgres
  int major = 0;
};

// Looks in `given` alone when it is not empty; else in $PGSIEVE_PG_BIN, the usual places, pg_config's bindir
// and PATH, for the version wanted, else the nearest newer, else the newest one. Error: there is none.
Result<ServerPrograms> find_server_programs(const std::string& given, int wanted_major);

class TwinServer {
 public:
  // Makes a cluster in `directory`, which must be missing or empty; "" makes a temporary one.
  static Result<std::unique_ptr<TwinServer>> create(const ServerPrograms& programs,
                                                    const std::string& directory);
  TwinServer(const TwinServer&) = delete;
  TwinServer& operator=(const TwinServer&) = delete;
  ~TwinServer();

  Status start();
  Status stop();  // cleanly: afterwards the files are complete

  // Starts the server so that it outlives this program; from then on its end is somebody else's care (see
  // stop_kept_server).
  Status start_and_keep();

  // libpq's keywords for a database of it.
  std::string connection(const std::string& database) const;
  const std::string& directory() const;
  std::string data_directory() const;
  std::optional<TwinOwner> owner() const;

 private:
  TwinServer();
  struct State;
  std::unique_ptr<State> state_;
};

// The same for a directory whose server was kept. start: also when it runs already.
Status start_kept_server(const ServerPrograms& programs, const std::string& directory);
// Stops it, if it runs, and removes the directory when told to.
Status stop_kept_server(const ServerPrograms& programs, const std::string& directory, bool remove);
// "" when the name is fit for a socket's directory, else what is wrong with it.
std::string unfit_directory(const std::string& directory);

}  // namespace pgsieve
