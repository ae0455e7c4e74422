#include "tests/integration/postgres_server.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

namespace pgsieve::testing {

namespace {

namespace fs = std::filesystem;

// Output of a shell command; empty when it fails.
std::string output_of(const std::string& command) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  if (pipe == nullptr) return text;
  std::array<char, 512> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr) text += buffer.data();
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

bool has_programs(const fs::path& bin) {
  std::error_code error;
  return fs::exists(bin / "initdb", error) && fs::exists(bin / "pg_ctl", error) &&
         fs::exists(bin / "postgres", error);
}

std::string find_programs() {
  std::vector<fs::path> places;
  if (const char* given = std::getenv("PGSIEVE_PG_BIN"); given != nullptr) places.emplace_back(given);
  std::error_code error;
  std::vector<fs::path> versions;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", error))
    versions.push_back(entry.path() / "bin");
  std::sort(versions.rbegin(), versions.rend());
  places.insert(places.end(), versions.begin(), versions.end());
  places.emplace_back(output_of("pg_config --bindir 2>/dev/null"));
  const std::string in_path = output_of("command -v initdb 2>/dev/null");
  if (!in_path.empty()) places.push_back(fs::path(in_path).parent_path());
  const auto found = std::find_if(places.begin(), places.end(), has_programs);
  return found == places.end() ? std::string() : found->string();
}

// Runs a command as the server's user; its output goes to `log`.
bool run(const std::string& command, const std::string& log) {
  const std::string as_user = getuid() == 0 ? "runuser -u postgres -- " : "";
  return std::system(fmt::format("{}{} >>'{}' 2>&1", as_user, command, log).c_str()) == 0;
}

}  // namespace

std::unique_ptr<PostgresServer> PostgresServer::start(std::string& why, bool& missing,
                                                      const std::string& more) {
  missing = false;
  const std::string bin = find_programs();
  if (bin.empty()) {
    missing = true;
    why = "no PostgreSQL server programs (initdb, pg_ctl) found; install the package postgresql";
    return nullptr;
  }
  std::string folder = (fs::temp_directory_path() / "pgsieve-pg-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    why = "can't make a temporary folder " + folder;
    return nullptr;
  }
  if (getuid() == 0 && std::system(fmt::format("chown postgres '{}'", folder).c_str()) != 0) {
    missing = true;
    why = "root can't start a server, and there is no user postgres";
    std::error_code error;
    fs::remove_all(folder, error);
    return nullptr;
  }
  std::unique_ptr<PostgresServer> server(new PostgresServer);
  server->bin_ = bin;
  server->folder_ = folder;
  const std::string log = folder + "/setup.log";
  const bool made = run(
      fmt::format("'{}/initdb' -D '{}/data' -U postgres -A trust -N -E UTF8 --locale=C.UTF-8", bin, folder),
      log);
  const std::string settings = fmt::format(
      "-k {} -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off "
      "-c max_connections=30 -c shared_buffers=16MB {}",
      folder, more);
  server->running_ =
      made && run(fmt::format("'{}/pg_ctl' -D '{}/data' -l '{}/server.log' -w -t 120 -o '{}' start", bin,
                              folder, folder, settings),
                  log);
  if (!server->running_) {
    why = "the server did not start: " +
          output_of(fmt::format("tail -n 5 '{}' '{}/server.log' 2>/dev/null", log, folder));
    return nullptr;
  }
  return server;
}

void PostgresServer::stop() {
  if (running_)
    run(fmt::format("'{}/pg_ctl' -D '{}/data' -m immediate -w stop", bin_, folder_), folder_ + "/setup.log");
  running_ = false;
}

PostgresServer::~PostgresServer() {
  stop();
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

std::string PostgresServer::url() const {
  return fmt::format("host={} port=5432 user=postgres dbname=postgres", folder_);
}

PostgresServer* shared_server(std::string& why, bool& missing) {
  struct Shared {
    std::string why;
    bool missing = false;
    std::unique_ptr<PostgresServer> server = PostgresServer::start(why, missing);
  };
  static Shared shared;
  why = shared.why;
  missing = shared.missing;
  return shared.server.get();
}

}  // namespace pgsieve::testing
