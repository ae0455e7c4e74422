#include "analyzer/advisor/twin_server.h"

#include <fmt/format.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "analyzer/advisor/child_process.h"
#include "analyzer/advisor/server_connection.h"

namespace pgsieve {

namespace fs = std::filesystem;

namespace {

constexpr int kStartSeconds = 60;

Error system_error(std::string message, std::string hint = {}) {
  return Error{
      .kind = Error::Kind::kSystem, .message = std::move(message), .hint = std::move(hint), .file = {}};
}

bool has_programs(const fs::path& directory) {
  std::error_code failed;
  return fs::exists(directory / "initdb", failed) && fs::exists(directory / "pg_ctl", failed) &&
         fs::exists(directory / "postgres", failed);
}

// "postgres (PostgreSQL) 15.8 (Debian …)" -> 15; 0: no answer.
int major_version(const fs::path& directory) {
  const std::string text = output_of({(directory / "postgres").string(), "--version"});
  const size_t digit = text.find_first_of("0123456789");
  int major = 0;
  if (digit != std::string::npos) std::from_chars(text.data() + digit, text.data() + text.size(), major);
  return major;
}

void add_versions(const fs::path& parent, std::vector<fs::path>& places) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(parent, failed)) places.push_back(entry.path() / "bin");
}

std::vector<fs::path> usual_places() {
  std::vector<fs::path> places;
  if (const char* named = std::getenv("PGSIEVE_PG_BIN"); named != nullptr) return {named};
  add_versions("/usr/lib/postgresql", places);
  add_versions("/opt/homebrew/opt", places);
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator("/usr", failed))
    if (entry.path().filename().string().starts_with("pgsql")) places.push_back(entry.path() / "bin");
  places.emplace_back("/usr/local/pgsql/bin");
  if (const std::string bin = output_of({"pg_config", "--bindir"}); !bin.empty()) places.emplace_back(bin);
  std::string path = std::getenv("PATH") != nullptr ? std::getenv("PATH") : "";
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find(':', at), path.size());
    if (end > at) places.emplace_back(path.substr(at, end - at));
    at = end + 1;
  }
  return places;
}

// How badly a version fits; smaller is better.
int misfit(int major, int wanted) {
  if (wanted == 0) return 1000 - major;
  return major >= wanted ? major - wanted : 100 + wanted - major;
}

std::optional<TwinOwner> unprivileged_user() {
  for (const char* name : {"postgres", "nobody"})
    if (const passwd* user = getpwnam(name); user != nullptr && user->pw_uid != 0)
      return TwinOwner{user->pw_uid, user->pw_gid};
  return {};
}

// True when anybody may pass through the directory and those above it.
bool open_to_all(const fs::path& directory) {
  for (fs::path at = fs::absolute(directory);; at = at.parent_path()) {
    struct stat status {};
    if (::stat(at.c_str(), &status) != 0 || (status.st_mode & S_IXOTH) == 0) return false;
    if (at == at.parent_path()) return true;
  }
}

Result<std::string> temporary_directory() {
  std::error_code failed;
  std::vector<fs::path> places{fs::temp_directory_path(failed), "/tmp", "/var/tmp"};
  for (const fs::path& place : places) {
    if (place.empty() || (geteuid() == 0 && !open_to_all(place))) continue;
    std::string name = (place / "pgsieve-twin-XXXXXX").string();
    if (!unfit_directory(name).empty()) continue;
    if (mkdtemp(name.data()) != nullptr) return name;
  }
  return system_error("can't make a temporary directory", "Name one with --dir, or set TMPDIR");
}

Status make_directory(const std::string& directory) {
  std::error_code failed;
  if (fs::exists(directory, failed) && !fs::is_empty(directory, failed))
    return Error{.kind = Error::Kind::kUsage,
                 .message = "exists and is not empty",
                 .hint = "Name a directory that is missing or empty",
                 .file = directory};
  fs::create_directories(directory, failed);
  if (failed) return system_error(fmt::format("can't make {}: {}", directory, failed.message()));
  if (geteuid() == 0 && !open_to_all(fs::path(directory).parent_path()))
    return system_error(fmt::format("root runs the server as another user, who can't reach {}", directory),
                        "Name a directory below /tmp or /var/tmp");
  return {};
}

// Nothing watches over the twin's statistics, nothing needs to survive a crash.
constexpr std::string_view kConfiguration = R"(
listen_addresses = ''
unix_socket_directories = '{}'
unix_socket_permissions = 0700
port = 5432
autovacuum = off
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_connections = 20
shared_buffers = 16MB
dynamic_shared_memory_type = mmap
logging_collector = off
)";

std::string keywords(const std::string& directory, const std::string& database) {
  const auto quoted = [](const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
      if (c == '\'' || c == '\\') out += '\\';
      out += c;
    }
    return out + "'";
  };
  return fmt::format("host={} port=5432 user=postgres dbname={}", quoted(directory), quoted(database));
}

}  // namespace

Result<ServerPrograms> find_server_programs(const std::string& given, int wanted_major) {
  ServerPrograms best;
  for (const fs::path& place : given.empty() ? usual_places() : std::vector<fs::path>{given}) {
    if (!has_programs(place)) continue;
    const int major = major_version(place);
    if (major == 0) continue;
    if (best.major == 0 || misfit(major, wanted_major) < misfit(best.major, wanted_major))
      best = {place.string(), major};
  }
  if (best.major != 0) return best;
  return Error{.kind = Error::Kind::kUsage,
               .message = given.empty() ? "no PostgreSQL server programs (initdb, pg_ctl, postgres) found"
                                        : fmt::format("no initdb, pg_ctl and postgres in {}", given),
               .hint = "Install PostgreSQL's server package, or name its folder with --pg-bin",
               .file = {}};
}

std::string unfit_directory(const std::string& directory) {
  constexpr size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
  const std::string socket = fs::absolute(directory).string() + "/.s.PGSQL.5432";
  if (socket.size() > kLongest)
    return fmt::format("{} is too long a name for a socket's directory (at most {} bytes)", directory,
                       kLongest - 14);
  if (directory.find_first_of("'\n,") != std::string::npos)
    return fmt::format("{} has a character in its name that a socket's directory can't have", directory);
  return {};
}

struct TwinServer::State {
  ServerPrograms programs;
  std::string directory;
  std::optional<TwinOwner> owner;
  bool made = false;  // there is a directory to remove
  std::atomic<pid_t> server{0};
  std::atomic<pid_t> helper{0};  // initdb
  std::thread watcher;
  std::atomic<bool> over{false};
  sigset_t signals_before{};

  std::string log() const { return directory + "/server.log"; }
  std::string program(const char* name) const { return programs.directory + "/" + name; }
  std::string data() const { return directory + "/data"; }

  void watch_signals();
  void stop_watching();
  void end_now();
  Status run(std::vector<std::string> command);
  Status wait_until_ready();
};

// Ends everything at once; also called by the watcher while another thread is at work.
void TwinServer::State::end_now() {
  for (std::atomic<pid_t>* each : {&helper, &server}) {
    const pid_t process = each->exchange(0);
    if (process <= 0) continue;
    kill(-process, SIGQUIT);
    kill(process, SIGQUIT);
    wait_for_child(process);
  }
  constexpr int kAttempts = 3;  // initdb's own children may still be writing
  for (int attempt = 0; made && attempt < kAttempts; ++attempt) {
    std::error_code failed;
    fs::remove_all(directory, failed);
    if (!fs::exists(directory, failed)) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

void TwinServer::State::watch_signals() {
  sigset_t awaited;
  sigemptyset(&awaited);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&awaited, number);
  pthread_sigmask(SIG_BLOCK, &awaited, &signals_before);
  watcher = std::thread([this, awaited] {
    int number = 0;
    if (sigwait(&awaited, &number) != 0 || over) return;
    end_now();
    _exit(128 + number);
  });
}

void TwinServer::State::stop_watching() {
  if (!watcher.joinable()) return;
  over = true;
  pthread_kill(watcher.native_handle(), SIGTERM);
  watcher.join();
  pthread_sigmask(SIG_SETMASK, &signals_before, nullptr);
}

Status TwinServer::State::run(std::vector<std::string> command) {
  const std::string name = command.front();
  const Result<pid_t> process = start_child(
      {.command = std::move(command), .user = owner, .output = log(), .signal_on_our_death = SIGKILL});
  if (!process) return process.error();
  helper = *process;
  const int code = wait_for_child(*process);
  helper = 0;
  if (code == 0) return {};
  return system_error(fmt::format("{} failed (exit code {}): {}", name, code, last_lines(log(), 3)));
}

Status TwinServer::State::wait_until_ready() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(kStartSeconds);
  while (std::chrono::steady_clock::now() < deadline) {
    if (ServerConnection::connect(keywords(directory, "postgres"))) return {};
    int status = 0;
    if (waitpid(server, &status, WNOHANG) == server) {
      server = 0;
      return system_error("the twin's server did not start: " + last_lines(log(), 3));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return system_error(fmt::format("the twin's server did not answer within {} s", kStartSeconds));
}

TwinServer::TwinServer() : state_(std::make_unique<State>()) {}

TwinServer::~TwinServer() {
  state_->end_now();
  state_->stop_watching();
}

Result<std::unique_ptr<TwinServer>> TwinServer::create(const ServerPrograms& programs,
                                                       const std::string& directory) {
  std::unique_ptr<TwinServer> server(new TwinServer);
  State& state = *server->state_;
  state.programs = programs;
  if (geteuid() == 0) {
    state.owner = unprivileged_user();
    if (!state.owner) return system_error("root can't run a server, and there is no user postgres or nobody");
  }
  if (!directory.empty()) {
    if (const std::string unfit = unfit_directory(directory); !unfit.empty())
      return Error{.kind = Error::Kind::kUsage, .message = unfit, .hint = "Use a shorter path", .file = {}};
    state.directory = fs::absolute(directory).lexically_normal().string();
    while (state.directory.size() > 1 && state.directory.ends_with('/')) state.directory.pop_back();
    if (Status failed = make_directory(state.directory)) return *failed;
    state.made = true;
  }
  state.watch_signals();
  if (directory.empty()) {
    Result<std::string> made = temporary_directory();
    if (!made) return made.error();
    state.directory = *made;
    state.made = true;
  }
  std::ofstream(state.log()).flush();
  if (state.owner && (::chown(state.directory.c_str(), state.owner->user, state.owner->group) != 0 ||
                      ::chown(state.log().c_str(), state.owner->user, state.owner->group) != 0))
    return system_error("can't hand over " + state.directory);
  if (::chmod(state.directory.c_str(), 0700) != 0) return system_error("can't close " + state.directory);
  if (Status failed = state.run({state.program("initdb"), "-D", state.data(), "-U", "postgres", "-A", "trust",
                                 "-E", "UTF8", "--locale=C", "--no-sync"}))
    return *failed;
  std::ofstream configuration(state.data() + "/postgresql.conf", std::ios::app);
  configuration << fmt::format(kConfiguration, state.directory);
  if (!configuration.flush()) return system_error("can't write the configuration of the twin's server");
  return server;
}

Status TwinServer::start() {
  const Result<pid_t> process = start_child({.command = {state_->program("postgres"), "-D", state_->data()},
                                             .user = state_->owner,
                                             .output = state_->log(),
                                             .signal_on_our_death = SIGQUIT});
  if (!process) return process.error();
  state_->server = *process;
  return state_->wait_until_ready();
}

Status TwinServer::stop() {
  const pid_t process = state_->server.exchange(0);
  if (process <= 0) return {};
  kill(process, SIGINT);  // "fast": disconnects everybody, then writes everything
  const int code = wait_for_child(process);
  if (code == 0) return {};
  return system_error(fmt::format("the twin's server did not stop cleanly (exit code {}): {}", code,
                                  last_lines(state_->log(), 3)));
}

Status TwinServer::start_and_keep() {
  if (Status failed = start_kept_server(state_->programs, state_->directory)) return failed;
  state_->made = false;
  state_->stop_watching();
  return {};
}

std::string TwinServer::connection(const std::string& database) const {
  return keywords(state_->directory, database);
}
const std::string& TwinServer::directory() const {
  return state_->directory;
}
std::string TwinServer::data_directory() const {
  return state_->data();
}
std::optional<TwinOwner> TwinServer::owner() const {
  return state_->owner;
}

namespace {

// Whose the cluster is: pg_ctl must be run by its owner.
std::optional<TwinOwner> owner_of(const std::string& path) {
  struct stat status {};
  if (geteuid() != 0 || ::stat(path.c_str(), &status) != 0) return {};
  return TwinOwner{status.st_uid, status.st_gid};
}

Status control(const ServerPrograms& programs, const std::string& directory,
               std::vector<std::string> arguments) {
  std::vector<std::string> command{programs.directory + "/pg_ctl", "-D", directory + "/data", "-w", "-t",
                                   std::to_string(kStartSeconds)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_child({.command = std::move(command),
                    .user = owner_of(directory + "/data"),
                    .output = directory + "/server.log"});
}

bool runs(const std::string& directory) {
  return static_cast<bool>(ServerConnection::connect(keywords(directory, "postgres")));
}

}  // namespace

Status start_kept_server(const ServerPrograms& programs, const std::string& directory) {
  if (runs(directory)) return {};
  return control(programs, directory, {"-l", directory + "/server.log", "start"});
}

Status stop_kept_server(const ServerPrograms& programs, const std::string& directory, bool remove) {
  std::error_code failed;
  if (fs::exists(directory + "/data/postmaster.pid", failed)) {
    if (Status refused = control(programs, directory, {"-m", "fast", "stop"}); refused && runs(directory))
      return refused;
  }
  if (!remove) return {};
  fs::remove_all(directory, failed);
  if (failed) return system_error(fmt::format("can't remove {}: {}", directory, failed.message()));
  return {};
}

}  // namespace pgsieve
