// ChildProcess: a program started by us, with nothing of ours inherited but the environment.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "analyzer/advisor/twin_files.h"
#include "analyzer/base/error.h"

namespace pgsieve {

struct ChildOptions {
  std::vector<std::string> command;  // the first is a path
  std::optional<TwinOwner> user;     // whose rights it gets; needs root
  std::string output;                // both streams are appended to this file; empty: nowhere
  int signal_on_our_death = 0;       // 0: it may outlive us
};

// Starts it in a session of its own, in the root directory, with default signal handling. Error: no process
// to be had. A program that can't be executed ends at once with exit code 127.
Result<pid_t> start_child(const ChildOptions& options);

// Waits for its end; the exit code, or 128 + signal.
int wait_for_child(pid_t process);

// start_child() and wait_for_child(); Error: it failed, with the last lines of its output.
Status run_child(const ChildOptions& options);

// The standard output of a short program; empty when it fails.
std::string output_of(const std::vector<std::string>& command);

// The last lines of a file, for an error message.
std::string last_lines(const std::string& path, size_t lines);

}  // namespace pgsieve
