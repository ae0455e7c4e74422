// pgsieve exec: run a command with its database traffic led through a tap, then judge.
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>

#include "analyzer/wire/descriptor.h"
#include "tools/pgsieve/commands.h"
#include "tools/pgsieve/environment.h"
#include "tools/pgsieve/gate.h"
#include "tools/pgsieve/signals.h"
#include "tools/pgsieve/tap_session.h"
#include "tools/pgsieve/terminal.h"

namespace pgsieve {

namespace {

int tell_error(const Error& error) {
  tell(error.to_string());
  return error.kind == Error::Kind::kUsage ? kExitUsage : kExitInput;
}

// A file of ours, readable by nobody else, gone with the object.
class PrivateFile {
 public:
  explicit PrivateFile(std::string_view text) {
    std::error_code ignored;
    path_ = (std::filesystem::temp_directory_path(ignored) / "pgsieve-service-XXXXXX").string();
    const Descriptor file(mkstemp(path_.data()));
    written_ =
        file.open() && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }
  ~PrivateFile() { ::unlink(path_.c_str()); }
  PrivateFile(const PrivateFile&) = delete;
  PrivateFile& operator=(const PrivateFile&) = delete;
  const std::string& path() const { return path_; }
  bool written() const { return written_; }

 private:
  std::string path_;
  bool written_ = false;
};

// Starts the command with the environment; gives its process id.
Result<pid_t> spawn(const std::vector<std::string>& command, const Environment& environment,
                    const sigset_t& mask) {
  std::vector<std::string> settings;
  for (const auto& [name, value] : environment) settings.push_back(fmt::format("{}={}", name, value));
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  std::vector<char*> variables;
  for (std::string& word : words) arguments.push_back(word.data());
  for (std::string& setting : settings) variables.push_back(setting.data());
  arguments.push_back(nullptr);
  variables.push_back(nullptr);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &mask);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t child = 0;
  const int failed =
      posix_spawnp(&child, arguments[0], nullptr, &attributes, arguments.data(), variables.data());
  posix_spawnattr_destroy(&attributes);
  if (failed == 0) return child;
  return Error{.kind = Error::Kind::kUsage,
               .message = fmt::format("can't run {}: {}", command.front(), std::strerror(failed)),
               .hint = {},
               .file = {}};
}

// Waits for the child, handing on the signals that are meant for it. Its exit code, or 128 and the signal.
int wait_for(pid_t child, const SignalWait& signals) {
  for (;;) {
    const int number = signals.next(std::chrono::hours(1));
    // Ctrl-C goes to the whole group; a signal sent to us alone is for the child, too.
    if (number == SIGTERM || number == SIGHUP) ::kill(child, number);
    int status = 0;
    const pid_t done = ::waitpid(child, &status, WNOHANG);
    if (done < 0) return kExitInput;
    if (done == 0 || (!WIFEXITED(status) && !WIFSIGNALED(status))) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
}

}  // namespace

int run_exec(const TapOptions& given) {
  TapOptions options = given;
  if (Status failed = load_policy(options.report)) return tell_error(*failed);
  Environment environment = current_environment();
  std::vector<std::string> names = {"DATABASE_URL"};
  names.insert(names.end(), options.environment.begin(), options.environment.end());
  Result<SocketAddress> upstream = server_of(environment, names);
  if (!options.upstream.empty()) upstream = parse_socket_address(options.upstream, 5432);
  if (!upstream) return tell_error(upstream.error());
  if (options.server.empty()) options.server = libpq_url(environment, names);
  if (options.server.empty()) options.server = "dbname=postgres";  // and PGHOST, PGUSER, …

  const SignalWait signals;
  Result<std::unique_ptr<TapSession>> session = TapSession::prepare(options, options.command.front());
  if (!session) return tell_error(session.error());
  Result<TapSettings> settings =
      tap_settings(options, {"127.0.0.1", 0, {}}, *upstream, encryption_of(environment, names));
  if (!settings) return tell_error(settings.error());
  const bool plain = settings->takes_part() && !settings->client_tls;
  if (Status failed = (*session)->start(std::move(*settings))) return tell_error(*failed);
  std::optional<PrivateFile> services;
  if (const std::string text = redirected_services(environment, names, (*session)->tap().port(), plain);
      !text.empty()) {
    services.emplace(text);
    if (!services->written()) tell_warning("the service file for the command could not be written");
    environment["PGSERVICEFILE"] = services->path();
  }
  redirect(environment, names, (*session)->tap().port(), plain);
  const Result<pid_t> child = spawn(options.command, environment, signals.before());
  if (!child) return tell_error(child.error());
  const int code = wait_for(*child, signals);
  const int verdict = (*session)->finish(kSecond);
  return code != 0 ? code : verdict;
}

}  // namespace pgsieve
