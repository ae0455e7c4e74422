// pgsieve tap and pgsieve exec: record what goes to a server, then judge it.
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "analyzer/wire/tap.h"
#include "tools/pgsieve/commands.h"
#include "tools/pgsieve/environment.h"
#include "tools/pgsieve/terminal.h"

namespace pgsieve {

namespace {

int tell_error(const Error& error) {
  tell(error.to_string());
  return error.kind == Error::Kind::kUsage ? kExitUsage : kExitInput;
}

// The recording: where the user wants it, else a temporary file that is gone afterwards.
class Recording {
 public:
  explicit Recording(const std::string& wanted) : path_(wanted) {
    if (!path_.empty()) return;
    std::error_code failed;
    const std::filesystem::path folder = std::filesystem::temp_directory_path(failed);
    std::string pattern = (failed ? std::filesystem::path("/tmp") : folder) / "pgsieve-XXXXXX";
    const int file = mkstemp(pattern.data());
    if (file < 0) return;
    ::close(file);
    path_ = pattern;
    temporary_ = true;
  }
  ~Recording() {
    if (temporary_) ::unlink(path_.c_str());
  }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool temporary_ = false;
};

// Blocks the signals that end a program, for this thread and those it starts, so that they can be waited for.
class SignalWait {
 public:
  SignalWait() {
    sigemptyset(&awaited_);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&awaited_, number);
    pthread_sigmask(SIG_BLOCK, &awaited_, &before_);
  }
  ~SignalWait() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalWait(const SignalWait&) = delete;
  SignalWait& operator=(const SignalWait&) = delete;

  int next() const {
    int number = 0;
    return sigwait(&awaited_, &number) == 0 ? number : 0;
  }
  const sigset_t& before() const { return before_; }

 private:
  sigset_t awaited_{}, before_{};
};

// Reports on the recording. A recording with holes of our own making is told, and with --strict no verdict.
int judge(const TapOptions& options, const Recording& recording, Recorder& recorder, const Tap& tap) {
  const bool written = recorder.finish();
  const uint64_t dropped = recorder.dropped_bytes();
  if (!written)
    tell_warning(fmt::format("the recording could not be written completely to {}", recording.path()));
  if (dropped != 0) {
    tell_warning(
        fmt::format("{} bytes went by faster than they could be recorded: the verdict is partial", dropped));
  }
  if (tap.refused() != 0) {
    tell_warning(fmt::format("{} connections were closed: the server could not be reached", tap.refused()));
  }
  ReportOptions report = options.report;
  report.analysis.inputs = {recording.path()};
  const int code = run_report(report);
  return options.strict && (dropped != 0 || !written) ? kExitInput : code;
}

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
    const int number = signals.next();
    if (number != SIGCHLD) {
      // Ctrl-C goes to the whole group; a signal sent to us alone is for the child, too.
      if (number == SIGTERM || number == SIGHUP) ::kill(child, number);
      continue;
    }
    int status = 0;
    const pid_t done = ::waitpid(child, &status, WNOHANG);
    if (done < 0) return kExitInput;
    if (done == 0 || (!WIFEXITED(status) && !WIFSIGNALED(status))) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
}

bool is_near(const SocketAddress& server) {
  const Result<std::vector<std::string>> addresses = resolve(server);
  return addresses.ok() && !addresses->empty() && is_loopback(addresses->front());
}

}  // namespace

int run_tap(const TapOptions& options) {
  const Result<SocketAddress> listen = parse_socket_address(options.listen, 6432);
  if (!listen) return tell_error(listen.error());
  const Result<SocketAddress> upstream = parse_socket_address(options.upstream, 5432);
  if (!upstream) return tell_error(upstream.error());
  const Recording recording(options.write);
  Result<std::unique_ptr<PacketWriter>> writer = PacketWriter::create(recording.path());
  if (!writer) return tell_error(writer.error());
  std::unique_ptr<Recorder> recorder;
  Result<std::unique_ptr<Tap>> tap = std::unique_ptr<Tap>();
  {
    const SignalWait signals;
    recorder = std::make_unique<Recorder>(std::move(*writer));
    tap = Tap::start(*listen, *upstream, options.anywhere, *recorder);
    if (!tap) return tell_error(tap.error());
    SocketAddress shown = *listen;
    if (!shown.is_unix()) shown.port = (*tap)->port();
    tell(fmt::format("listening on {}, forwarding to {}; end with Ctrl-C or SIGTERM", shown.text(),
                     upstream->text()));
    while (signals.next() == SIGCHLD) {
    }
    (*tap)->stop(2 * kSecond);
  }
  return judge(options, recording, *recorder, **tap);
}

int run_exec(const TapOptions& options) {
  Environment environment = current_environment();
  std::vector<std::string> names = {"DATABASE_URL"};
  names.insert(names.end(), options.environment.begin(), options.environment.end());
  Result<SocketAddress> upstream = server_of(environment, names);
  if (!options.upstream.empty()) upstream = parse_socket_address(options.upstream, 5432);
  if (!upstream) return tell_error(upstream.error());
  const Recording recording(options.write);
  Result<std::unique_ptr<PacketWriter>> writer = PacketWriter::create(recording.path());
  if (!writer) return tell_error(writer.error());
  int code = kExitOk;
  std::unique_ptr<Recorder> recorder;
  Result<std::unique_ptr<Tap>> tap = std::unique_ptr<Tap>();
  {
    const SignalWait signals;
    recorder = std::make_unique<Recorder>(std::move(*writer));
    tap = Tap::start({"127.0.0.1", 0, {}}, *upstream, false, *recorder);
    if (!tap) return tell_error(tap.error());
    redirect(environment, names, (*tap)->port(), is_near(*upstream));
    const Result<pid_t> child = spawn(options.command, environment, signals.before());
    if (!child) return tell_error(child.error());
    code = wait_for(*child, signals);
    (*tap)->stop(kSecond);
  }
  const int verdict = judge(options, recording, *recorder, **tap);
  return code != 0 ? code : verdict;
}

}  // namespace pgsieve
