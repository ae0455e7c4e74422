#include "tools/pgsieve/pager.h"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tools/pgsieve/commands.h"
#include "tools/pgsieve/terminal.h"

namespace pgsieve {

namespace {

constexpr int kNotFound = 127;  // what a shell returns for a program that is not there

std::string pager_command() {
  for (const char* name : {"PGSIEVE_PAGER", "PAGER"}) {
    if (const char* value = std::getenv(name); value != nullptr) return value;
  }
  return "less -FRX";
}

}  // namespace

bool write_long(std::string_view text, bool pager_allowed) {
  const std::string command = pager_command();
  const auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  if (!pager_allowed || command.empty() || command == "cat" || lines < terminal_lines() ||
      terminal_lines() == 0 || environment_value("TERM") == "dumb") {
    return write_stdout(text);
  }
  // A reader who leaves early closes the pipe.
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  std::FILE* pager = popen(command.c_str(), "w");
  if (pager == nullptr) return write_stdout(text);
  std::fwrite(text.data(), 1, text.size(), pager);
  const int status = pclose(pager);
  std::signal(SIGPIPE, before);
  if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == kNotFound) return write_stdout(text);
  return true;
}

}  // namespace pgsieve
