#include "analyzer/advisor/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace pgsieve {

namespace {

std::vector<char*> arguments_of(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  return arguments;
}

// Everything between fork and exec: only what is safe in the child of a program with threads.
[[noreturn]] void become(const ChildOptions& options, char* const* arguments, int input, int output) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD}) signal(number, SIG_DFL);
  setsid();
  if (options.user) {
    const gid_t group = options.user->group;
    if (setgroups(1, &group) != 0 || setgid(group) != 0 || setuid(options.user->user) != 0) _exit(126);
  }
  // After the change of user, which clears it.
  if (options.signal_on_our_death != 0) prctl(PR_SET_PDEATHSIG, options.signal_on_our_death);
  if (chdir("/") != 0) _exit(126);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  close_range(3, ~0U, 0);
  execv(arguments[0], arguments);
  _exit(127);
}

}  // namespace

Result<pid_t> start_child(const ChildOptions& options) {
  const std::vector<char*> arguments = arguments_of(options.command);
  const char* const path = options.output.empty() ? "/dev/null" : options.output.c_str();
  const int output = ::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  const int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const pid_t process = output < 0 || input < 0 ? -1 : fork();
  if (process == 0) become(options, arguments.data(), input, output);
  const int reason = errno;
  if (output >= 0) ::close(output);
  if (input >= 0) ::close(input);
  if (process > 0) return process;
  return Error{.kind = Error::Kind::kSystem,
               .message = fmt::format("can't start {}: {}", options.command.front(), std::strerror(reason)),
               .hint = {},
               .file = {}};
}

int wait_for_child(pid_t process) {
  int status = 0;
  while (waitpid(process, &status, 0) < 0)
    if (errno != EINTR) return 127;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Status run_child(const ChildOptions& options) {
  const Result<pid_t> process = start_child(options);
  if (!process) return process.error();
  const int code = wait_for_child(*process);
  if (code == 0) return {};
  return Error{.kind = Error::Kind::kSystem,
               .message = fmt::format("{} failed (exit code {}): {}", options.command.front(), code,
                                      last_lines(options.output, 3)),
               .hint = {},
               .file = {}};
}

std::string output_of(const std::vector<std::string>& command) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  const std::vector<char*> arguments = arguments_of(command);
  const pid_t process = fork();
  if (process == 0) {
    dup2(ends[1], STDOUT_FILENO);
    const int null = ::open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(null, STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  ::close(ends[1]);
  std::string text;
  std::array<char, 512> buffer{};
  while (process > 0) {
    const ssize_t count = ::read(ends[0], buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(buffer.data(), static_cast<size_t>(count));
  }
  ::close(ends[0]);
  if (process < 0 || wait_for_child(process) != 0) return {};
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string last_lines(const std::string& path, size_t lines) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  size_t end = text.find_last_not_of(" \r\n");
  if (end == std::string::npos) return {};
  size_t start = ++end;
  for (size_t line = 0; line < lines && start != 0 && start != std::string::npos; ++line)
    start = text.rfind('\n', start - 1);
  std::string last =
      text.substr(start == std::string::npos ? 0 : start, end - (start == std::string::npos ? 0 : start));
  for (char& c : last)
    if (c == '\n') c = ' ';
  return last.substr(last.find_first_not_of(' ') == std::string::npos ? 0 : last.find_first_not_of(' '));
}

}  // namespace pgsieve
