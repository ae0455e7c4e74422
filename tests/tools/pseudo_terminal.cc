#include "tests/tools/pseudo_terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace pgsieve {

RunResult run_on_terminal(const std::vector<std::string>& arguments, const TerminalRun& run) {
  const TemporaryDirectory directory;
  const std::string file = directory.path("out");
  std::vector<std::string> words{PGSIEVE_BINARY};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  winsize size{};
  size.ws_col = static_cast<unsigned short>(run.columns);
  size.ws_row = static_cast<unsigned short>(run.lines);
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) {
    for (const char* name :
         {"NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "CI", "GITHUB_ACTIONS", "COLUMNS", "PAGER"})
      unsetenv(name);
    setenv("TERM", "xterm", 1);
    for (const std::string& setting : run.environment) putenv(const_cast<char*>(setting.c_str()));
    if (run.output_elsewhere) dup2(open(file.c_str(), O_WRONLY | O_CREAT, 0600), 1);
    execvp(pointers[0], pointers.data());
    _exit(127);
  }
  RunResult result;
  bool interrupted = false;
  std::array<char, 4096> buffer{};
  for (;;) {
    pollfd waiting{terminal, POLLIN, 0};
    if (poll(&waiting, 1, 30'000) <= 0) break;
    const ssize_t got = read(terminal, buffer.data(), buffer.size());
    if (got <= 0) break;  // EIO: the program has ended
    result.out.append(buffer.data(), static_cast<size_t>(got));
    if (!interrupted && !run.interrupt_after.empty() &&
        result.out.find(run.interrupt_after) != std::string::npos) {
      interrupted = write(terminal, "\x03", 1) == 1;
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  close(terminal);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (run.output_elsewhere) result.err = read_file(file);
  return result;
}

}  // namespace pgsieve
